"""The measures of a backtest, by cases that are worked out by hand and by another computation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from hotline.backtest import engine
from hotline.backtest.engine import Scope
from hotline.backtest.labels import Labels, read_labels
from hotline.backtest.measures import Groups, Hits, TopOfDays, average_precision, group_two
from hotline.backtest.model import Unusable
from hotline.backtest.risk import Part, add_findings, add_up, raise_to, rate_finding, rate_movement
from hotline.backtest.runs import Work, run
from hotline.backtest.summary import find_near_days, sum_up
from hotline.security.detectors import Detector, credential_stuffing, slow_stuffing
from hotline.security.detectors.history import PartyHistory
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.fold import Fold
from hotline.security.rules import RuleSet
from hotline.security.score import FINDING_LEVELS
from hotline_local.backtest.charts import choose_style, trace_curve
from hotline_local.backtest.tuning import f1_of
from tests.support.sweeps import sweep
from tests.support.wallet_histories import BEGAN, History, login, movement, told, write_history

RULES = {"failed_login_burst", "reset_device_transfer"}
CHOSEN = [(detector, detector.limits) for detector in DETECTORS if detector.rule in RULES]


@pytest.fixture(autouse=True)
def findings_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Movements have the points of the findings that name them, whatever folds say of them."""
    monkeypatch.setattr(engine, "rate_movement", lambda _: None)


def groups_of(ranked: Sequence[tuple[int, bool]]) -> Groups:
    return {
        points: (
            sum(fraud for score, fraud in ranked if score == points),
            sum(not fraud for score, fraud in ranked if score == points),
        )
        for points in {score for score, _ in ranked}
    }


def average_precision_by_thresholds(ranked: Sequence[tuple[int, bool]]) -> float:
    """Sum over thresholds of (R_n - R_n-1) P_n, each counted anew from the whole list."""
    total = sum(fraud for _, fraud in ranked)
    area = before = 0.0
    for threshold in sorted({score for score, _ in ranked}, reverse=True):
        chosen = [fraud for score, fraud in ranked if score >= threshold]
        recall = sum(chosen) / total
        area += (recall - before) * sum(chosen) / len(chosen)
        before = recall
    return area


@sweep("seed", range(20))
def test_average_precision_is_that_of_another_computation(seed: int) -> None:
    random = Random(seed)
    ranked = [(random.randrange(6), random.random() < 0.3) for _ in range(200)]
    assert average_precision(groups_of(ranked)) == pytest.approx(average_precision_by_thresholds(ranked))


def test_average_precision_of_small_cases() -> None:
    # 1, then 2 of 3: half of the fraud at precision 1, half at 2/3.
    assert average_precision({3: (1, 0), 2: (0, 1), 1: (1, 0)}) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert average_precision({5: (2, 0), 0: (0, 9)}) == 1
    assert average_precision({0: (1, 3)}) == 0.25
    assert average_precision({1: (0, 3)}) is None
    assert trace_curve({3: (1, 0), 2: (0, 1), 1: (1, 0)}) == [(0.5, 1), (0.5, 0.5), (1, 2 / 3)]


def test_precision_recall_and_f1() -> None:
    hits = Hits(found=3, false=1, fraud=6)
    assert (hits.precision, hits.recall, round(f1_of(hits), 9)) == (0.75, 0.5, 0.6)
    assert (Hits(0, 0, 0).precision, Hits(0, 0, 0).recall, f1_of(Hits(0, 0, 0))) == (None, None, 0)
    assert group_two(hits, 20) == {1: (3, 1), 0: (3, 13)}


def test_the_top_of_a_day_counts_known_accounts_apart() -> None:
    top = TopOfDays(top=2)
    day = [("a", 9, True, False), ("b", 8, False, False), ("c", 7, True, False)]
    top.take_day(day)
    # a is known by now, so c moves up; b was shown and is honest, which nobody knows for sure.
    top.take_day(day)
    top.take_day([("a", 9, True, False), ("c", 8, True, False), ("d", 0, True, False)])
    assert top.repeats == [0.5, 0.5, 1]
    assert top.first_time == top.unreported == [0.5, 0.5, 0]


def test_published_figures_leave_out_what_was_reported_and_what_was_found() -> None:
    top = TopOfDays(top=2)
    top.take_day([("a", 9, True, True), ("b", 8, True, False), ("c", 7, True, False)])
    top.take_day([("a", 9, True, True), ("b", 8, True, False), ("c", 7, True, True), ("d", 6, True, False)])
    assert top.unreported == [1, 0.5]
    assert top.repeats == [1, 1]
    assert top.first_time == [1, 1]


