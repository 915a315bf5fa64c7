"""One address, accounts that fail there once or twice and never get in, over hours: a slice of a list.

A list of leaked passwords is tried from many addresses at once, a few accounts from each, slowly. No window of minutes
sees that. People who fail at a shared address get in there soon after, or others do. A list of which each address has
an account or two cannot be told from people. A finding has no effect on any account.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .history import History
from .marks import mark
from .rule import DAY_MS, MINUTE_MS, NO_HITS, Detector, Event, Hit, Severity, Signal, State, Stream, Told, example

_FAILED: Final = Signal.LOGIN_FAILED.value
ACCOUNTS_MAX: Final = 16
"""So many accounts are kept, the latest ones."""
_TIME, _MARK, _ID, _TRIES = range(4)


@dataclass(frozen=True, slots=True)
class Limits:
    """Sentinel takes five accounts of one address in 20 minutes, more of them failed than in, and looks at three days.
    Nobody publishes figures for a day, so the number is one that honest addresses do not reach as generated. `tries`:
    a list has one or two passwords for each account."""

    accounts: int = 8
    window_ms: int = DAY_MS
    tries: int = 2
    quiet_ms: int = DAY_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `failed` [first time, account, first id, tries] of accounts that failed and did not
    get in, the latest last, and `quiet_until`. `told` [beginning, accounts] is the last finding, which twice as many
    accounts correct. A success takes its own account out, or else the oldest: so it stays empty where as many get in
    as fail."""
    failed = state.get("failed", [])
    oldest_ms = event.at_ms - limits.window_ms
    while failed and failed[0][_TIME] < oldest_ms:
        del failed[0]
    if not failed and signal != _FAILED:
        return NO_HITS
    account = mark(event.values.get("account"))
    at = next((index for index, one in enumerate(failed) if one[_MARK] == account), None)
    if signal != _FAILED:
        del failed[at or 0]
        return NO_HITS
    if at is not None:
        failed[at][_TRIES] += 1
        return NO_HITS
    failed.append([event.at_ms, account, event.id, 1])
    del failed[:-ACCOUNTS_MAX]
    state["failed"] = failed
    few = [one for one in failed if one[_TRIES] <= limits.tries]
    if len(few) < limits.accounts:
        return NO_HITS
    if event.at_ms >= state.get("quiet_until", 0):
        state["quiet_until"] = event.at_ms + limits.quiet_ms
        started_ms = few[0][_TIME]
    elif len(few) >= 2 * state["told"][1]:
        started_ms = state["told"][0]
    else:
        return NO_HITS
    state["told"] = [started_ms, len(few)]
    facts = {"accounts_failed": len(few), "minutes": (event.at_ms - started_ms) // MINUTE_MS}
    return (Hit(started_ms, event.at_ms, facts, tuple(one[_ID] for one in few)),)


_LEAST: Final = Limits().accounts
_END: Final = Limits().window_ms / MINUTE_MS


def _try(minute: float, account: int, word: str = "failed") -> Told:
    return (minute, f"login.{word}", {"kind": "password", "ip": "a", "account": f"acct-{account}"})


def _list(count: int, *, apart: float = 30, first: int = 0) -> list[Told]:
    return [_try(number * apart, first + number) for number in range(count)]


DETECTOR: Final = Detector(
    rule="slow_stuffing",
    version=2,
    severity=Severity.MEDIUM,
    stream=Stream.SOURCE,
    listens=frozenset({Signal.LOGIN_FAILED, Signal.LOGIN_SUCCEEDED}),
    wakes=frozenset({Signal.LOGIN_FAILED}),
    needs=frozenset({"login.failed", "account"}),
    limits=Limits(),
    is_published=False,
    runbook=(
        "See whether other addresses have such findings on the same day: many together are one list. Slow the "
        "addresses down at the wallet's login, and ask for a second factor at logins from there. Have new passwords "
        "set for accounts that got in from such an address for the first time. One address alone may be a kiosk "
        "with a broken keyboard or an outage of the login; nobody's account is locked for it."
    ),
    step=step,
    examples=(
        example("a slice of a list, one every half hour", *_list(_LEAST), hit=0),
        example("two tries at each", *(_try(n * 30 + m, n) for n in range(_LEAST) for m in range(2)), hit=0),
        example("over just a day", *_list(_LEAST, apart=_END / (_LEAST - 1)), hit=0),
        example("twelve of a day are one finding", *_list(12), hit=0),
        example(
            "one of nine gets in",
            *_list(4),
            _try(95, 3, "succeeded"),
            *(_try(100 + n, 10 + n) for n in range(5)),
            hit=0,
        ),
        example("near miss: seven accounts", *_list(_LEAST - 1), hit=None),
        example("near miss: a moment more than a day", *_list(_LEAST, apart=_END / (_LEAST - 1) + 0.01), hit=None),
        example(
            "near miss: a gateway, where somebody gets in for each who fails",
            *(_try(n * 30, n) for n in range(20)),
            *(_try(n * 30 + 1, 100 + n, "succeeded") for n in range(20)),
            hit=None,
        ),
        example(
            "near miss: they get in a minute later",
            *(_try(n * 30, n) for n in range(20)),
            *(_try(n * 30 + 1, n, "succeeded") for n in range(20)),
            hit=None,
        ),
        example(
            "near miss: an account that is tried three times is no slice of a list",
            *(_try(n, 0) for n in range(3)),
            *_list(_LEAST - 1, first=1),
            hit=None,
        ),
    ),
)
