"""Figures of all rules on a small town: false findings about honest people, and what thieves get before a hold.

make python ARGS='-m tests.support.town_findings [--customers N] [--days N] [--seed N] [--write]'

It prints the tables of docs/detection.md; `--write` puts them there.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from hotline.backtest.lines import read_line
from hotline.backtest.reader import Reader
from hotline.security.detectors import Event, Stream
from hotline.security.detectors.rule import DAY_MS, MINUTE_MS
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.fold import Fold
from hotline.security.rules import RuleSet
from hotline.security.settings import choose_rules, parse_settings
from tests.support.folded_findings import in_order
from tests.support.honest_logins import BEGIN_MS
from tests.support.town import Attack, Town, copy_cards, let_guessers_in, let_thieves_in, live_in_town

PAGE: Final = Path(__file__).resolve().parents[2] / "docs/detection.md"
BEGIN_MARK: Final = "<!-- tables of tests.support.town_findings -->"
END_MARK: Final = "<!-- end of the tables -->"
SINCE_DAY: Final = 30
"""Earlier days only teach the rules what is usual."""
HOLD_DELAY_MS: Final = 5 * MINUTE_MS + 90_000
"""From an event to the run that judges it, at worst: the schedule, and the age at which a row is read."""
OF_STATE: Final = frozenset({"no_second_factor", "one_contact_point", "stale_password"})
"""They tell what an account has, and are right about each that they name."""
OF_AGENTS: Final = frozenset(detector.rule for detector in DETECTORS if detector.stream is Stream.AGENT)
SHIPPED: Final = frozenset(detector.rule for detector, _ in choose_rules(parse_settings()))
HOLDING: Final = frozenset(detector.rule for detector in DETECTORS if detector.holds)


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding that stands in the end, and the time of the event by which it was first seen."""

    rule: str
    subject: str
    seen_ms: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Attacks of one kind: how many, the share that a rule found, and the median minutes until then. `held`: the share
    of accounts that were held before the last theft. `lost`: the share of the money that was gone by then."""

    attacks: int
    found: float
    minutes: float
    held: float
    lost: float


def find_all(facts: Iterable[Mapping[str, Any]]) -> Iterator[Seen]:
    """Every finding of every rule on the facts that stands in the end."""
    plans = RuleSet.of((detector, detector.limits) for detector in DETECTORS).plans
    reader = Reader()
    streams: dict[tuple[Stream, str], list[Event]] = defaultdict(list)
    for fact in facts:
        for stream, subject, event in reader.split(read_line(json.dumps(fact).encode())):
            streams[stream, subject].append(event)
    for (stream, subject), events in streams.items():
        plan = plans[stream]
        fold = Fold(plan)
        seen: dict[tuple[str, int], int] = {}
        for event in in_order(events):
            for rule, hit in fold.take(event):
                if hit.withdrawn:
                    seen.pop((rule.name, hit.started_ms), None)
                else:
                    seen.setdefault((rule.name, hit.started_ms), event.at_ms)
        for (name, _), seen_ms in seen.items():
            yield Seen(plan.rules[name].detector.rule, subject, seen_ms)


def count_false(town: Town, *, customers: int, days: int) -> dict[str, float]:
    """Findings per 10,000 customers and day, by rule, in a town without thieves."""
    since_ms = BEGIN_MS + SINCE_DAY * DAY_MS
    counted = Counter(one.rule for one in find_all(town.facts) if one.seen_ms >= since_ms)
    return {
        detector.rule: counted[detector.rule] * 10_000 / customers / (days - SINCE_DAY)
        for detector in DETECTORS
        if detector.rule not in OF_STATE | OF_AGENTS
    }


def measure_thieves(town: Town, findings: Iterable[Seen], rules: Collection[str]) -> dict[str, Measured]:
    """The attacks as these rules see them, by kind. A hold comes HOLD_DELAY_MS after the event that shows it."""
    seen: dict[str, list[Seen]] = defaultdict(list)
    for one in findings:
        if one.rule in rules and one.rule not in OF_STATE:
            seen[one.subject].append(one)
    measured = {}
    for kind, attacks in sorted(town.attacks.items()):
        waits, held, gone, stolen = [], 0, 0, 0
        for attack in attacks:
            later = [one for one in seen[attack.account] if one.seen_ms >= attack.begun_ms]
            if later:
                waits.append((min(one.seen_ms for one in later) - attack.begun_ms) / MINUTE_MS)
            holds = [one.seen_ms + HOLD_DELAY_MS for one in later if one.rule in HOLDING]
            last_ms = attack.thefts[-1][0]
            until_ms = min(holds, default=last_ms + 1)
            held += until_ms <= last_ms
            gone += sum(minor for at_ms, minor in attack.thefts if at_ms < until_ms)
            stolen += sum(minor for _, minor in attack.thefts)
        count = len(attacks)
        measured[kind] = Measured(
            count, len(waits) / count, median(waits) if waits else 0.0, held / count, gone / stolen
        )
    return measured


@dataclass(frozen=True, slots=True)
class Noticed:
    """Attacks that take no money from the account on which they show. `found`: the share that a rule found. `minutes`:
    the median until then. `paid`: the share of the money of `thefts` that moved before the finding."""

    attacks: int
    found: float
    minutes: float
    paid: float


def notice(attacks: Collection[Attack], findings: Iterable[Seen], rules: Collection[str]) -> Noticed:
    """The attacks as these rules see them."""
    seen: dict[str, list[int]] = defaultdict(list)
    for one in findings:
        if one.rule in rules and one.rule not in OF_STATE:
            seen[one.subject].append(one.seen_ms)
    waits, gone, whole = [], 0, 0
    for attack in attacks:
        first_ms = min((at_ms for at_ms in seen[attack.account] if at_ms >= attack.begun_ms), default=None)
        if first_ms is not None:
            waits.append((first_ms - attack.begun_ms) / MINUTE_MS)
        whole += sum(minor for _, minor in attack.thefts)
        gone += sum(minor for at_ms, minor in attack.thefts if first_ms is None or at_ms < first_ms)
    count = len(attacks)
    return Noticed(count, len(waits) / count, median(waits) if waits else 0.0, gone / whole if whole else 0.0)


def render(seed: int, *, customers: int, days: int) -> str:
    """The tables, as Markdown."""
    town = live_in_town(seed, customers=customers, days=days)
    rates = count_false(town, customers=customers, days=days)
    lines = [
        f"{customers:,} honest people of seed {seed} for {days - SINCE_DAY} days, after {SINCE_DAY} days from which "
        f"rules learn; {len(town.facts):,} facts.",
        "",
        "| Rule | By default | False findings per 10,000 customers and day |",
        "|---|---|---|",
        *(f"| {rule} | {'on' if rule in SHIPPED else 'off'} | {rate:.2f} |" for rule, rate in rates.items()),
    ]
    let_thieves_in(seed, town, since_day=SINCE_DAY, days=days)
    let_guessers_in(seed, town, since_day=SINCE_DAY, days=days)
    copy_cards(seed, town, since_day=SINCE_DAY)
    every = {detector.rule for detector in DETECTORS}
    findings = list(find_all(town.facts))
    for name, rules in (("the rules that are on by default", SHIPPED), ("all rules on", every)):
        lines += [
            "",
            f"Thieves, with {name}:",
            "",
            "| Attack | Number | Found | Median minutes | Held in time to save money | Money lost before the hold |",
            "|---|---|---|---|---|---|",
            *(
                f"| {kind} | {one.attacks} | {one.found:.0%} | {one.minutes:.0f} | {one.held:.0%} | {one.lost:.0%} |"
                for kind, one in measure_thieves(town, findings, rules).items()
            ),
        ]
    lines += [
        "",
        "Attacks on logins:",
        "",
        "| Attack | Number | Found by default | Median minutes | Found by all rules |",
        "|---|---|---|---|---|",
    ]
    for kind, attacks in sorted(town.intrusions.items()):
        shipped, all_rules = (notice(attacks, findings, rules) for rules in (SHIPPED, every))
        lines.append(
            f"| {kind} | {shipped.attacks} | {shipped.found:.0%} | {shipped.minutes:.0f} | {all_rules.found:.0%} |"
        )
    shops = notice(town.copied, findings, every)
    lines += [
        "",
        f"Of {shops.attacks} shops whose terminals copy cards for four weeks, and whose frauds are reported a week "
        f"later, all rules name {shops.found:.0%}, the median {shops.minutes / 1440:.1f} days after the first fraud. "
        f"{shops.paid:.0%} of the money was paid before.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Print the tables, or write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("customers", 2_000), ("days", 60), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    text = render(arguments.seed, customers=arguments.customers, days=arguments.days)
    if not arguments.write:
        print(text)
        return
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN_MARK)
    _, _, after = rest.partition(END_MARK)
    PAGE.write_text(f"{before}{BEGIN_MARK}\n{text}\n\n{END_MARK}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
