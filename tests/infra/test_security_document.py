"""docs/security.md is true: its tables are those of the code, of the template, and of the tests that there are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import Any, Final, get_args

import pytest

from benchmarks import attackers
from benchmarks.item_sizes import ITEMS
from functions.connect.envelope import NEEDS, PHONE_OR_EMAIL, PHONE_OR_PERSON
from functions.customer_api.shapes.identity import ContactGiven, Method
from hotline.accounts import changes
from hotline.evidence.model import KEPT_DAYS
from hotline.identity import code_messages, limits, pins
from hotline.identity import policy as rules
from hotline.identity.code_messages import OverLimit
from hotline.identity.model import ByAgent
from hotline.identity.policy import FACTOR_OF_METHOD, REQUIREMENTS, Requirement
from hotline.identity.ways import Way
from hotline.kit.actor import FactorKind
from hotline.kit.clock import epoch_s
from hotline.kit.limits import MESSAGES_MAX, PER_PREFIX_MAX, WRONG_CODES_MAX, TrafficLimits
from hotline.kit.store import TTL_ATTRIBUTE, Table
from hotline.kit.store.condition import Item
from hotline.lockout import breaker, tiers
from hotline.lockout import policy as locks
from hotline_local.launcher.paths import ROOT
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.customer_life import WholeLife
from tests.support.documents import read_table
from tests.support.named_tests import is_test
from tests.support.stores import NOON
from tests.support.sweeps import sweep
from tests.support.template import cloudformation, resources

DOCUMENT: Final = (ROOT / "docs/security.md").read_text(encoding="utf-8")
SOAK: Final = bool(os.environ.get("HOTLINE_SOAK"))
QUOTED: Final = re.compile(r"`([^`]+)`")
LIFE: Final = re.compile(r"(\d+) (minutes|hours|days) after ")
NOT_HERE: Final = "Not here: "
REQUIRED: Final = (
    *("2.3.1", "2.3.2", "2.3.3", "2.3.5", "2.4.1"),
    *("6.1.1", "6.1.3", "6.3.4", "6.3.5", "6.3.7", "6.3.8"),
    *("6.4.1", "6.4.2", "6.4.3", "6.4.4", "6.4.6"),
    *("6.5.1", "6.5.2", "6.5.3", "6.5.4", "6.5.5", "6.6.1", "6.6.2", "6.6.3", "6.6.4"),
    *("7.4.2", "7.4.3", "7.4.5", "7.5.1", "7.5.3", "8.2.1", "8.2.2", "8.2.3", "8.2.4", "8.3.3"),
    *("16.2.5", "16.3.1", "16.3.2", "16.3.3", "16.4.2", "16.4.3"),
)
"""The requirements of ASVS 5.0 that are about what a hotline does."""
BOTH_WAYS: Final = "POINT# POINT"
"""Kept until erasure while somebody has it, and for a time while nobody has."""

type Row = dict[str, str]


@cache
def table(first_column: str) -> tuple[Row, ...]:
    """The table whose first column has this name, row by row."""
    return read_table(DOCUMENT, first_column)


def quoted(cell: str) -> list[str]:
    return QUOTED.findall(cell)


# ---------------------------------------------------------------- what is required


BY_AGENT: Final = {
    ByAgent.NEVER: "never",
    ByAgent.ALONE: "alone",
    ByAgent.PROOF: "with the customer's proof",
    ByAgent.SECOND: "with a second person",
}


def in_words(requirement: Requirement, factors: int) -> str:
    if requirement.system:
        return "the hotline itself"
    if requirement.agent:
        return "an agent only"
    return ("nothing", "one factor", "two different")[factors]


def test_the_limits_are_those_of_the_rules() -> None:
    first, second, third = tiers.TIERS
    soft = (
        f"{first.failures} in {_span(first.window)} lock for {_span(first.lock)}, {second.failures} in "
        f"{_span(second.window)} for {_span(second.lock)}, {third.failures} for {_span(third.lock)}, "
    )
    sent = f"{rules.CODES_PER_QUARTER_HOUR} codes in 15 minutes and {rules.CODES_PER_DAY} in a day"
    guessed = f"{rules.WRONG_PER_DAY} wrong ones a day, {rules.WRONG_IN_A_ROW} in a row"
    at_slow = f"{_WORDS[rules.SLOW.tries]} try a code, {_WORDS[rules.SLOW.wrong_per_day]} wrong ones a day"
    at_a_point = f"{rules.CODES_PER_QUARTER_HOUR} in 15 minutes, {rules.CODES_PER_DAY} a day"
    recoveries = limits.wrong_codes_max(Way.RECOVERY, TrafficLimits())
    quarter, day = (most for _, most in limits.CODES_OF_ACCOUNT)
    for words in (
        f"{sent}, {rules.CODE_TRIES} tries a code, {guessed}",
        f"| {guessed} |",
        f"the hotline PIN, {pins.PIN_DIGITS_MIN} to {pins.PIN_DIGITS_MAX} digits",
        f"new to the account ({_hours(changes.CHANGE_WAIT)} hours)",
        f"failed sign-ins of an account: {soft}{tiers.HARD_FAILURES} in a row until a new password",
        f"| {_WORDS[locks.UNLOCKS_MAX]} unlocks in {_hours(locks.UNLOCKS_WITHIN)} hours |",
        f"wrong codes of a contact point and factor: {rules.WRONG_PER_DAY} a day, {rules.WRONG_IN_A_ROW} in a row",
        f"{2 * rules.WRONG_PER_DAY} by both ways of who has nothing |",
        f"codes to a contact point and an account: {at_a_point}; {quarter} and {day}, by each way",
        f"wrong codes of all callers: above {WRONG_CODES_MAX} in five minutes {at_slow}",
        f"by owners' ways; above {recoveries} for recoveries, and for other numbers",
        f"{PER_PREFIX_MAX} in five minutes to a prefix, {MESSAGES_MAX} in all",
        f"strangers {code_messages.STRANGERS_PERCENT} % of each, strangers and own numbers "
        f"{code_messages.OWN_NUMBER_PERCENT} %",
        f"pauses without a factor: above {breaker.PAUSES_WITHOUT_FACTOR_MAX} in five minutes one factor",
        f"{_WORDS[locks.PAUSES_MAX]} in seven days; ended by its owner it bars others for {locks.PAUSE_BAR.days} days",
        f"calls from one number: {limits.CALLS_PER_NUMBER_MAX} in an hour",
    ):
        assert words in DOCUMENT


_WORDS: Final = {1: "one", 2: "two", 3: "three"}


def _hours(span: timedelta) -> int:
    return int(span.total_seconds()) // 3600


def _span(span: timedelta) -> str:
    hours = _hours(span)
    return f"{hours} hour{'s' * (hours > 1)}" if hours else f"{int(span.total_seconds()) // 60} minutes"


@sweep("row", table("Grows"))
def test_each_list_that_grows_is_bounded_by_the_constant_that_is_named(row: Row) -> None:
    assert constant(quoted(row["Bound"])[0]) == int(row["At most"])


def test_the_bound_of_each_item_that_is_weighed_is_named() -> None:
    named = {quoted(row["Bound"])[0] for row in table("Grows")}
    assert {bound for item in ITEMS for bound in item.bounds} <= named


def test_calls_that_are_named_are_played() -> None:
    named = re.findall(r"`(tests/calls/[^`:]+)`", DOCUMENT)
    assert len(named) >= 10
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_operations_are_those_of_the_code() -> None:
    told = {quoted(row["Operation"])[0]: tuple(row.values())[1:] for row in table("Operation")}
    known = {
        operation.value: (
            in_words(needed, needed.one_step),
            in_words(needed, needed.two_step),
            "one more" if needed.steps_up else "the same",
            needed.purpose.value,
            "yes" if needed.session else "no",
            BY_AGENT[needed.by_agent],
        )
        for operation, needed in REQUIREMENTS.items()
    }
    assert told == known


def test_the_ways_are_those_of_the_code() -> None:
    rows = {quoted(row["Way"])[0]: row for row in table("Way")}
    assert list(rows) == [way.value for way in Way]
    for way in Way:
        counters, wrong = (
            rows[way.value]["Its counters at a contact point and an account"],
            rows[way.value]["Its sum of wrong codes"],
        )
        assert (counters == "the strangers'") is way.is_strangers
        assert (wrong == "the owners' sum") is (way in (Way.APP, Way.PROVED))
        assert ("the owners' sum" in wrong) is not way.is_strangers


def test_an_attacker_who_shuts_the_owner_out_has_figures_and_a_test() -> None:
    rows = table("Who shuts out")
    assert len(rows) == 7
    own = code_messages.messages_max(OverLimit.PREFIX, Way.OWN_NUMBER, TrafficLimits())
    prefix, in_all = (code_messages.messages_max(limit, Way.RECOVERY, TrafficLimits()) for limit in OverLimit)
    told = " ".join(row["Reaches"] + row["The owner keeps"] for row in rows)
    for words in (
        f"{rules.WRONG_PER_DAY} guesses a day and {rules.WRONG_IN_A_ROW} in a row",
        f"{prefix} text messages",
        f"{in_all} text messages",
        f"{own - prefix} for callers from their own number in this prefix",
    ):
        assert words in told
    assert all(is_test(name) for row in rows for name in quoted(row["Shown by"]))


def test_every_factor_is_described() -> None:
    assert [quoted(row["Factor"])[0] for row in table("Factor")] == [kind.value for kind in FactorKind]


def test_the_pathways_prove_the_factors_that_their_doors_take() -> None:
    told = {row["Pathway"]: set(quoted(row["Factors that can be proved"])) for row in table("Pathway")}
    of_contact = {"phone": "sms", "email": "email"}
    kinds = [get_args(form.model_fields["kind"].annotation)[0] for form in get_args(ContactGiven.__value__)]
    assert told == {
        "phone": set(NEEDS) - {"agent", PHONE_OR_EMAIL, PHONE_OR_PERSON},
        "app": {FACTOR_OF_METHOD.get(method, method) for method in get_args(Method.__value__)} | {"session"},
        "recovery": {of_contact[kind] for kind in kinds},
        "notice": set(),
        "agent": set(),
    }


# ---------------------------------------------------------------- what attackers reach


def test_the_figures_of_attackers_are_those_of_the_rules() -> None:
    told = {row["Figure"]: row["Value"] for row in table("Figure")}
    found = {name.replace("_", " "): str(value) for name, value in attackers.measure(thousands=SOAK).items()}
    assert found.items() <= told.items()
    if SOAK:
        assert found == told


# ---------------------------------------------------------------- what is kept


def kind_of(kept_in: Table, item: Item) -> str:
    """The kind of an item, as the document names it: the fixed parts of its key."""
    partition: str = item["PK"].split("#")[0] + "#"
    if kept_in is not Table.HOTLINE:
        return partition
    first, more, _ = item["SK"].removeprefix("#").partition("#")
    return f"{partition} {'#' if item['SK'].startswith('#') else ''}{first}{more}"


def lived() -> Iterator[tuple[str, Item]]:
    """Every item that a whole life writes, before the erasure and after it."""
    life = WholeLife(MemoryStore(VirtualClock(NOON)))
    life.live()
    yield from ((kind_of(kept_in, item), item) for kept_in, item in life.everything())
    life.erase()
    life.recover(status=422)
    yield from ((kind_of(kept_in, item), item) for kept_in, item in life.everything())


@pytest.fixture(scope="module")
def items() -> list[tuple[str, Item]]:
    return list(lived())


def test_every_kind_of_item_that_is_written_is_in_the_table_and_no_other(items: list[tuple[str, Item]]) -> None:
    assert {kind for kind, _ in items} == {" ".join(quoted(row["Key"])) for row in table("What")}


def life_of(row: Row) -> timedelta | None:
    """How long an item is kept, as the row says; None: it does not end by itself, or not by one constant."""
    found = LIFE.match(row["Ends"])
    return timedelta(**{found[2]: int(found[1])}) if found else None


def constant(path: str) -> Any:
    """The constant that a row names, with a factor before it or without."""
    times, _, name = path.rpartition(" * ")
    *modules, attribute = name.split(".")
    owner: Any = import_module(".".join(part for part in modules if not part[0].isupper()))
    for part in (part for part in modules if part[0].isupper()):
        owner = getattr(owner, part)
    return getattr(owner() if isinstance(owner, type) else owner, attribute) * int(times or 1)


@sweep("row", table("What"))
def test_an_item_is_kept_for_as_long_as_the_table_says(row: Row, items: list[tuple[str, Item]]) -> None:
    kind, life = " ".join(quoted(row["Key"])), life_of(row)
    assert (life is None) is (row["Constant"] == "")
    if life is not None:
        assert constant(quoted(row["Constant"])[0]) == life
    ends = [item.get(TTL_ATTRIBUTE) for found, item in items if found == kind]
    if kind == "ACCOUNT# #ERASURE":
        assert set(ends) == {None}, "it is taken away, and does not end by time to live"
    elif life is not None:
        # Of a day, of what the facts tell of, or of a bill that is due in some days.
        slack = epoch_s(NOON) - epoch_s(NOON - max(timedelta(days=2), life * 0.03))
        given = [end for end in ends if end is not None]
        assert given
        assert all(abs(end - epoch_s(NOON + life)) <= slack for end in given)
        assert len(given) == len(ends) or kind == BOTH_WAYS
    elif "window" not in row["Ends"]:
        assert None in ends
        assert set(ends) == {None} or kind == BOTH_WAYS


def test_every_queue_and_log_of_the_template_ends_as_the_document_says() -> None:
    rows = {tuple(quoted(row["Where"])): row["Ends"] for row in table("Where")}
    queues = {name: ends for names, ends in rows.items() for name in names}
    assert queues.keys() == resources("AWS::SQS::Queue").keys()
    for name, body in resources("AWS::SQS::Queue").items():
        assert f"{body['Properties']['MessageRetentionPeriod'] // 86_400} days" in queues[name]
    default = cloudformation()["Parameters"]["LogRetentionDays"]["Default"]
    (logs,) = [row["Ends"] for row in table("Where") if row["Where"] == "logs of the functions"]
    assert logs == f"`LogRetentionDays`, {default} days unless set"
    buckets = set(resources("AWS::S3::Bucket"))
    assert buckets == {"BacktestBucket", "DeskBucket", "EvidenceBucket"}, "DeskBucket holds the files of the page alone"
    (life,) = resources("AWS::S3::Bucket")["EvidenceBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (pictures,) = [row["Ends"] for row in table("Where") if row["Where"] == "bucket of pictures"]
    assert life["ExpirationInDays"] == KEPT_DAYS
    assert pictures == f"{KEPT_DAYS} days after they were sent, erasure"
    lives = resources("AWS::S3::Bucket")["BacktestBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    input_, work, output = (rule["ExpirationInDays"] for rule in lives if "ExpirationInDays" in rule)
    (backtests,) = [row["Ends"] for row in table("Where") if row["Where"].startswith("bucket of backtests")]
    assert backtests.startswith(f"{input_}, {work} and {output} days after they were written")
    assert "RecoveryPeriodInDays" not in str(resources("AWS::DynamoDB::Table")), "35 days is what is not set"


# ---------------------------------------------------------------- ASVS


def test_every_requirement_is_there_once() -> None:
    assert [row["Requirement"] for row in table("Requirement")] == list(REQUIRED)
    assert {row["Level"] for row in table("Requirement")} == {"1", "2", "3"}


@sweep("row", table("Requirement"))
def test_a_requirement_is_shown_by_tests_that_there_are_or_says_why_not(row: Row) -> None:
    shown = row["Shown by"]
    if shown.startswith(NOT_HERE):
        assert len(shown) > len(NOT_HERE) + 30
        assert not quoted(shown)
    else:
        assert quoted(shown)
        assert [name for name in quoted(shown) if not is_test(name)] == []


def test_every_attacker_is_played_in_a_file_that_is_there() -> None:
    for row in table("Attacker"):
        assert quoted(row["Played in"]), row["Attacker"]
        assert [name for name in quoted(row["Played in"]) if not (ROOT / "tests/security" / name).is_file()] == []


def test_every_test_that_the_text_names_is_there() -> None:
    named = [name for name in QUOTED.findall(DOCUMENT) if name.startswith("tests/")]
    assert [name for name in named if not (is_test(name) if "::" in name else (ROOT / name).exists())] == []
