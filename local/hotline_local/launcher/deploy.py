"""Deploys a built template to MiniStack, and adds what MiniStack leaves out of it."""

import hashlib
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from hotline.kit.config import PATIENCE_SETTING
from hotline_local import issuer, staff_login
from hotline_local.contact_events import SOURCE as CONTACT_EVENT_SOURCE
from hotline_local.entry_keys import make_entry_key
from hotline_local.errors import CommandError
from hotline_local.launcher import template as sam
from hotline_local.launcher.archives import archive, archive_shared
from hotline_local.launcher.build import Progress
from hotline_local.launcher.ministack import REGION
from hotline_local.launcher.stack import CREDENTIAL, Stack, client
from hotline_local.malware_scanner import SOURCE as SCAN_SOURCE

STACK_NAME: Final = "hotline"
BUCKET: Final = "artefacts"
NO_QUEUE: Final = "-"
"""Stands for the reference wallet's queue where there is no such wallet."""
REFERENCE_WALLET: Final = "reference-wallet"
DEPLOY_TIMEOUT_S: Final = 300
FUNCTIONS_TIMEOUT_S: Final = 300
"""Only what hangs takes so long; what fails says so at once."""
PATIENCE_S: Final = 60
"""How long a service that a function asks may take to answer on this machine. On AWS that is milliseconds; here the
same processors run the services, the functions and whatever else somebody does."""
FUNCTION_TIME_S: Final = 300
"""How long a function may take on this machine, instead of what the template allows on AWS."""
FACTS_AT_ONCE: Final = 1
"""Batches of facts that are handled at the same time. With more, a batch that takes longer than it is hidden would be
delivered again beside itself. It would so reach the dead letters only because the machine is busy."""
_AT_ONCE: Final = {"ImportsFunction": 2, "DigestsFunction": 2}
"""By function, how many runs its queue may have at once."""
PARAMETERS: Final = {
    "HotlineNumbers": "+18005550199",
    "EmailFrom": "hotline@wallet.example",
    "EmailIdentity": "wallet.example",
    "Protection": "off",
    # A fact that fails is tried again soon and reaches the dead letters while somebody watches. A fact that waits for
    # a cold start on a busy machine does not.
    "FactBatchSize": "10",
    "FactVisibilityTimeoutSeconds": "6",
    "FactMaxReceiveCount": "5",
    "DigestDelaySeconds": "0",
    "OutboxMaximumAgeSeconds": "600",
    "LogRetentionDays": "1",
    "ContactEventSource": CONTACT_EVENT_SOURCE,
    # Somebody who tries the scan starts it: ./hotline scan.
    "ScanSchedule": "off",
    "Backtest": "on",
    # There is no GuardDuty on this machine: malware_scanner.py stands in for it.
    "EvidenceScannerRoleArn": "arn:aws:iam::000000000000:role/malware-scanner",
    "EvidenceScanSource": SCAN_SOURCE,
}
HARMLESS: Final[Mapping[str, Mapping[str, Any]]] = {
    "WalletEventsFunctionArn": {"Records": []},
    "ConnectFunctionArn": {},
    "MessengerFunctionArn": {"Records": []},
    "DecisionsFunctionArn": {"Records": []},
    "CustomerApiFunctionArn": {},
    "AgentApiFunctionArn": {},
}
"""Per function an event that it answers, and that changes nothing."""
WARMED_AT_ONCE: Final = 2
THROTTLED_PAUSE_S: Final = 0.5
"""Between two tries of an invocation for which MiniStack has no process to spare."""


