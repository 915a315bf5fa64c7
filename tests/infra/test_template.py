"""The promises of template.yaml, read from the translated CloudFormation."""

import json
import re
from typing import Any, Final

import pytest

from functions.contact_events.events import CONTACT_EVENT, LOCK_KINDS, MOMENT_OF_EVENT, STATUS_OF_DECISION
from hotline.contracts.decisions import DECISIONS
from hotline.contracts.facts import FACTS
from hotline.contracts.model import RefundStatus
from hotline_local.launcher import template as sam
from hotline_local.launcher.flow_embedding import FLOW_TYPES, resource_name
from hotline_local.launcher.paths import FLOWS, ROOT
from tests.support.sweeps import sweep
from tests.support.template import (
    TABLE_NAMES,
    cloudformation,
    properties,
    resources,
    statements_of,
    table_definitions,
)

FUNCTIONS: Final = {
    "ConnectFunction": "connect",
    "WalletEventsFunction": "wallet_events",
    "ImportsFunction": "imports",
    "DigestsFunction": "digests",
    "MessengerFunction": "messenger",
    "DecisionsFunction": "decisions",
    "DeadlinesFunction": "deadlines",
    "SecurityScanFunction": "security_scan",
    "BacktestFunction": "backtest",
    "CustomerApiFunction": "customer_api",
    "ContactEventsFunction": "contact_events",
    "EvidenceFunction": "evidence",
    "AgentApiFunction": "agent_api",
}
EVERYWHERE: Final = {
    "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "LOG_LEVEL", "STORE_CLIENT", "PYTHONTZPATH",
    "DUE_PARTITIONS",
}  # fmt: skip
SPOKEN: Final = {"HOTLINE_NUMBERS", "WALLET_NAME"}
KEYS: Final = {"LOOKUP_KEY_SECRET", "CODE_KEY_SECRET"}
ENVIRONMENT: Final = {
    "ConnectFunction": EVERYWHERE
    | KEYS
    | SPOKEN
    | {"HOTLINE_TABLE", "OUTBOX_TABLE", "HOME_REGION", "PIN_KEY_ID", "DTMF_KEY_SECRET", "WRONG_CODES_MAX"}
    | {"REPORT_TIME_ZONE"}
    | {"CODE_MESSAGES_MAX", "CODE_MESSAGES_PER_PREFIX_MAX"}
    | {"VOICE_CODES", "SKILL_QUEUES", "SENIORS_FIRST"},
    "WalletEventsFunction": EVERYWHERE
    | {"HOTLINE_TABLE", "ACTIVITY_TABLE", "OUTBOX_TABLE", "LOOKUP_KEY_SECRET", "ACTIVITY_SHARDS"}
    | {"FACTS_DEAD_LETTERS_URL"},
    "DigestsFunction": EVERYWHERE | {"HOTLINE_TABLE", "OUTBOX_TABLE"},
    "ImportsFunction": EVERYWHERE | {"HOTLINE_TABLE", "OUTBOX_TABLE", "LOOKUP_KEY_SECRET", "IMPORT_REFUSALS_URL"},
    "MessengerFunction": EVERYWHERE
    | KEYS
    | SPOKEN
    | {"HOTLINE_TABLE", "OUTBOX_TABLE", "SMS_SENDER_ID", "EMAIL_FROM", "CODE_CALL_FLOW", "CODE_CALL_NUMBER"}
    | {"TASK_FLOW", "SKILL_QUEUES", "TEXT_REPLIES", "PAGE_BASE"}
    | {"WRONG_CODES_MAX"},
    "DecisionsFunction": EVERYWHERE | {"OUTBOX_TABLE", "EVENT_BUS_NAME"},
    "DeadlinesFunction": EVERYWHERE
    | {"HOTLINE_TABLE", "OUTBOX_TABLE", "MESSAGES_AGAIN_URL", "DECISIONS_AGAIN_URL", "EVIDENCE_BUCKET"},
    "SecurityScanFunction": EVERYWHERE | {"HOTLINE_TABLE", "ACTIVITY_TABLE", "OUTBOX_TABLE", "REPORT_TIME_ZONE"},
    "BacktestFunction": EVERYWHERE | {"BACKTEST_BUCKET"},
    "ContactEventsFunction": EVERYWHERE
    | {"HOTLINE_TABLE", "REPORT_TIME_ZONE", "CONTACT_EVENT_SOURCE", "WALLET_EVENT_SOURCE", "CONNECT_INSTANCE_ARN"}
    | {"CONNECT_AGENTS"},
    "EvidenceFunction": EVERYWHERE | {"HOTLINE_TABLE", "OUTBOX_TABLE", "EVIDENCE_BUCKET", "SCAN_EVENT_SOURCE"},
    "CustomerApiFunction": EVERYWHERE
    | KEYS
    | SPOKEN
    | {"EVIDENCE_BUCKET"}
    | {"HOTLINE_TABLE", "OUTBOX_TABLE", "HOME_REGION", "WRONG_CODES_MAX", "PIN_KEY_ID", "REPORT_TIME_ZONE"}
    | {"CODE_MESSAGES_MAX", "CODE_MESSAGES_PER_PREFIX_MAX"}
    | {"VOICE_CODES"}
    | {"API_ACCOUNT_CLAIM", "API_SCOPE_PREFIX", "API_TRUSTED_ACR_VALUES", "ORIGIN_KEY_SECRET"},
    "AgentApiFunction": EVERYWHERE
    | {
        "HOTLINE_TABLE",
        "ACTIVITY_TABLE",
        "OUTBOX_TABLE",
        "LOOKUP_KEY_SECRET",
        "EVIDENCE_BUCKET",
        "HOTLINE_NUMBERS",
        "ACTIVITY_SHARDS",
    }
    | {"AGENT_ROLES_CLAIM", "AGENT_NAME_CLAIM", "AGENT_ACCOUNT_CLAIM", "REPORT_TIME_ZONE"},
}
# The settings that name a resource, and with it a right to use it.
RESOURCE_SETTINGS: Final = {
    "HOTLINE_TABLE": "HotlineTable",
    "ACTIVITY_TABLE": "ActivityTable",
    "OUTBOX_TABLE": "OutboxTable",
    "LOOKUP_KEY_SECRET": "LookupKeySecret",
    "CODE_KEY_SECRET": "CodeKeySecret",
    "ORIGIN_KEY_SECRET": "OriginKeySecret",
    "DTMF_KEY_SECRET": "EntryKeySecret",
    "EVENT_BUS_NAME": "Bus",
    "FACTS_DEAD_LETTERS_URL": "FactsDeadLetters",
    "EVIDENCE_BUCKET": "EvidenceBucket",
    "BACKTEST_BUCKET": "BacktestBucket",
}
FOURTEEN_DAYS_S: Final = 1_209_600


