"""Each function parses its settings once: which it takes, which it needs, its defaults, and what it refuses by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

import pytest

from functions.agent_api.settings import Settings as AgentApiSettings
from functions.agent_api.settings import TokenSettings as AgentTokenSettings
from functions.connect.settings import Settings as ConnectSettings
from functions.customer_api.settings import Settings as ApiSettings
from functions.customer_api.settings import TokenSettings
from functions.messenger.settings import CodeCalls, Sender
from functions.messenger.settings import Settings as MessengerSettings
from functions.wallet_events.settings import Settings as WalletEventsSettings
from hotline.kit.config import MalformedSetting, MissingSetting, TableNames
from hotline.kit.doors import DEFAULT_HOME_REGION
from hotline.kit.limits import MESSAGES_MAX, PER_PREFIX_MAX, WRONG_CODES_MAX, TrafficLimits
from hotline.kit.store import Table
from hotline.security.service import ACTIVITY_SHARDS, SHARDS_MAX
from tests.support.function_settings import CODE_CALL_FLOW, QUEUE, SETTINGS, TASK_FLOW, started
from tests.support.sweeps import sweep
from tests.support.template import properties

LOGICAL_IDS: Final = {
    "connect": "ConnectFunction",
    "wallet_events": "WalletEventsFunction",
    "imports": "ImportsFunction",
    "digests": "DigestsFunction",
    "messenger": "MessengerFunction",
    "decisions": "DecisionsFunction",
    "deadlines": "DeadlinesFunction",
    "security_scan": "SecurityScanFunction",
    "backtest": "BacktestFunction",
    "customer_api": "CustomerApiFunction",
    "contact_events": "ContactEventsFunction",
    "evidence": "EvidenceFunction",
    "agent_api": "AgentApiFunction",
}
OF_LIBRARIES: Final = {
    "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "LOG_LEVEL", "STORE_CLIENT", "PYTHONTZPATH",
    "DUE_PARTITIONS",
}  # fmt: skip
"""The log, the clients of AWS, zoneinfo and hotline.kit.spread read these themselves."""
LIMITS: Final = {"WRONG_CODES_MAX", "CODE_MESSAGES_MAX", "CODE_MESSAGES_PER_PREFIX_MAX"}
OPTIONAL: Final = (
    {
        "HOME_REGION",
        "VOICE_CODES",
        "ACTIVITY_SHARDS",
        "CODE_CALL_FLOW",
        "TASK_FLOW",
        "TEXT_REPLIES",
        "ORIGIN_KEY_SECRET",
        "SKILL_QUEUES",
        "SENIORS_FIRST",
        "CONNECT_INSTANCE_ARN",
        "CONNECT_AGENTS",
    }
    | {"API_ACCOUNT_CLAIM", "API_SCOPE_PREFIX", "API_TRUSTED_ACR_VALUES"}
    | {"AGENT_ROLES_CLAIM", "AGENT_NAME_CLAIM", "AGENT_ACCOUNT_CLAIM"}
    | LIMITS
)
BOTH: Final = TableNames({Table.HOTLINE: "hotline", Table.OUTBOX: "outbox"})
ALL_THREE: Final = TableNames({Table.HOTLINE: "hotline", Table.ACTIVITY: "activity", Table.OUTBOX: "outbox"})
NUMBERS: Final = ("+864008001234", "+498001234567")


class Noted(Mapping[str, str]):
    """An environment that remembers which settings were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values_given = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.values_given[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("a function asks for its own settings by name")

    def __len__(self) -> int:
        return len(self.values_given)


def parse(function: str, environment: Mapping[str, str]) -> Any:
    return import_module(f"functions.{function}.settings").Settings.parse(environment)


def without(function: str, *names: str) -> dict[str, str]:
    return {name: value for name, value in SETTINGS[function].items() if name not in names}


@sweep("function", SETTINGS)
def test_a_function_takes_the_settings_that_the_template_gives_it_and_no_other(function: str) -> None:
    given = set(properties(LOGICAL_IDS[function])["Environment"]["Variables"]) - OF_LIBRARIES
    noted = Noted(SETTINGS[function])
    parse(function, noted)
    assert noted.asked == given == set(SETTINGS[function])


@sweep(
    ("function", "name"),
    [(function, name) for function, given in SETTINGS.items() for name in sorted(given.keys() - OPTIONAL)],
)
@sweep("value", [None, ""])
def test_a_setting_that_is_needed_and_missing_is_named(function: str, name: str, value: str | None) -> None:
    given = without(function, name) | ({} if value is None else {name: value})
    with pytest.raises(MissingSetting) as caught:
        parse(function, given)
    assert (caught.value.name, str(caught.value)) == (name, name)


@sweep(
    ("function", "name"),
    [(function, name) for function, given in SETTINGS.items() for name in sorted(given.keys() & OPTIONAL)],
)
def test_an_empty_setting_is_one_that_is_not_set(function: str, name: str) -> None:
    assert parse(function, {**SETTINGS[function], name: ""}) == parse(function, without(function, name))


def test_the_phones_function_is_given_what_is_set() -> None:
    assert parse("connect", SETTINGS["connect"]) == ConnectSettings(
        tables=BOTH,
        lookup_key_secret="lookup",
        code_key_secret="codes",
        entry_key_secret="entries",
        pin_key_id="pins",
        wallet="Test Wallet",
        official_numbers=NUMBERS,
        home_region="DE",
        time_zone="Asia/Shanghai",
        voice_codes=True,
        limits=TrafficLimits(31, 301, 61),
        skill_queues={"security:zh-CN": f"{QUEUE}/security", "en-US": f"{QUEUE}/english"},
        seniors_first=True,
    )


@sweep(
    "text",
    [
        f"{QUEUE}/q",
        f"poetry={QUEUE}/q",
        f"security:fr-FR={QUEUE}/q",
        f"security={QUEUE}",
        "security=arn:aws:s3:::b",
        "=",
    ],
)
def test_a_queue_of_no_skill_and_a_skill_without_a_queue_are_refused(text: str) -> None:
    with pytest.raises(MalformedSetting, match="entry 2 "):
        parse("connect", {**SETTINGS["connect"], "SKILL_QUEUES": f"refund={QUEUE}/refunds,{text}"})


def test_the_phones_function_has_the_promised_figures_where_nothing_is_set() -> None:
    usual = parse("connect", without("connect", *OPTIONAL))
    assert usual.limits == TrafficLimits(WRONG_CODES_MAX, MESSAGES_MAX, PER_PREFIX_MAX) == TrafficLimits()
    assert (usual.home_region, usual.voice_codes) == (DEFAULT_HOME_REGION, False)


def test_the_api_is_given_what_is_set() -> None:
    assert parse("customer_api", SETTINGS["customer_api"]) == ApiSettings(
        tables=BOTH,
        lookup_key_secret="lookup",
        code_key_secret="codes",
        pin_key_id="pins",
        evidence_bucket="pictures",
        wallet="Test Wallet",
        origin_key_secret="origin",
        official_numbers=NUMBERS,
        home_region="DE",
        time_zone="Asia/Shanghai",
        voice_codes=True,
        limits=TrafficLimits(31, 301, 61),
        tokens=TokenSettings("wallet_account", "hotline/", frozenset({"strong", "stronger"})),
    )


def test_the_api_reads_tokens_plainly_and_has_no_front_where_nothing_is_set() -> None:
    usual = parse("customer_api", without("customer_api", *OPTIONAL))
    assert (usual.tokens, usual.origin_key_secret) == (TokenSettings("sub", "", frozenset()), None)
    assert (usual.limits, usual.home_region, usual.voice_codes) == (TrafficLimits(), DEFAULT_HOME_REGION, False)


def test_the_messenger_is_given_what_is_set() -> None:
    assert parse("messenger", SETTINGS["messenger"]) == MessengerSettings(
        tables=BOTH,
        lookup_key_secret="lookup",
        code_key_secret="codes",
        sender=Sender("Test Wallet", NUMBERS, "https://pages.example", takes_replies=True),
        sms_sender_id="WALLET",
        email_from="hotline@wallet.example",
        code_calls=CodeCalls(CODE_CALL_FLOW, "+498002000001"),
        task_flow=TASK_FLOW,
        skill_queues={"security:zh-CN": f"{QUEUE}/security", "en-US": f"{QUEUE}/english"},
        wrong_codes_max=31,
    )
    usual = parse("messenger", without("messenger", *OPTIONAL))
    assert (usual.code_calls, usual.wrong_codes_max) == (None, WRONG_CODES_MAX)


def test_the_function_that_takes_facts_in_is_given_what_is_set() -> None:
    given = SETTINGS["wallet_events"]
    assert parse("wallet_events", given) == WalletEventsSettings(ALL_THREE, "lookup", "https://sqs.example/dead", 3)
    assert parse("wallet_events", without("wallet_events", *OPTIONAL)).shards == ACTIVITY_SHARDS


def test_the_other_functions_are_given_what_is_set() -> None:
    decisions = parse("decisions", SETTINGS["decisions"])
    assert (decisions.tables, decisions.bus_name) == (TableNames({Table.OUTBOX: "outbox"}), "bus")
    deadlines = parse("deadlines", SETTINGS["deadlines"])
    queues = ("https://sqs.example/messages", "https://sqs.example/decisions")
    assert (deadlines.tables, deadlines.messages_again_url, deadlines.decisions_again_url) == (BOTH, *queues)
    assert parse("security_scan", SETTINGS["security_scan"]).tables == ALL_THREE
    assert parse("backtest", SETTINGS["backtest"]).bucket == "histories"
    evidence = parse("evidence", SETTINGS["evidence"])
    assert (evidence.tables, evidence.bucket, evidence.scan_source) == (BOTH, "pictures", "aws.guardduty")


NO_COUNTS: Final = ("0", "-1", "1.5", "1e3", "+5", " 5", "5_0", "٥", "many", "9" * 19)
MALFORMED: Final = (
    *(
        (function, name, text)
        for function in ("connect", "customer_api")
        for name in sorted(LIMITS)
        for text in NO_COUNTS
    ),
    *(("messenger", "WRONG_CODES_MAX", text) for text in NO_COUNTS),
    *(("wallet_events", "ACTIVITY_SHARDS", text) for text in (*NO_COUNTS, str(SHARDS_MAX + 1))),
    *((function, "VOICE_CODES", text) for function in ("connect", "customer_api") for text in ("ON", "yes", "1")),
    *((function, "HOME_REGION", text) for function in ("connect", "customer_api") for text in ("cn", "CHN", "8")),
    *(("messenger", "CODE_CALL_FLOW", text) for text in ("flow-1", f"{CODE_CALL_FLOW}/more", f"{CODE_CALL_FLOW}:2")),
    *(
        (function, "HOTLINE_NUMBERS", "+864008001234,4008001234")
        for function in ("connect", "customer_api", "agent_api", "messenger")
    ),
)


@sweep(("function", "name", "text"), MALFORMED)
def test_a_malformed_setting_is_named_and_not_repeated(function: str, name: str, text: str) -> None:
    with pytest.raises(MalformedSetting) as caught:
        parse(function, {**SETTINGS[function], name: text})
    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name}: ")
    assert len(text) < 4 or text not in str(caught.value)


