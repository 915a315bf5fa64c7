"""Figures of the rules on logins: false findings about honest customers, and how soon attackers are found.

make python ARGS='-m tests.support.login_findings [--customers N] [--days N] [--seed N]'
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

from hotline.security.detectors import Event, Stream
from hotline.security.detectors.rule import MINUTE_MS
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.fold import Fold
from tests.support.folded_findings import in_order, plan_of
from tests.support.honest_logins import World, attack, live_honestly

FOUND_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "stuffing": ("credential_stuffing", "password_spray"),
    "slow_stuffing": ("slow_stuffing",),
    "spray": ("password_spray", "credential_stuffing"),
    "guessing": ("distributed_guessing", "failed_login_burst"),
    "guessed": ("success_after_attack",),
    "takeover": ("impossible_travel", "two_countries"),
    "flooding": ("code_flooding",),
    "binding": ("new_devices_in_a_row",),
}
"""By the kind of attack: the rules that are to find it."""


@dataclass(frozen=True, slots=True)
class Found:
    """Of attacks of one kind: how many there were, how many were found, and the median minutes until then."""

    attacks: int
    found: int
    minutes: float


def find_all(world: World) -> Iterator[tuple[str, str, int, int]]:
    """Every finding that stands: rule, subject, its beginning and when it was first seen, in ms. Corrections move the
    end of a finding, and come too late to find anything."""
    streams: tuple[tuple[Stream, Mapping[str, list[Event]]], ...] = (
        (Stream.ACCOUNT, world.accounts), (Stream.SOURCE, world.sources), (Stream.AGENT, world.agents),
    )  # fmt: skip
    for stream, subjects in streams:
        plan = plan_of(*(detector for detector in DETECTORS if detector.stream is stream))
        for subject, events in subjects.items():
            fold = Fold(plan)
            first: dict[tuple[str, int], int] = {}
            for event in in_order(events):
                for rule, hit in fold.take(event):
                    key = (rule.detector.rule, hit.started_ms)
                    if hit.withdrawn:
                        first.pop(key, None)
                    else:
                        first.setdefault(key, hit.ended_ms)
            for (name, started_ms), seen_ms in first.items():
                yield name, subject, started_ms, seen_ms


def count_false(world: World, *, customers: int, days: int) -> dict[str, float]:
    """Findings per 10,000 customers and day, by rule, in a world without attackers."""
    counted = Counter(rule for rule, *_ in find_all(world))
    return {detector.rule: counted[detector.rule] * 10_000 / customers / days for detector in DETECTORS}


def measure_attacks(world: World) -> dict[str, Found]:
    """How many attacks were found, by their kind. A finding counts from the beginning of the attack on."""
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    for rule, subject, _, seen_ms in find_all(world):
        seen[rule, subject].append(seen_ms)
    measured: dict[str, Found] = {}
    for kind, attacks in world.attacked.items():
        waits = []
        for subject, begun_ms in attacks:
            later = [seen_ms for rule in FOUND_BY[kind] for seen_ms in seen[rule, subject] if seen_ms >= begun_ms]
            if later:
                waits.append((min(later) - begun_ms) / MINUTE_MS)
        measured[kind] = Found(len(attacks), len(waits), median(waits) if waits else 0.0)
    return measured


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    for name, value in (("customers", 10_000), ("days", 7), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    world = live_honestly(args.seed, customers=args.customers, days=args.days)
    print(f"{world.count:,} events of {args.customers:,} honest customers in {args.days} days")
    print("false findings per 10,000 customers and day")
    for rule, rate in count_false(world, customers=args.customers, days=args.days).items():
        print(f"  {rule:24} {rate:8.2f}")
    print("attacks: found, median minutes")
    for kind, found in measure_attacks(attack(args.seed, world, days=args.days)).items():
        print(f"  {kind:14} {found.found:3} of {found.attacks:3} {found.minutes:8.1f}")


if __name__ == "__main__":
    main()
