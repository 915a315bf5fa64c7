"""The tries to log in from one source, by account, as the rules about sources remember them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from .marks import mark
from .ongoing import add_new
from .rule import EVIDENCE_MAX, NO_HITS, Event, Hit, Signal, State
from .windows import slide

_FAILED: Final = Signal.LOGIN_FAILED.value
TRIES_MAX: Final = 128
"""So many tries of a window are kept: of a faster attack the last ones are judged. A memory stays below 8 KB."""
COUNTED_MAX: Final = 128
"""So many accounts that failed in an attack are told apart, and as many that got in. A finding counts no more."""
LOGINS_MAX: Final = EVIDENCE_MAX // 2
"""So many logins are named beside failures: the latest ones, one of each account."""
_STARTED, _FAILURES, _FAILED_ACCOUNTS, _ACCOUNTS_IN, _TOLD_FAILURES, _TOLD_ACCOUNTS = range(6)


@dataclass(frozen=True, slots=True)
class Tally:
    """The accounts that were tried, by their marks. `failed`: how often each failed."""

    failed: Counter[int]
    accounts_in: frozenset[int]

    @property
    def is_shared_address(self) -> bool:
        """Whether as many accounts get in as fail. Sentinel's rule: at an office, a school or a carrier's gateway most
        people know their password."""
        return len(self.failed) <= len(self.accounts_in)


def keep_try(state: State, signal: str, event: Event, *, span_ms: int) -> list[Any]:
    """Add a try to the window, and return it: [time, account, whether it succeeded]. A window begins with a failure: a
    success counts against the failures before it. Without one it changes no memory, so a quiet address costs no write.
    The memory has also `ids`, [time, id] of the last failures, and `logins`, [time, id, account] of those who got in
    beside them."""
    succeeded = signal != _FAILED
    if succeeded:
        # The last failure is always among `ids`.
        ids = state.get("ids")
        if not ids or ids[-1][0] < event.at_ms - span_ms:
            return []
    tries: list[Any] = state.setdefault("tries", [])
    account = mark(event.values.get("account"))
    slide(tries, [event.at_ms, account, int(succeeded)], span_ms=span_ms, kept_max=TRIES_MAX)
    if tries[0][2]:
        lead = 1
        while lead < len(tries) and tries[lead][2]:
            lead += 1
        del tries[:lead]
    if succeeded:
        _keep_login(state.setdefault("logins", []), event, account, span_ms)
    else:
        slide(state.setdefault("ids", []), [event.at_ms, event.id], span_ms=span_ms, kept_max=EVIDENCE_MAX)
    return tries


def _keep_login(logins: list[Any], event: Event, account: int, span_ms: int) -> None:
    """Remember a login, but for another one of an account that got in within the window: the first one is the attack's.
    Old ones stay until others take their place: an attack may last longer than a window."""
    for place, (at_ms, _, known) in enumerate(logins):
        if known == account:
            if at_ms >= event.at_ms - span_ms:
                return
            del logins[place]
            break
    logins.append([event.at_ms, event.id, account])
    del logins[:-LOGINS_MAX]


def tally(tries: list[Any]) -> Tally:
    """Count the tries by account."""
    failed = Counter(account for _, account, succeeded in tries if not succeeded)
    return Tally(failed, frozenset(account for _, account, succeeded in tries if succeeded))


def find_attack(state: State, tries: list[Any], seen: Tally, event: Event, quiet_ms: int) -> Iterable[Hit]:
    """The finding on the tries of a window, which `follow_attack` corrects until `quiet_until`. The memory `attack` has
    its beginning, failures, the accounts that failed and got in, and how many failures and accounts were told."""
    state["quiet_until"] = tries[0][0] + quiet_ms
    accounts = list(seen.failed)
    state["attack"] = [tries[0][0], seen.failed.total(), accounts, sorted(seen.accounts_in), 0, 0]
    return (_tell_attack(state, event),)


def follow_attack(state: State, signal: str, event: Event) -> Iterable[Hit]:
    """Count a try into the finding that is there. It is told anew when another account gets in, and when the failures
    or the accounts that failed are twice those that were told. So a flood of failures costs a few writes alone."""
    attack = state["attack"]
    account = mark(event.values.get("account"))
    if signal != _FAILED:
        return (_tell_attack(state, event),) if add_new(attack[_ACCOUNTS_IN], account, COUNTED_MAX) else NO_HITS
    attack[_FAILURES] += 1
    add_new(attack[_FAILED_ACCOUNTS], account, COUNTED_MAX)
    is_double = attack[_FAILURES] >= 2 * attack[_TOLD_FAILURES]
    if is_double or len(attack[_FAILED_ACCOUNTS]) >= 2 * attack[_TOLD_ACCOUNTS]:
        return (_tell_attack(state, event),)
    return NO_HITS


def _tell_attack(state: State, event: Event) -> Hit:
    """The finding as it is with an event. It names the last failures and the logins, in the order of their times."""
    attack = state["attack"]
    failures, accounts = attack[_FAILURES], len(attack[_FAILED_ACCOUNTS])
    attack[_TOLD_FAILURES], attack[_TOLD_ACCOUNTS] = failures, accounts
    facts = {"failures": failures, "accounts_failed": accounts, "accounts_in": len(attack[_ACCOUNTS_IN])}
    named = [one[:2] for one in state.get("logins", ()) if one[0] >= attack[_STARTED]]
    named += state.get("ids", ())[len(named) - EVIDENCE_MAX :]
    return Hit(attack[_STARTED], event.at_ms, facts, tuple(id_ for _, id_ in sorted(named)))