@pytest.mark.parametrize("shards", [1, SHARDS_MAX])
def test_facts_may_be_spread_over_one_shard_and_over_as_many_as_are_scanned(shards: int) -> None:
    assert parse("wallet_events", {**SETTINGS["wallet_events"], "ACTIVITY_SHARDS": str(shards)}).shards == shards


def test_the_agents_api_is_told_how_tokens_of_the_staff_are_read() -> None:
    tokens = AgentTokenSettings(roles_claim="groups", name_claim="name", account_claim="wallet_account")
    assert parse("agent_api", SETTINGS["agent_api"]) == AgentApiSettings(
        ALL_THREE, "lookup", "pictures", NUMBERS, 3, "Asia/Shanghai", tokens
    )
    usual = parse("agent_api", without("agent_api", *OPTIONAL))
    assert (usual.tokens, usual.activity_shards) == (AgentTokenSettings(), ACTIVITY_SHARDS)


@pytest.mark.parametrize("function", SETTINGS)
def test_a_function_reads_its_environment_once_when_it_starts(function: str) -> None:
    module = import_module(f"functions.{function}.settings")
    with started(function):
        first = module.settings_from_environment()
        assert first == parse(function, SETTINGS[function])
    assert module.settings_from_environment.cache_info().currsize == 0
    with started(function, dict.fromkeys(SETTINGS[function], "")), pytest.raises(MissingSetting):
        module.settings_from_environment()