def test_an_account_without_points_is_shown_to_nobody() -> None:
    top = TopOfDays(top=2)
    top.take_day([("a", 0, True, False)])
    assert (top.repeats, top.first_time, top.unreported) == ([0], [0], [0])


def measured(
    tmp_path: Path, facts: list[dict[str, Any]], labels: Labels, chosen: list[tuple[Detector[Any], Any]] = CHOSEN
) -> dict[str, Any]:
    file = write_history(tmp_path / "h.jsonl", facts)
    scope = Scope.of(labels, ranked=True)
    with run(Work((file,), chosen, scope), labels) as outcome:
        return dict(sum_up(outcome, has_labels=True)["labels"])


def takeover(number: int, minute: float, account: str, minor: int) -> list[dict[str, Any]]:
    return [
        told(number, minute, "password.changed", account, version=1),
        told(number + 1, minute + 1, "device.registered", account, device_id="new"),
        movement(number + 2, minute + 2, account, minor, counterparty="x"),
    ]


def test_findings_movements_and_accounts_are_measured(tmp_path: Path) -> None:
    """Two takeovers are found, one of them fraud; one fraud has no finding, and one movement is ordinary."""
    facts = [
        *takeover(10, 0, "acct-1", 150_000),
        *takeover(20, 10, "acct-2", 150_000),
        movement(30, 20, "acct-3", 500, counterparty="x"),
        movement(40, 30, "acct-4", 500, counterparty="x"),
    ]
    labels = Labels(movements={"mov-12": True, "mov-30": True, "mov-40": False})
    found = measured(tmp_path, facts, labels)
    assert found["finding_precision"] == 0.5
    shares = {"fraud": 2, "found": 1, "false": 1, "precision": 0.5, "recall": 0.5}
    # Both named movements have 100 points, the others none: half of the fraud at 1/2, half at 2/4.
    assert found["movements"] == {"number": 4, **shares, "average_precision": 0.5}
    assert found["accounts"] == {"number": 4, **shares, "average_precision": 0.5}
    assert found["events"] == {"fraud": 0, "found": 0, "false": 4, "precision": 0.0, "recall": None}
    assert found["top_100_accounts_a_day"] == {
        "days": 1,
        "precision": 0.01,
        "precision_with_known_accounts": 0.01,
    }
    of_rule = found["detectors"]["reset_device_transfer"]
    assert of_rule["movements"] == {**shares, "average_precision": 0.5}
    assert found["detectors"].keys() == {"reset_device_transfer"}


def test_labels_of_events_measure_logins(tmp_path: Path) -> None:
    facts = [login(number, number, "acct-1", ok=False) for number in range(10)]
    facts += [login(100, 300, "acct-2"), login(101, 301, "acct-2")]
    labels = Labels(
        events={**{f"evt-{number:06d}": number < 8 for number in range(10)}, "evt-000100": True, "gone": True}
    )
    found = measured(tmp_path, facts, labels)
    assert found["events"] == {
        "fraud": 9,
        "found": 8,
        "false": 2,
        "precision": 0.8,
        "recall": pytest.approx(8 / 9, abs=1e-6),
    }
    assert found["finding_precision"] == 1


def test_labels_of_accounts_hold_for_their_time(tmp_path: Path) -> None:
    facts = [*takeover(10, 0, "acct-1", 150_000), movement(30, 2000, "acct-1", 500, counterparty="x")]
    since = int(BEGAN.timestamp() * 1000)
    inside = measured(tmp_path, facts, Labels(accounts={"acct-1": [(since, since + 3_600_000, True)]}))
    assert (inside["movements"]["fraud"], inside["accounts"]["found"], inside["finding_precision"]) == (1, 1, 1)
    outside = measured(tmp_path, facts, Labels(accounts={"acct-1": [(since + 7_200_000, since + 7_300_000, True)]}))
    assert (outside["movements"]["fraud"], outside["finding_precision"]) == (0, 0)
    own = Labels(movements={"mov-12": False}, accounts={"acct-1": [(0, 1 << 62, True)]})
    assert measured(tmp_path, facts, own)["movements"]["fraud"] == 1


