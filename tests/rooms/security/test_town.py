"""All rules on a small town: honest people are seldom found, and thieves soon. `python -m tests.support.town_findings`
writes the tables of docs/detection.md by the same measures, on a larger town."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from hotline.security.detectors.shipped import DETECTORS
from tests.support.town import Town, copy_cards, let_guessers_in, let_thieves_in, live_in_town
from tests.support.town_findings import (
    BEGIN_MARK,
    END_MARK,
    HOLDING,
    OF_AGENTS,
    OF_STATE,
    PAGE,
    SHIPPED,
    SINCE_DAY,
    Seen,
    count_false,
    find_all,
    measure_thieves,
    notice,
)

CUSTOMERS: Final = 400
DAYS: Final = 50
SEED: Final = 1
EVERY: Final = frozenset(detector.rule for detector in DETECTORS)

FALSE_MAX: Final[Mapping[str, float]] = {
    "failed_login_burst": 2.5,
    "distributed_guessing": 0.0,
    "success_after_attack": 0.0,
    "code_flooding": 2.5,
    "new_devices_in_a_row": 0.0,
    "impossible_travel": 5.0,
    "two_countries": 1.25,
    "reset_device_transfer": 0.0,
    "credential_stuffing": 0.0,
    "password_spray": 0.0,
    "slow_stuffing": 0.0,
    "drain": 2.5,
    "pass_through": 1.25,
    "spend_anomaly": 40.0,
    "velocity": 5.0,
    "counterparty_risk": 0.0,
    "card_testing": 1.25,
    "refund_abuse": 2.5,
}
"""False findings per 10,000 honest customers and day, at most. One finding in this town is a rate of 1.25. A spending
anomaly is a large payment that its owner has never made before, such as a hotel: it tells, and holds nothing."""

SHIPPED_LEAST: Final[Mapping[str, tuple[float, float]]] = {"takeover": (0.95, 0.6)}
ALL_LEAST: Final[Mapping[str, tuple[float, float]]] = {
    "takeover": (0.95, 0.6),
    "quiet takeover": (0.8, 1.0),
    "card testing": (0.85, 0.75),
    "leaked credentials": (0.0, 1.0),
    "mule": (0.9, 0.5),
}
"""By attack: the share that is found at least, and the share of the money that is lost before the hold at most. One
that is never held loses all of it. Payments of five times the usual are seldom seen among people who now and then pay
for a hotel."""


@pytest.fixture(scope="module")
def honest() -> Town:
    return live_in_town(SEED, customers=CUSTOMERS, days=DAYS)


@pytest.fixture(scope="module")
def robbed() -> tuple[Town, list[Seen]]:
    town = let_thieves_in(SEED, live_in_town(SEED, customers=CUSTOMERS, days=DAYS), since_day=SINCE_DAY, days=DAYS)
    let_guessers_in(SEED, town, since_day=SINCE_DAY, days=DAYS)
    copy_cards(SEED, town, since_day=SINCE_DAY)
    return town, list(find_all(town.facts))


def test_honest_people_are_seldom_found_by_any_rule(honest: Town) -> None:
    rates = count_false(honest, customers=CUSTOMERS, days=DAYS)
    assert rates.keys() == FALSE_MAX.keys() == EVERY - OF_STATE - OF_AGENTS
    assert {rule: rate for rule, rate in rates.items() if rate > FALSE_MAX[rule]} == {}


def test_no_rule_that_holds_an_account_by_default_and_no_drain_holds_an_honest_one(honest: Town) -> None:
    """All days count. On the first payday many pay their first rent to a landlord, and top up just before."""
    assert [one for one in find_all(honest.facts) if one.rule in HOLDING & SHIPPED | {"drain"}] == []


def test_the_town_lives_as_people_do(honest: Town) -> None:
    types = {fact["type"].removesuffix(".v1") for fact in honest.facts}
    assert types >= {
        *("login.succeeded", "login.failed", "password.changed", "device.registered", "code.sent", "top_up.succeeded"),
        *("payment.succeeded", "payment.failed", "transfer.succeeded", "withdrawal.succeeded", "refund.settled"),
    }
    devices: dict[str, set[str]] = {}
    for fact in honest.facts:
        if fact["type"] == "login.succeeded.v1":
            devices.setdefault(fact["data"]["source"]["device_id"], set()).add(fact["subject"])
    assert max(map(len, devices.values())) >= 3
    assert [fact["time"] for fact in honest.facts] == sorted(fact["time"] for fact in honest.facts)


@pytest.mark.parametrize(("rules", "least"), [(SHIPPED, SHIPPED_LEAST), (EVERY, ALL_LEAST)], ids=["shipped", "all"])
def test_thieves_are_found_and_lose_the_rest_to_a_hold(
    rules: frozenset[str], least: Mapping[str, tuple[float, float]], robbed: tuple[Town, list[Seen]]
) -> None:
    measured = measure_thieves(*robbed, rules)
    assert {one.attacks for one in measured.values()} == {25}
    short = {
        kind: measured[kind]
        for kind, (found, lost) in least.items()
        if measured[kind].found < found or measured[kind].lost > lost
    }
    assert short == {}


INTRUSIONS_LEAST: Final[Mapping[str, tuple[float, float]]] = {
    "burst": (0.95, 15),
    "guessing": (0.95, 20),
    "guessed": (0.95, 5),
    "flooding": (0.9, 25),
    "stuffing": (0.9, 10),
    "spray": (0.9, 30),
}
"""By attack on logins: the share that the rules that ship find at least, and the median minutes until then at most. A
list that is tried slowly from many addresses is not found by them."""


def test_attacks_on_logins_are_found_by_the_rules_that_ship(robbed: tuple[Town, list[Seen]]) -> None:
    town, findings = robbed
    measured = {kind: notice(attacks, findings, SHIPPED) for kind, attacks in town.intrusions.items()}
    assert measured.keys() == {*INTRUSIONS_LEAST, "slow stuffing"}
    short = {
        kind: measured[kind]
        for kind, (found, minutes) in INTRUSIONS_LEAST.items()
        if measured[kind].found < found or measured[kind].minutes > minutes
    }
    assert short == {}


def test_a_shop_that_copies_cards_is_named_once_its_frauds_are_told(robbed: tuple[Town, list[Seen]]) -> None:
    town, findings = robbed
    shops = notice(town.copied, findings, EVERY)
    assert shops.found >= 0.8
    assert 7 * 1440 < shops.minutes <= 12 * 1440
    assert shops.paid < 1
    assert notice(town.copied, findings, SHIPPED).found == 0


def test_without_rules_everything_is_lost(robbed: tuple[Town, list[Seen]]) -> None:
    for one in measure_thieves(*robbed, ()).values():
        assert (one.found, one.held, one.lost) == (0, 0, 1)


def test_the_page_has_the_tables_of_every_rule() -> None:
    text = Path(PAGE).read_text(encoding="utf-8").partition(BEGIN_MARK)[2].partition(END_MARK)[0]
    cells = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.count("|") == 4]
    of_rules = {rule: word for _, rule, word, *_ in cells if word in {"on", "off"}}
    assert {"burst", "guessing", "guessed", "flooding", "stuffing", "spray", "slow stuffing"} <= {
        line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")
    }
    assert of_rules == {
        rule: "on" if rule in SHIPPED else "off" for rule in (one.rule for one in DETECTORS) if rule in FALSE_MAX
    }