def statements(function: str) -> list[dict[str, Any]]:
    return statements_of(properties(function)["Role"]["Fn::GetAtt"][0])


def keys(schema: list[dict[str, str]]) -> list[str]:
    return [entry["AttributeName"] for entry in schema]


def test_the_hotline_table_has_its_three_indexes() -> None:
    hotline = next(table for table in table_definitions() if table["TableName"] == "hotline")
    assert keys(hotline["KeySchema"]) == ["PK", "SK"]
    assert {
        index["IndexName"]: (keys(index["KeySchema"]), index["Projection"]["ProjectionType"])
        for index in hotline["GlobalSecondaryIndexes"]
    } == {
        "attention": (["attention_pk", "attention_sk"], "ALL"),
        "due": (["due_pk", "due_sk"], "KEYS_ONLY"),
        "queue": (["queue_pk", "queue_sk"], "ALL"),
    }
    assert "StreamSpecification" not in hotline


def test_the_outbox_alone_has_a_stream_and_it_carries_new_images() -> None:
    tables = {table["TableName"]: table for table in table_definitions()}
    assert keys(tables["outbox"]["KeySchema"]) == ["PK"]
    assert tables["outbox"]["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert keys(tables["activity"]["KeySchema"]) == ["PK", "SK"]
    assert "StreamSpecification" not in tables["activity"]


def test_the_tables_of_the_tests_are_those_of_the_template() -> None:
    assert set(resources("AWS::DynamoDB::Table")) == set(TABLE_NAMES)


@pytest.mark.parametrize("table", TABLE_NAMES)
def test_every_table_is_encrypted_expires_items_and_is_protected_unless_told_otherwise(table: str) -> None:
    protected = {"Fn::If": ["IsProtected", True, False]}
    assert properties(table)["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}
    assert properties(table)["TimeToLiveSpecification"] == {"AttributeName": "expires_at_epoch_s", "Enabled": True}
    assert properties(table)["DeletionProtectionEnabled"] == protected
    assert properties(table)["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": protected}
    assert cloudformation()["Parameters"]["Protection"]["Default"] == "on"
    assert properties(table)["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret"])
def test_a_resource_that_cannot_be_made_again_outlives_the_stack(kind: str) -> None:
    assert resources(kind)
    for name, resource in resources(kind).items():
        if name == "OriginKeySecret":
            continue  # a new one does as well: CloudFront and the function read the same
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain"), name


def test_secrets_are_encrypted_with_the_hotlines_key_which_rotates() -> None:
    for name, secret in resources("AWS::SecretsManager::Secret").items():
        assert secret["Properties"]["KmsKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}, name
    assert properties("DataKey")["EnableKeyRotation"] is True


def test_the_functions_of_the_template_are_the_ones_tested_here() -> None:
    assert set(resources("AWS::Lambda::Function")) == set(FUNCTIONS)


@sweep("function", FUNCTIONS)
def test_a_function_has_the_settings_it_uses_and_no_others(function: str) -> None:
    assert set(properties(function)["Environment"]["Variables"]) == ENVIRONMENT[function]
    assert properties(function)["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == FUNCTIONS[function]


@sweep("function", FUNCTIONS)
def test_a_role_reaches_exactly_the_resources_that_the_settings_name(function: str) -> None:
    named = {RESOURCE_SETTINGS[name] for name in ENVIRONMENT[function] if name in RESOURCE_SETTINGS}
    granted = json.dumps(statements(function))
    reached = {resource for resource in RESOURCE_SETTINGS.values() if re.search(rf"\b{resource}\b", granted)}
    assert reached == named


def test_every_function_has_a_role_of_its_own() -> None:
    roles = [properties(function)["Role"]["Fn::GetAtt"][0] for function in FUNCTIONS]
    assert len(set(roles)) == len(FUNCTIONS)


def test_only_the_functions_that_make_or_check_codes_read_their_key() -> None:
    readers = {function for function in FUNCTIONS if "CodeKeySecret" in json.dumps(statements(function))}
    assert readers == {"ConnectFunction", "CustomerApiFunction", "MessengerFunction"}


def test_only_the_phone_reads_the_keys_that_decrypt_entries_and_may_do_nothing_else_with_them() -> None:
    readers = {function for function in FUNCTIONS if "EntryKeySecret" in json.dumps(statements(function))}
    assert readers == {"ConnectFunction"}
    (reads,) = (entry for entry in statements("ConnectFunction") if "EntryKeySecret" in json.dumps(entry))
    assert reads["Action"] == "secretsmanager:GetSecretValue"


@sweep("function", FUNCTIONS)
def test_a_functions_log_has_the_name_that_everybody_expects(function: str) -> None:
    log = properties(function)["LoggingConfig"]["LogGroup"]["Ref"]
    # MiniStack and Lambda's default write to this name, so the group is one and the same everywhere.
    (function_name,) = properties(function)["FunctionName"].values()
    assert properties(log)["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{function_name}"}


def test_every_log_ends_after_the_stated_time_and_every_function_writes_to_one_of_its_own() -> None:
    logs = resources("AWS::Logs::LogGroup")
    for name, log in logs.items():
        assert log["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name
    written = [properties(function)["LoggingConfig"]["LogGroup"]["Ref"] for function in FUNCTIONS]
    assert len(set(written)) == len(FUNCTIONS)
    assert set(written) <= set(logs)


@sweep("function", FUNCTIONS)
def test_a_function_runs_on_python_313_arm64_with_both_layers_behind_an_alias(function: str) -> None:
    assert properties(function)["Runtime"] == "python3.13"
    assert properties(function)["Architectures"] == ["arm64"]
    layers = [re.sub(r"[0-9a-f]{10}$", "", layer["Ref"]) for layer in properties(function)["Layers"]]
    assert layers == ["DependenciesLayer", "HotlineLayer"]
    assert properties(f"{function}Aliaslive")["Name"] == "live"


def test_the_phones_function_gives_up_before_the_flow_block_does() -> None:
    assert properties("ConnectFunction")["Timeout"] < 8


def test_all_that_is_asynchronous_ends_in_a_queue_when_it_fails() -> None:
    for name, mapping in resources("AWS::Lambda::EventSourceMapping").items():
        source = mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]
        if cloudformation()["Resources"][source]["Type"] == "AWS::SQS::Queue":
            assert "deadLetterTargetArn" in properties(source)["RedrivePolicy"], name
        else:
            assert mapping["Properties"]["DestinationConfig"]["OnFailure"]["Destination"], name
    for name, rule in resources("AWS::Events::Rule").items():
        assert all("DeadLetterConfig" in target for target in rule["Properties"]["Targets"]), name
    for name, schedule in resources("AWS::Scheduler::Schedule").items():
        assert "DeadLetterConfig" in schedule["Properties"]["Target"], name


def test_queues_are_encrypted_and_keep_what_they_hold_for_fourteen_days() -> None:
    for name, queue in resources("AWS::SQS::Queue").items():
        assert queue["Properties"]["KmsMasterKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}, name
        assert queue["Properties"]["MessageRetentionPeriod"] == FOURTEEN_DAYS_S, name


def test_a_queue_gives_what_fails_to_another_or_is_where_failures_end_and_rings() -> None:
    alarms = [alarm["Properties"] for alarm in resources("AWS::CloudWatch::Alarm").values()]
    # An alarm about the age of a message says that its reader is slow, not that something failed.
    visible = [alarm for alarm in alarms if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"]
    ringing = {json.dumps(alarm["Dimensions"]) for alarm in visible}
    queues = resources("AWS::SQS::Queue")
    del queues["ImportRefusals"]  # read by the command that waits for them
    for name, queue in queues.items():
        dimensions = [{"Name": "QueueName", "Value": {"Fn::GetAtt": [name, "QueueName"]}}]
        assert ("RedrivePolicy" in queue["Properties"]) is not (json.dumps(dimensions) in ringing), name


@pytest.mark.parametrize(("function", "consumer"), [("MessengerFunction", "message"), ("DecisionsFunction", "bus")])
def test_a_consumer_of_the_outbox_gets_new_entries_of_its_own_only(function: str, consumer: str) -> None:
    mapping = properties(f"{function}Outbox")
    (entry,) = mapping["FilterCriteria"]["Filters"]
    assert json.loads(entry["Pattern"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {"NewImage": {"to": {"S": [consumer]}}},
    }
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] > 0
    assert mapping["MaximumRecordAgeInSeconds"] == {"Ref": "OutboxMaximumAgeSeconds"}
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["OutboxTable", "StreamArn"]}


def test_facts_come_in_batches_by_parameters_of_which_each_may_fail_alone() -> None:
    mapping, parameters = properties("WalletEventsFunctionFacts"), cloudformation()["Parameters"]
    assert mapping["BatchSize"] == {"Ref": "FactBatchSize"}
    assert mapping["MaximumBatchingWindowInSeconds"] == {"Ref": "FactBatchWindowSeconds"}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # Lambda refuses a batch of more than ten without a window.
    assert parameters["FactBatchWindowSeconds"]["MinValue"] == 1
    visibility_s = parameters["FactVisibilityTimeoutSeconds"]["Default"]
    window_s = parameters["FactBatchWindowSeconds"]["MaxValue"]
    assert visibility_s >= 6 * properties("WalletEventsFunction")["Timeout"] + window_s


def test_every_fact_of_the_wallet_passes_the_rule_and_no_decision_does() -> None:
    no_digest = [{"anything-but": ["accounts.digest_told.v1"]}]
    source = [{"Ref": "WalletEventSource"}]
    assert properties("FactsRule")["EventPattern"] == {"source": source, "detail-type": no_digest}
    assert properties("DigestsRule")["EventPattern"] == {"source": source, "detail-type": no_digest[0]["anything-but"]}
    allowed = cloudformation()["Parameters"]["WalletEventSource"]["AllowedPattern"]
    assert re.fullmatch(allowed, "wallet")
    assert not re.fullmatch(allowed, "hotline")
    publishes = next(entry for entry in statements("DecisionsFunction") if entry["Action"] == "events:PutEvents")
    assert publishes["Condition"] == {"StringEquals": {"events:source": "hotline"}}


def test_all_that_is_counted_passes_the_rules_and_nothing_of_another_kind() -> None:
    contacts, counted = properties("ContactEventsRule")["EventPattern"], properties("CountedRule")["EventPattern"]
    assert contacts["source"] == [{"Ref": "ContactEventSource"}]
    assert contacts["detail-type"] == [CONTACT_EVENT]
    assert set(contacts["detail"]["eventType"]) == MOMENT_OF_EVENT.keys()
    assert counted["source"] == ["hotline", {"Ref": "WalletEventSource"}]
    types = {"case.opened", "case.updated", *LOCK_KINDS, *STATUS_OF_DECISION, "refund.escalated"}
    types |= {f"refund.{status}" for status in RefundStatus}
    assert set(counted["detail-type"]) == {f"{name}.v1" for name in types}
    assert types <= {*DECISIONS, *FACTS}


def test_another_account_may_put_facts_as_one_role_and_under_one_source_only() -> None:
    statement = properties("BusPolicy")["Statement"]
    assert statement["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": {"Ref": "WalletRoleArn"}},
        "StringEquals": {"events:source": {"Ref": "WalletEventSource"}},
    }
    assert cloudformation()["Resources"]["BusPolicy"]["Condition"] == "HasWalletAccount"


def test_connect_resources_exist_only_where_there_is_an_instance() -> None:
    conditions = cloudformation()["Conditions"]
    for name, resource in cloudformation()["Resources"].items():
        if resource["Type"].startswith("AWS::Connect::") or name == "ConnectFunctionPermission":
            condition = resource["Condition"]
            within = conditions[condition].get("Fn::And", ())
            assert condition == "HasConnect" or {"Condition": "HasConnect"} in within, name
    assert cloudformation()["Parameters"]["ConnectInstanceArn"]["Default"] == ""


def test_connect_may_call_the_alias_for_this_instance_only() -> None:
    permission = properties("ConnectFunctionPermission")
    assert permission["FunctionName"] == {"Ref": "ConnectFunctionAliaslive"}
    assert permission["SourceArn"] == {"Ref": "ConnectInstanceArn"}
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_every_flow_file_has_its_resource_and_every_flow_resource_its_file() -> None:
    flows = {name: resource for name, resource in sam.read()["Resources"].items() if resource["Type"] in FLOW_TYPES}
    files = {resource_name(path.name): f"flows/{path.name}" for path in FLOWS.glob("*.json")}
    assert {name: resource["Properties"]["Content"] for name, resource in flows.items()} == files
    for name, resource in flows.items():
        # Connect validates a flow against the functions that the instance knows.
        assert resource["DependsOn"] == "ConnectFunctionAssociation", name


@sweep(("function", "folder"), FUNCTIONS.items())
def test_the_makefile_puts_a_functions_folder_where_its_handler_is(function: str, folder: str) -> None:
    assert properties(function)["Handler"] == f"functions.{folder}.app.handler"
    rule = f"build-{function}: FOLDER = {folder}"
    assert rule in (ROOT / "functions/Makefile").read_text(encoding="utf-8").splitlines()