def test_an_account_that_an_address_got_into_is_named_with_its_login(tmp_path: Path) -> None:
    facts = [login(n, n / 4, f"acct-{n}", ok=False) for n in range(25)]
    facts += [login(90, 7, "acct-in"), login(91, 8, "acct-out", ip="198.51.100.1")]
    labels = Labels(accounts={"acct-in": [(0, 10**15, True)], "acct-out": [(0, 10**15, True)]})
    chosen = [(one, one.limits) for one in (credential_stuffing.DETECTOR, slow_stuffing.DETECTOR)]
    of_rule = measured(tmp_path, facts, labels, chosen)["detectors"]
    told = of_rule["credential_stuffing"]["accounts"]
    assert (told["found"], told["false"], told["fraud"]) == (1, 0, 2)
    assert of_rule["credential_stuffing"]["events"]["found"] == 1
    assert of_rule["slow_stuffing"]["accounts"]["found"] == 0


def test_labels_of_accounts_reach_their_logins(tmp_path: Path) -> None:
    """Nine of ten failures are within the account's time, and one of these has a label of its own."""
    facts = [login(number, number, "acct-1", ok=False) for number in range(10)]
    facts += [told(50, 2, "funds.balance_changed", "acct-1", version=1, balance={"minor": 5, "currency": "CNY"})]
    facts += [login(60, 300, "acct-1"), login(61, 5, "acct-2")]
    since = int(BEGAN.timestamp() * 1000)
    accounts = {"acct-1": [(since + 60_000, since + 3_600_000, True)], "acct-2": [(0, 1 << 62, False)]}
    found = measured(tmp_path, facts, Labels(events={"evt-000009": False}, accounts=accounts))
    assert found["events"] == {"fraud": 8, "found": 8, "false": 2, "precision": 0.8, "recall": 1.0}
    assert (found["finding_precision"], found["unmatched"]) == (1, {"movements": 0, "events": 0, "accounts": 0})


@pytest.mark.parametrize(
    ("days", "near"),
    [
        ({}, (0, 0, 0)),
        ({5: 1}, (5, 5, 0)),
        ({5: 200, 6: 1}, (5, 6, 0)),
        ({5: 200, 95: 2}, (5, 95, 0)),
        ({5: 200, 96: 2}, (5, 5, 2)),
        ({5: 200, 96: 3}, (5, 96, 0)),
        ({5: 1, 500: 200, 501: 3, 900: 1, 2000: 1}, (500, 501, 3)),
        ({5: 1, 500: 1}, (5, 500, 0)),
    ],
)
def test_a_few_events_far_from_all_others_are_counted_apart(days: dict[int, int], near: tuple[int, int, int]) -> None:
    assert find_near_days(days) == near


def test_labels_that_match_nothing_are_counted(tmp_path: Path) -> None:
    labels = Labels(
        movements={"mov-12": True, "nope": True},
        events={"evt-000010": True, "evt-000012": False, "gone": False},
        accounts={"acct-1": [(0, 1 << 62, True), (0, 5, False)], "acct-9": [(0, 1 << 62, True)]},
    )
    found = measured(tmp_path, takeover(10, 0, "acct-1", 150_000), labels)
    assert found["given"] == {"movements": 2, "events": 3, "accounts": 3}
    assert found["unmatched"] == {"movements": 1, "events": 1, "accounts": 2}


def test_measures_of_a_history_are_those_of_another_computation(tmp_path: Path) -> None:
    history = History(11)
    random = Random(1)
    movements = {fact["data"]["movement_id"]: fact for fact in history.facts if "movement_id" in fact["data"]}
    truth = {id_: id_ in history.thefts or random.random() < 0.05 for id_ in movements}
    found = measured(tmp_path, history.facts, Labels(movements=truth))
    ranked = [(100 if id_ in history.thefts else 0, truth[id_]) for id_ in movements]
    assert found["movements"]["number"] == len(movements)
    assert found["movements"]["average_precision"] == pytest.approx(average_precision_by_thresholds(ranked), abs=1e-6)
    compromised: dict[str, set[str]] = {}
    for id_ in history.thefts:
        compromised.setdefault(movements[id_]["time"][:10], set()).add(movements[id_]["subject"])
    days = {fact["time"][:10] for fact in movements.values()}
    precision = sum(len(compromised.get(day, ())) / 100 for day in days) / len(days)
    assert found["top_100_accounts_a_day"]["precision_with_known_accounts"] == pytest.approx(precision, abs=1e-6)


