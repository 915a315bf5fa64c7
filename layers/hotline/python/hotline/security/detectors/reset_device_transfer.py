"""The keys of an account change and a new device comes, then money leaves: how a stolen account is emptied.

A new password, a new contact point, another SIM, or two-step login switched off is everyday life. So is a new device
after it: somebody bought a phone. The third sign is a sum worth stealing, soon after, to somebody who was not paid
before. The finding asks for a hold, because the next transfer is minutes away. A caller alone never opens that hold.

A thief who has the password may add the device first, or log in with it and register none. So the order of the two is
free. An unknown device that logs in is a new one where another one is known. One that is registered is new, unless it
was known before: people install the app anew on their own phone. The devices of an account's first hours begin nothing:
whoever opens an account adds a contact point on the same day.

Payments in shops and of bills do not count. A new phone, then a first purchase at some shop, is an ordinary day, and a
hold would meet its owner at the till. A shop has a name and gives money back; a stranger and cash do not.
`spend_anomaly`, `velocity` and `card_testing` measure what is paid there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .floors import floor_of
from .history import History
from .reset_device_examples import list_examples
from .rule import (
    DAY_MS,
    EVIDENCE_MAX,
    HOUR_MS,
    MINUTE_MS,
    NO_HITS,
    Detector,
    Event,
    Hit,
    Severity,
    Signal,
    State,
)  # fmt: skip
from .windows import slide

ENTRIES_MAX: Final = 32
"""So many movements are kept, to be taken back. The numbers of a finding count all of them."""
SIGNS_MAX: Final = 16
"""So many changes and devices of a window are kept: the first half of them, and the last. A flood pushes out neither
those before it nor those after it. Of several of one kind in a row, the first begins a pattern and the last ends it."""
NEW_MAX: Final = 16
"""So many payees are known as strangers after their first payment. Everybody is a stranger to an account that has
so many at once. A thief would pay a yuan to somebody, and then to many others."""
KNOWN_MAX: Final = 8
"""So many devices of an account are known, and none is forgotten. An account that has logged in with so many in its
life tells nothing by its logins any more. Devices that are registered count as before."""
HITS_MAX: Final = 3
"""So many findings are known, to be taken back."""
UNDONE_MS: Final = 45 * DAY_MS
"""So long after their last movement findings are known, to be taken back. Within 45 days a bank has decided on what its
customer says about a transfer (Regulation E, 1005.11(c)(2))."""
STEALING_KINDS: Final = frozenset({"transfer", "withdrawal"})
"""Money that leaves for somebody or somewhere the attacker chooses."""
_COUNTED: Final = 5
"""The place in a movement of `sent` from which on the beginnings of findings stand."""
_LEFT: Final = Signal.MONEY_LEFT.value
_UNDONE: Final = Signal.MONEY_UNDONE.value
_LOGIN: Final = Signal.LOGIN_SUCCEEDED.value
_PROFILE: Final = Signal.PROFILE_TOLD.value
_DEVICE: Final = "device"
_POINTS: Final = {"added": 1, "removed": -1}
_NAMES: Final = {
    Signal.PASSWORD_CHANGED: "password",
    Signal.POINT_CHANGED: "contact_point",
    Signal.TWO_STEP_CHANGED: "two_step_off",
    Signal.SIM_CHANGED: "sim",
}
_WAKES: Final = frozenset(
    {*_NAMES, Signal.PROFILE_TOLD, Signal.LOGIN_SUCCEEDED, Signal.DEVICE_REGISTERED, Signal.MONEY_LEFT}
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Elastic chains a credential alert, a change of factors and a login within 12 h. The MAS Guidelines on Shared
    Responsibility (Singapore, 2024) keep high-risk activities shut for 12 h after a token is activated on a new device.
    NIST SP 800-63B-4 names a change of the SIM as a sign that a number is not in its owner's hands (3.1.3.3).
    Nobody publishes a figure for the sum, in minor units by currency: about 1,000 yuan. Several transfers add up, or a
    thief would stay below it."""

    window_ms: int = 12 * HOUR_MS
    floor_minor: Mapping[str, int] = field(
        default_factory=lambda: {"CNY": 100_000, "HKD": 100_000, "JPY": 20_000, "": 15_000}
    )
    """The empty name is every other currency."""
    stranger_ms: int = DAY_MS
    """A payee stays a stranger for so long from its first payment on. A thief would pay a yuan before else, and the
    rest to somebody known. The People's Bank of China gives as long to stop a transfer at a machine (Yinfa 2016 No.
    261)."""


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `signs` [time, id, word] of changes and devices of a window. `sent` [time, id,
    movement, amount, currency, beginnings] outlives them with a finding. The beginnings are those of the findings that
    have counted the movement. `new`: [time, party] of strangers, as the history has them, so that a packed memory
    hardly grows. `known`: the marks of devices, and `learned` the time of the last one, for a window. `told`: twice the
    number of contact points, and one more with two-step login, once a profile was told. `hits` [beginning, time of the
    second sign, time at which it was found, [time, id] of the last movement, facts, ids] are the last findings."""
    # Most logins come from a known device and most money goes to a known party, and that is looked at first.
    if signal == _LOGIN:
        device, known = event.source[1], state.get("known", ())
        is_unknown = device and len(known) < KNOWN_MAX and device not in known
        if is_unknown or "hits" in state:
            _forget(state, event, limits)
        if is_unknown:
            _meet(state, event, history, limits)
    elif signal == _LEFT:
        if not (history.is_first_party or "signs" in state or "new" in state) and "party" in event.values:
            return NO_HITS
        return _send(state, event, history, limits)
    elif signal == _UNDONE:
        return _take_back(state, event, limits)
    elif signal == Signal.DEVICE_REGISTERED:
        is_begun = _is_grown(event, history, limits) or any(sign[2] != _DEVICE for sign in state.get("signs", ()))
        if is_begun and not _was_known(state, event, limits):
            _keep_sign(state, event, _DEVICE, limits)
    else:
        change = _note_change(state, signal, event)
        # A profile is completed on the day on which somebody joins.
        if change is not None and (signal != _PROFILE or _is_grown(event, history, limits)):
            _keep_sign(state, event, change, limits)
    return NO_HITS


def _note_change(state: State, signal: str, event: Event) -> str | None:
    """Keep what is known of contact points and two-step login. Gives the word of a change by which somebody else may
    get in. A profile tells the whole account, and changes something only where another value was known."""
    values, known = event.values, state.get("told")
    if signal == _PROFILE:
        two_step, points = values.get("two_step"), values.get("points")
        if two_step is None or points is None:
            return None
        state["told"] = 2 * points + two_step
        if known is None or (known >> 1 == points and known & 1 <= two_step):
            return None
        return _NAMES[Signal.TWO_STEP_CHANGED if known & 1 > two_step else Signal.POINT_CHANGED]
    if signal == Signal.TWO_STEP_CHANGED:
        is_on = int(bool(values.get("on")))
        if known is not None:
            state["told"] = known & ~1 | is_on
        return None if is_on else _NAMES[Signal.TWO_STEP_CHANGED]
    if signal == Signal.POINT_CHANGED and known is not None:
        state["told"] = max(known & 1, known + 2 * _POINTS.get(values.get("change", ""), 0))
    return _NAMES[Signal(signal)]


def _forget(state: State, event: Event, limits: Limits) -> None:
    """Drop what is over, since every write of a watch pays for it. Movements are kept with their finding."""
    window_ms = limits.window_ms
    if "signs" in state and state["signs"][-1][0] < event.at_ms - window_ms:
        del state["signs"]
    # A longer window keeps them, or the signs of a finding would make it again.
    if "hits" in state and state["hits"][-1][3][0] < event.at_ms - max(UNDONE_MS, window_ms):
        del state["hits"]
    if "signs" not in state and "hits" not in state:
        state.pop("sent", None)
    if state.get("learned", event.at_ms) < event.at_ms - window_ms:
        del state["learned"]


def _meet(state: State, event: Event, history: History, limits: Limits) -> None:
    """Take in the unknown device of a login, which is a sign where others are known. One that is registered logs in
    about then, so its login teaches it."""
    if "known" in state and _is_grown(event, history, limits):
        _keep_sign(state, event, _DEVICE, limits)
    state["known"] = [*state.get("known", ()), event.source[1]]
    state["learned"] = event.at_ms


def _was_known(state: State, event: Event, limits: Limits) -> bool:
    """Whether a device that is registered was known before the window. A thief's device may log in first and register
    then. One time is enough for all devices: the last one that was learned of late is a sign itself, or the first."""
    if state.get("learned", 0) >= event.at_ms - limits.window_ms:
        return False
    return event.source[1] in state.get("known", ())


def _is_grown(event: Event, history: History, limits: Limits) -> bool:
    """Whether the account's first hours are over."""
    return history.born_ms < event.at_ms - limits.window_ms