def deploy(
    built: Path, endpoint: str, folder: Path, progress: Progress, *, schedules: bool = False, demo: bool = True
) -> Stack:
    """Deploy the built template and return the stack; `folder` keeps what goes when the stack does. Raises CommandError
    with the reasons when it fails."""
    parameters = {**PARAMETERS, "DeadlinesSchedule": "on" if schedules else "off"}
    parameters |= {
        "PageBase": f"{endpoint}/_aws/execute-api/",
        "ApiIdAfterPageBase": "yes",
        "ApiIssuer": issuer.url_at(endpoint),
        "ApiAudience": issuer.AUDIENCE,
    }
    staff = staff_login.open_login(client("cognito-idp", endpoint, REGION), REGION)
    parameters |= {"AgentIssuer": staff.issuer, "AgentAudience": staff.client_id}
    progress("uploading artefacts")
    template = put_numbers(unhurried(sam.read(built)), parameters)
    s3 = client("s3", endpoint, REGION)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    uploaded, layers = {}, sam.layers(template)
    for logical_id, name in sam.artefacts(template).items():
        artefact, is_layer = built.parent / name, logical_id in layers
        body = archive_shared(artefact, folder / "layers" / name) if is_layer else archive(artefact)
        uploaded[logical_id] = _upload(s3, body)
    login = issuer.publish(s3, endpoint, REGION, folder)
    body = json.dumps(sam.to_cloudformation(template, uploaded, parameters), ensure_ascii=False).encode()
    key = _upload(s3, body).rpartition("/")[2]

    progress("creating the stack")
    cloudformation = client("cloudformation", endpoint, REGION)
    cloudformation.create_stack(
        StackName=STACK_NAME,
        TemplateURL=f"{endpoint}/{BUCKET}/{key}",
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    outputs = _outputs(cloudformation)
    resources = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    }
    _add_what_was_left_out(sam.read(built), outputs, endpoint)
    entry_key = make_entry_key()
    client("secretsmanager", endpoint, REGION).put_secret_value(
        SecretId=resources["EntryKeySecret"], SecretString=entry_key.secret
    )
    # Decisions that nobody would read are not gathered.
    wallet_queue_url = _connect_reference_wallet(outputs["BusName"], endpoint) if demo else NO_QUEUE

    progress("waiting for the functions")
    _wait_for_functions([arn for name, arn in outputs.items() if name.endswith("FunctionArn")], endpoint)
    _warm(outputs, endpoint)
    return Stack(
        endpoint=endpoint,
        region=REGION,
        access_key_id=CREDENTIAL,
        secret_access_key=CREDENTIAL,
        name=STACK_NAME,
        hotline_table=outputs["HotlineTableName"],
        activity_table=outputs["ActivityTableName"],
        outbox_table=outputs["OutboxTableName"],
        bus_name=outputs["BusName"],
        wallet_event_source=template["Parameters"]["WalletEventSource"]["Default"],
        facts_queue_url=outputs["FactsQueueUrl"],
        facts_dead_letters_url=outputs["FactsDeadLettersUrl"],
        import_queue_url=outputs["ImportQueueUrl"],
        import_dead_letters_url=outputs["ImportDeadLettersUrl"],
        import_refusals_url=outputs["ImportRefusalsUrl"],
        outbox_failures_url=outputs["OutboxFailuresUrl"],
        reference_wallet_queue_url=wallet_queue_url,
        connect_function_arn=outputs["ConnectFunctionArn"],
        wallet_events_function_arn=outputs["WalletEventsFunctionArn"],
        messenger_function_arn=outputs["MessengerFunctionArn"],
        decisions_function_arn=outputs["DecisionsFunctionArn"],
        deadlines_function_arn=outputs["DeadlinesFunctionArn"],
        scan_state_machine_arn=outputs["ScanStateMachineArn"],
        backtest_bucket=outputs["BacktestBucketName"],
        backtest_state_machine_arn=outputs["BacktestStateMachineArn"],
        lookup_key_secret=resources["LookupKeySecret"],
        code_key_secret=resources["CodeKeySecret"],
        api_id=outputs["ApiId"],
        issuer=login.url,
        issuer_key_file=str(login.key_file),
        agent_api_id=outputs["AgentApiId"],
        staff_pool_id=staff.pool_id,
        staff_client_id=staff.client_id,
        staff_issuer=staff.issuer,
        evidence_bucket=outputs["EvidenceBucketName"],
        report_time_zone=outputs["ReportTimeZone"],
        entry_key_secret=resources["EntryKeySecret"],
        entry_key_id=entry_key.key_id,
        entry_certificate=entry_key.certificate,
    )


def unhurried(template: sam.Template) -> sam.Template:
    """Give the functions of a SAM template as much time as a busy machine may need, and return it.

    The time-outs of the product say how long AWS may take. They are tried where the clock is the test's own.
    """
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    shared[PATIENCE_SETTING] = str(PATIENCE_S)
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["Timeout"] = max(FUNCTION_TIME_S, resource["Properties"]["Timeout"])
        if logical_id == "WalletEventsFunction":
            resource["Properties"]["ReservedConcurrentExecutions"] = FACTS_AT_ONCE
        if logical_id in _AT_ONCE:
            (source,) = resource["Properties"]["Events"].values()
            source["Properties"]["ScalingConfig"]["MaximumConcurrency"] = _AT_ONCE[logical_id]
    return template