def test_a_movement_has_the_parts_of_its_account_and_of_its_party(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several events of a movement the riskiest counts. A finding adds nothing to a movement that is rated."""
    by_account, by_party = iter([(("amount", 1.5),), (("amount", 40.25),)]), iter([(("party", 20.0),)])

    def rate_movement(fold: Fold) -> Any:
        history = fold.history
        ratings = by_party if isinstance(history, PartyHistory) else by_account
        return next(ratings, None) if history.amount_minor == 500 else None

    monkeypatch.setattr(engine, "rate_movement", rate_movement)
    paid = {"kind": "payment", "merchant": {"id": "mer-1", "name": "Tea"}}
    again = {**movement(2, 1, "acct-1", 500, version=2, **paid), "id": "evt-3"}
    again["data"]["movement_id"] = "mov-1"
    facts = [movement(1, 0, "acct-1", 500, **paid), again, *takeover(10, 10, "acct-2", 150_000)]
    file = write_history(tmp_path / "h.jsonl", facts)
    with run(Work((file,), CHOSEN, Scope(ranked=True))) as outcome:
        first, second = outcome.ranking.movements()
    assert (first["movement_id"], first["score"], first["parts"]) == ("mov-12", 100, [["reset_device_transfer", 100]])
    assert (second["movement_id"], second["score"], second["parts"]) == ("mov-1", 40.25, [["amount", 40.25]])


@pytest.mark.parametrize(
    ("own", "found", "told"),
    [
        ([("amount", 3.5)], [("drain", 60)], [("amount", 3.5)]),
        ([], [("drain", 60)], []),
        (None, [("drain", 60), ("velocity", 30)], [("drain", 60), ("velocity", 30)]),
        (None, [], []),
    ],
)
def test_findings_rate_what_nothing_else_has_rated(own: list[Part] | None, found: list[Part], told: list[Part]) -> None:
    assert add_findings(own, found) == told


def test_a_movement_is_raised_by_a_part_of_its_own() -> None:
    parts = raise_to([("amount", 12.35), ("hour", 1.1)], 30.2)
    assert parts == [("amount", 12.35), ("hour", 1.1), ("same_finding", 16.75)]
    assert add_up(parts) == 30.2


def test_a_movement_that_is_rated_at_nothing_and_one_that_is_not_rated_raise_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mule gets money, which is not rated, and takes it out in two slices."""
    monkeypatch.setattr(
        engine,
        "rate_movement",
        lambda fold: None if fold.risk is None else () if fold.history.amount_minor == 40_000 else (("amount", 9.0),),
    )
    rule = next(one for one in DETECTORS if one.rule == "pass_through")
    facts = [movement(1, 0, "mule", 90_000, direction="in", counterparty="victim")]
    facts += [movement(2, 10, "mule", 40_000, kind="withdrawal"), movement(3, 20, "mule", 50_000, kind="withdrawal")]
    with run(Work((write_history(tmp_path / "h.jsonl", facts),), [(rule, rule.limits)], Scope(ranked=True))) as outcome:
        ranked = {one["movement_id"]: one["parts"] for one in outcome.ranking.movements()}
    assert ranked == {"mov-1": [["pass_through", 75]], "mov-2": [["same_finding", 9.0]], "mov-3": [["amount", 9.0]]}


class Days(TopOfDays):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[tuple[str, float]] = []

    def take_day(self, ranked: Iterable[tuple[str, float, bool, bool]]) -> None:
        self.given.extend((account, points) for account, points, *_ in ranked)


def test_movements_of_one_finding_rank_as_the_riskiest_and_the_day_knows_what_it_knew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card is used at midnight: two purchases before it, two after."""
    monkeypatch.setattr(engine, "rate_movement", rate_movement)
    rule = next(one for one in DETECTORS if one.rule == "spend_anomaly")
    day = 24 * 60
    usual = [movement(n, n * 60, "acct-1", 10_000, kind="payment") for n in range(200)]
    stolen = [movement(200 + n, 9 * day + minute, "acct-1", 44_900, kind="payment")
              for n, minute in enumerate((-2, -1, 1, 2))]  # fmt: skip
    alone = [movement(300, 9 * day - 300, "acct-2", 44_900, kind="payment")]
    file = write_history(tmp_path / "h.jsonl", sorted([*usual, *stolen, *alone], key=lambda fact: fact["time"]))
    with run(Work((file,), [(rule, rule.limits)], Scope(ranked=True))) as outcome:
        ranked = {one["movement_id"]: one for one in outcome.ranking.movements()}
        (finding,) = outcome.ranking.findings()
        days = Days()
        outcome.ranking.take_days(days)
    named = [ranked[f"mov-{n}"] for n in range(200, 204)]
    assert len(finding["event_ids"]) == 4
    assert len({one["score"] for one in named}) == 1
    assert [add_up(one["parts"]) == one["score"] for one in ranked.values()] == [True] * len(ranked)
    gains = [dict(one["parts"]).get("same_finding", 0.0) for one in named]
    assert gains[0] >= gains[1] > gains[2] >= gains[3] == 0.0
    assert "same_finding" not in dict(ranked["mov-300"]["parts"])
    before, after = (points for account, points in days.given[-3:] if account == "acct-1")
    assert before == round(named[1]["score"] - gains[1], 2)
    assert after == named[3]["score"]


def test_a_fold_rates_by_named_points() -> None:
    class Risk(NamedTuple):
        amount: float = 12.3456
        hour: float = 0.0
        party: float = 7.0

    fold = SimpleNamespace(risk=Risk())
    assert rate_movement(fold) == (("amount", 12.35), ("party", 7.0))  # type: ignore[arg-type]
    assert rate_movement(SimpleNamespace(risk=None)) is None  # type: ignore[arg-type]
    assert add_up([("amount", 12.35), ("party", 7.0)]) == 19.35


def test_labels_are_read_from_lines(tmp_path: Path) -> None:
    file = tmp_path / "l.jsonl"
    lines = [
        {"movement_id": "m", "fraud": True},
        {"event_id": "e", "fraud": False},
        {"account": "a", "from": "2026-09-01T00:00:00Z", "fraud": True},
        {"account": "a", "to": "2026-08-01T00:00:00Z", "fraud": False},
    ]
    file.write_text("\n".join(map(json.dumps, lines)) + "\n\n", encoding="utf-8")
    labels = read_labels(file)
    assert (labels.movements, labels.events) == ({"m": True}, {"e": False})
    assert labels.accounts["a"] == [(1_788_220_800_000, 1 << 62, True), (0, 1_785_542_400_000, False)]
    assert labels.judge_account("a", 1_788_220_799_999, 1_788_220_799_999) is None
    assert labels.judge_account("a", 1_788_220_799_999, 1_788_220_800_000) is True
    assert labels.judge_account("a", 5, 5) is False


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"movement_id": "m"}',
        '{"movement_id": "m", "fraud": 1}',
        '{"movement_id": "m", "event_id": "e", "fraud": true}',
        '{"movement_id": 5, "fraud": true}',
    ],
)
def test_a_line_that_is_no_label_ends_the_run(tmp_path: Path, line: str) -> None:
    file = tmp_path / "l.jsonl"
    file.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(Unusable, match="line 1 is no label"):
        read_labels(file)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (['{"account": "a", "from": "yesterday", "fraud": true}'], "1 is no label: from is a time with an offset"),
        (['{"account": "a", "from": "2026-09-16", "fraud": true}'], "1 is no label: from is a time with an offset"),
        (['{"account": "a", "to": 5, "fraud": true}'], "1 is no label: to is a time with an offset"),
        (
            ['{"account": "a", "from": "2026-09-02T00:00:00Z", "to": "2026-09-02T00:00:00Z", "fraud": true}'],
            "1 is no label: from must be before to",
        ),
        (
            ['{"movement_id": "m", "fraud": true}', '{"movement_id": "m", "fraud": false}'],
            "2 is no label: an earlier line says the contrary of the same movement_id",
        ),
        (
            ['{"event_id": "m", "fraud": false}', "", '{"event_id": "m", "fraud": true}'],
            "3 is no label: an earlier line says the contrary of the same event_id",
        ),
        (
            ['{"account": "a", "to": "2026-09-02T00:00:00Z", "fraud": true}', '{"account": "a", "fraud": false}'],
            "2 is no label: an earlier line says the contrary of the same account at the same time",
        ),
    ],
)
def test_a_label_that_cannot_hold_says_why(tmp_path: Path, lines: list[str], why: str) -> None:
    file = tmp_path / "l.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Unusable, match=why):
        read_labels(file)


def test_the_same_label_twice_is_one(tmp_path: Path) -> None:
    file = tmp_path / "l.jsonl"
    file.write_text('{"movement_id": "m", "fraud": true}\n' * 2, encoding="utf-8")
    assert read_labels(file).count() == {"movements": 1, "events": 0, "accounts": 0}


def test_every_rule_has_a_style_of_its_own() -> None:
    assert len({choose_style(number) for number in range(40)}) == 40 > len(DETECTORS)


def test_a_finding_has_the_points_that_the_stored_risk_gives_it() -> None:
    rules = RuleSet.of((detector, detector.limits) for detector in DETECTORS).rules
    found = {rule.detector.severity: rate_finding(rule) for rule in rules}
    assert found == {severity: 100 * FINDING_LEVELS[severity] for severity in found}
    assert len(found) >= 3