def _keep_sign(state: State, event: Event, word: str, limits: Limits) -> None:
    signs = state.setdefault("signs", [])
    if len(signs) > 1 and all((sign[2] == _DEVICE) == (word == _DEVICE) for sign in signs[-2:]):
        signs.pop()
    slide(signs, [event.at_ms, event.id, word], span_ms=limits.window_ms, kept_max=SIGNS_MAX + 1)
    if len(signs) > SIGNS_MAX:
        del signs[SIGNS_MAX // 2]


def _send(state: State, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    values = event.values
    if values["kind"] not in STEALING_KINDS:
        return NO_HITS
    _forget(state, event, limits)
    if not _goes_to_stranger(state, event, history, limits):
        return NO_HITS
    hits = state.get("hits", ())
    last = hits[-1] if hits else None
    is_open = last is not None and event.at_ms <= last[2] + limits.window_ms
    signs = _find_signs(state, event.at_ms - limits.window_ms, last)
    if signs is None and not is_open:
        return NO_HITS
    currency = values["currency"]
    movement = [event.at_ms, event.id, values["movement_id"], values["amount_minor"], currency]
    sent = state.setdefault("sent", [])
    slide(sent, movement, span_ms=max(UNDONE_MS, limits.window_ms), kept_max=ENTRIES_MAX)
    if signs is not None:
        first, second = signs
        since = [one for one in sent if one[0] >= second[0]]
        same = [one for one in since if one[4] == currency]
        total_minor = sum(one[3] for one in same)
        if total_minor >= floor_of(limits.floor_minor, currency):
            change = second[2] if first[2] == _DEVICE else first[2]
            facts = {"transfers": len(same), "amount_minor": total_minor, "currency": currency, "change": change}
            ids = [first[1], second[1], *(one[1] for one in since)][:EVIDENCE_MAX]
            for one in since:
                one.append(first[0])
            last = [first[0], second[0], event.at_ms, movement[:2], facts, ids]
            state["hits"] = [*hits, last][-HITS_MAX:]
            return (_hit_of(last),)
    return (_grow(last, movement),) if last is not None and is_open else NO_HITS


def _goes_to_stranger(state: State, event: Event, history: History, limits: Limits) -> bool:
    """Whether nobody knows the other party, or the account pays it for the first time, or did a short time before.
    Where more were paid first of late than a memory has room for, the party may be one of those."""
    party = event.values.get("party")
    if party is None:
        return True
    if history.is_first_party:
        slide(state.setdefault("new", []), [event.at_ms, party], span_ms=limits.stranger_ms, kept_max=NEW_MAX)
        return True
    new = state.get("new")
    if not new:
        return False
    oldest_ms = event.at_ms - limits.stranger_ms
    if new[-1][0] < oldest_ms:
        del state["new"]
        return False
    if len(new) == NEW_MAX and new[0][0] >= oldest_ms:
        return True
    return party in [one for at_ms, one in new if at_ms >= oldest_ms]


def _find_signs(state: State, oldest_ms: int, last: list[Any] | None) -> tuple[list[Any], list[Any]] | None:
    """The first sign of the window and the first one of the other kind after it. Those until the last finding was found
    belong to it: what comes later is a pattern of its own."""
    found_ms = -1 if last is None else last[2]
    first = None
    for sign in state.get("signs", ()):
        if sign[0] < oldest_ms or sign[0] <= found_ms:
            continue
        if first is None:
            first = sign
        elif (sign[2] == _DEVICE) != (first[2] == _DEVICE):
            return first, sign
    return None


def _grow(known: list[Any], movement: list[Any]) -> Hit:
    """Let a finding have one more movement. One in another currency is named, and adds nothing to the sum."""
    facts = known[4]
    movement.append(known[0])
    if movement[4] == facts["currency"]:
        transfers, amount_minor = facts["transfers"] + 1, facts["amount_minor"] + movement[3]
        known[4] = {**facts, "transfers": transfers, "amount_minor": amount_minor}
    known[3] = movement[:2]
    if len(known[5]) < EVIDENCE_MAX:
        known[5] = [*known[5], movement[1]]
    return _hit_of(known)


def _hit_of(known: list[Any], *, withdrawn: bool = False) -> Hit:
    return Hit(known[0], known[3][0], known[4], tuple(known[5]), withdrawn=withdrawn)


def _take_back(state: State, event: Event, limits: Limits) -> Iterable[Hit]:
    """Count a movement no more. A finding goes when what is left of it would not have been one."""
    _forget(state, event, limits)
    sent = state.get("sent", [])
    gone = next((one for one in sent if one[2] == event.values["movement_id"]), None)
    if gone is None:
        return NO_HITS
    sent.remove(gone)
    hits = state.get("hits", [])
    seen = [_shrink(known, gone, limits) for known in hits if known[0] in gone[_COUNTED:]]
    withdrawn = {hit.started_ms for hit in seen if hit.withdrawn}
    if withdrawn:
        state["hits"] = [known for known in hits if known[0] not in withdrawn]
        if not state["hits"]:
            del state["hits"]
            _forget(state, event, limits)
        # The same signs may begin a finding again, which has a count of its own.
        for one in sent:
            one[_COUNTED:] = [began_ms for began_ms in one[_COUNTED:] if began_ms not in withdrawn]
    return seen


def _shrink(known: list[Any], gone: list[Any], limits: Limits) -> Hit:
    """Let a finding have one movement less. It is withdrawn below the floor, and without any."""
    facts = known[4]
    currency = facts["currency"]
    withdrawn = False
    if gone[4] == currency:
        transfers, amount_minor = facts["transfers"] - 1, facts["amount_minor"] - gone[3]
        withdrawn = transfers == 0 or amount_minor < floor_of(limits.floor_minor, currency)
        if not withdrawn:
            known[4] = {**facts, "transfers": transfers, "amount_minor": amount_minor}
    if not withdrawn:
        known[5] = [one for one in known[5] if one != gone[1]]
    return _hit_of(known, withdrawn=withdrawn)


DETECTOR: Final = Detector(
    rule="reset_device_transfer",
    version=5,
    severity=Severity.CRITICAL,
    listens=_WAKES | {Signal.MONEY_UNDONE},
    kinds=STEALING_KINDS,
    wakes=_WAKES,
    needs=frozenset({Signal.MONEY_LEFT.value, "device"}),
    needs_one=frozenset(signal.value for signal in _NAMES),
    limits=Limits(),
    is_published=True,
    holds=True,
    runbook=(
        "Call the owner on a contact point confirmed before the change, never on one added since, nor on a number "
        "whose SIM is new. If it was they: an agent and a second person release the hold. If not, or if nobody "
        "answers: freeze the account, report the transfers to the receiving side at once, remove the new device, and "
        "have the password replaced after a full proof of identity. Note in the case what was asked and answered; "
        "somebody who pretends to be the owner will call and press for a release."
    ),
    step=step,
    examples=list_examples(
        floor=Limits().floor_minor["CNY"],
        other_floor=Limits().floor_minor[""],
        window=Limits().window_ms / MINUTE_MS,
        stranger=Limits().stranger_ms / MINUTE_MS,
        signs_max=SIGNS_MAX,
        devices_max=KNOWN_MAX,
        payees_max=NEW_MAX,
    ),
)