def put_numbers(template: sam.Template, parameters: Mapping[str, str]) -> sam.Template:
    """Give the event sources of a SAM template the numbers that parameters stand for, and return it. `parameters`: the
    values that differ from the defaults.

    MiniStack leaves the value of a parameter a text. Where it counts by one, its poller of all queues fails, and no
    function gets anything.
    """
    declared = template["Parameters"]
    numbers = {
        name: int(parameters.get(name, one["Default"])) for name, one in declared.items() if one["Type"] == "Number"
    }

    def number_in(value: Any) -> Any:
        if isinstance(value, dict):
            name = value.get("Ref")
            return numbers[name] if name in numbers else {key: number_in(one) for key, one in value.items()}
        return value

    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            for source in resource["Properties"].get("Events", {}).values():
                source["Properties"] = number_in(source["Properties"])
    return template


def _upload(s3: Any, body: bytes) -> str:
    key = hashlib.sha256(body).hexdigest()
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return f"s3://{BUCKET}/{key}"


def _outputs(cloudformation: Any) -> dict[str, str]:
    deadline = time.monotonic() + DEPLOY_TIMEOUT_S
    while True:
        (stack,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        if stack["StackStatus"] != "CREATE_IN_PROGRESS" or time.monotonic() > deadline:
            events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
            reasons = [
                f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', event['ResourceStatus'])}"
                for event in reversed(events)
                if event["ResourceStatus"].endswith("_FAILED")
            ]
            raise CommandError("\n".join([f"The stack could not be created ({stack['StackStatus']}).", *reasons]))
        time.sleep(0.05)


def _add_what_was_left_out(template: sam.Template, outputs: Mapping[str, str], endpoint: str) -> None:
    """MiniStack takes no time to live from a template, and sends e-mail from verified identities only."""
    dynamodb = client("dynamodb", endpoint, REGION)
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            dynamodb.update_time_to_live(
                TableName=outputs[f"{logical_id}Name"],
                TimeToLiveSpecification=resource["Properties"]["TimeToLiveSpecification"],
            )
    email = client("sesv2", endpoint, REGION)
    for identity in (PARAMETERS["EmailIdentity"], PARAMETERS["EmailFrom"]):
        email.create_email_identity(EmailIdentity=identity)


def _connect_reference_wallet(bus_name: str, endpoint: str) -> str:
    """Give the hotline's decisions to a queue, as a wallet would, and return its URL.

    The queue belongs to the wallet's side, so it is no part of the template.
    """
    sqs, events = client("sqs", endpoint, REGION), client("events", endpoint, REGION)
    url = str(sqs.create_queue(QueueName=REFERENCE_WALLET)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=REFERENCE_WALLET, EventBusName=bus_name, EventPattern=json.dumps({"source": ["hotline"]}))
    events.put_targets(Rule=REFERENCE_WALLET, EventBusName=bus_name, Targets=[{"Id": REFERENCE_WALLET, "Arn": arn}])
    return url


def _wait_for_functions(alias_arns: list[str], endpoint: str) -> None:
    functions = client("lambda", endpoint, REGION)
    deadline = time.monotonic() + FUNCTIONS_TIMEOUT_S
    for arn in alias_arns:
        function, _, alias = arn.rpartition(":")
        while True:
            state = functions.get_function_configuration(FunctionName=function, Qualifier=alias).get("State", "Active")
            if state == "Active":
                break
            if state == "Failed" or time.monotonic() > deadline:
                raise CommandError(f"The function {arn} did not become active: {state}.")
            time.sleep(0.05)


def invoke_when_free(
    functions: Any,
    arn: str,
    payload: bytes,
    *,
    timeout_s: float = FUNCTIONS_TIMEOUT_S,
    pause_s: float = THROTTLED_PAUSE_S,
) -> Any:
    """Invoke a function as soon as MiniStack has a process to spare; return its answer.

    On a busy machine schedules and queues may hold all processes for a while. Raises CommandError after `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return functions.invoke(FunctionName=arn, Payload=payload)
        except functions.exceptions.TooManyRequestsException:
            if time.monotonic() > deadline:
                raise CommandError(f"MiniStack had no process to spare for {arn} in {timeout_s:.0f} seconds.") from None
            time.sleep(pause_s)


def _warm(outputs: Mapping[str, str], endpoint: str) -> None:
    """Start one process of each function that somebody waits for, so that no first call pays for it.

    MiniStack keeps the first process of a function. Raises CommandError when a function does not even start.
    """
    functions = client("lambda", endpoint, REGION)

    def start(output: str) -> None:
        answer = invoke_when_free(functions, outputs[output], json.dumps(HARMLESS[output]).encode())
        if "FunctionError" in answer:
            reason = answer["Payload"].read().decode(errors="replace")
            raise CommandError(f"The function {outputs[output]} did not start: {reason}")

    with ThreadPoolExecutor(WARMED_AT_ONCE) as pool:
        list(pool.map(start, HARMLESS))
