"""The check-up of an account: matters that its owner is told, with one thing to do for each. Pure.

They come in the order of importance. First comes what people have confirmed, and whether money is kept from leaving.
Then come dangers of now, then changes by which a theft may have been prepared, then what keeps others out. OWASP ASVS
5.0 6.3.5 wants suspicious attempts told, and 6.3.7 changes of what proves the owner. NIST SP 800-63B-4 asks for two
factors (2.2) and a way back by another contact point (4.2). The document docs/security.md has the sources of all
advice.

Phone and API render the same matters (`checkup_reading.check_up`), so that both tell the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from hotline.accounts.recency import is_recent
from hotline.kit.clock import to_text
from hotline.lockout.model import LockState

if TYPE_CHECKING:
    from hotline.accounts.model import Profile
    from hotline.lockout.model import LockView

    from .model import ToldFinding


class Matter(StrEnum):
    """Something about an account that its owner is told, the most important first."""

    CONFIRMED = "confirmed"
    """A person has confirmed that something was not the owner's doing."""
    LOCK = "lock"
    """The account is on hold, frozen, paused, locked or closed; or no payment is stopped though something is
    confirmed. `form` says which."""
    FINDINGS = "findings"
    """Something was found. The owner listens to the latest logins and payments, and says which one was not theirs."""
    REPORTED = "reported"
    """Something was found of which the owner has said that it was not them. People will check it."""
    NEW_DEVICE = "new_device"
    """A device came in or was registered of late for the first time. An owner who does not know it freezes."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a matter, not a secret
    TWO_STEP_ENDED = "two_step_ended"
    """Two-step login was switched off of late, and is off."""
    SIM_CHANGED = "sim_changed"
    """Another SIM answers to a number since a short time: codes go elsewhere than before."""
    CONTACT_CHANGED = "contact_changed"
    """A contact point was confirmed or removed of late: codes go elsewhere than before."""
    TWO_STEP_OFF = "two_step_off"
    ONE_CONTACT = "one_contact"
    NO_PIN = "no_pin"


class Advice(StrEnum):
    """The sentences of which the thing to do consists."""

    NEW_PASSWORD = "new_password"  # noqa: S105 - an advice, not a secret
    NEW_PASSWORD_UNLESS = "new_password_unless"  # noqa: S105 - an advice, not a secret
    """The same for who has not changed it since. Somebody has, and `password.changed` does not say who."""
    LOOK = "look"
    """Look through the latest logins and payments."""
    LOOK_AT_PAYMENTS = "look_at_payments"
    """The same, where no login is known."""
    NOBODY_IN = "nobody_in"
    """Only tries were found, and no login or new device is known: nobody got in as far as the hotline knows."""
    ASK_FREEZE = "ask_freeze"
    NAME_IT = "name_it"
    """The account is frozen already. The owner names what was not theirs."""
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True)
class ToldMatter:
    """A matter as the owner is told of it. `times`: when it happened, of what happened. `form`: which of several things
    a matter says, empty where it says one. `advice`: the thing to do, none where nothing is to be done."""

    matter: Matter
    times: tuple[datetime, ...] = ()
    form: str = ""
    advice: tuple[Advice, ...] = ()

    @property
    def mark(self) -> str:
        """Eight hexadecimal digits, by which a call knows what it has told. Another form or time has another mark."""
        parts = (self.matter.value, self.form, *(to_text(at) for at in sorted(self.times)))
        return f"{crc32(' '.join(parts).encode()):08x}"


TOLD_RULES: Final = frozenset(
    {
        "failed_login_burst",
        "distributed_guessing",
        "success_after_attack",
        "code_flooding",
        "new_devices_in_a_row",
        "impossible_travel",
        "two_countries",
        "reset_device_transfer",
        "drain",
        "card_testing",
        "velocity",
        "spend_anomaly",
    }
)
"""Rules of which an owner is told that something was found: they find what others do to an account.

Every rule that asks for a hold is among them, since the hold tells its owner. Every other rule is silent, also one that
is new. It may find what the owner does: money passed on, refunds abused. An owner must not learn of that before people
have looked (FATF recommendation 21). Rules on protection are told as what they are about, by what the hotline knows
itself.
"""
CONTACTS_MIN: Final = 2
TOLD_BEFORE_LOCKS: Final = frozenset({LockState.HOLD, LockState.FROZEN, LockState.PAUSED})
"""The states that are told before a lock after failed logins. All of them keep money from leaving (docs/contracts.md),
and such a lock mostly ends by itself."""
NOT_STOPPED: Final = "open"
"""The form of LOCK where nothing shuts the account though something is confirmed."""
ASKED: Final = ".asked"
"""The end of a form of LOCK that the wallet has not confirmed yet."""


def is_told(item: Mapping[str, Any]) -> bool:
    """Whether the owner is told of a stored finding."""
    return item["rule"] in TOLD_RULES


def list_matters(
    *,
    found: Sequence[ToldFinding],
    confirmed: Sequence[ToldFinding],
    view: LockView,
    profile: Profile | None,
    new_devices: tuple[datetime, ...],
    has_logins: bool,
    pin: bool,
    now: datetime,
) -> tuple[ToldMatter, ...]:
    """The matters of an account, the most important first. `found`: what waits for somebody; `confirmed`: what a person
    has confirmed of late. `new_devices`: when each of them came. `has_logins`: a login is known that the owner may look
    at. `pin`: there is a PIN for the hotline."""
    waiting = tuple(one for one in found if not one.is_denied)
    reported = tuple(one for one in found if one.is_denied)
    tries = not new_devices and all(one.is_try for one in (*found, *confirmed))
    advice = _advise_found(has_logins=has_logins, tries=tries, view=view)
    told = [
        *_list_happened(Matter.CONFIRMED, confirmed, _advise_confirmed(confirmed, profile, advice, view)),
        *_list_lock(view, is_confirmed=bool(confirmed)),
        *_list_happened(Matter.FINDINGS, waiting, advice),
        *_list_happened(Matter.REPORTED, reported, ()),
        *_list_changes(profile, new_devices, view, now),
        *(() if _is_closed(view) else _list_protection(profile, pin)),
    ]
    if any(one.matter is Matter.TWO_STEP_ENDED for one in told):
        told = [one for one in told if one.matter is not Matter.TWO_STEP_OFF]
    return tuple(told)


def _list_happened(matter: Matter, found: Iterable[ToldFinding], advice: tuple[Advice, ...]) -> tuple[ToldMatter, ...]:
    times = tuple(one.noticed_at for one in found)
    return (ToldMatter(matter, times, advice=advice),) if times else ()


def _is_closed(view: LockView) -> bool:
    """Nothing can be frozen any more, and nobody signs in."""
    return view.state is LockState.CLOSED


def _is_frozen(view: LockView) -> bool:
    return any(one.state is LockState.FROZEN for one in view.components)


def _advise_found(*, has_logins: bool, tries: bool, view: LockView) -> tuple[Advice, ...]:
    """The things to do about what was found. `tries`: nothing but tries was found, and no device came in."""
    if has_logins:
        look = Advice.LOOK
    elif tries:
        return (Advice.NOBODY_IN,)
    else:
        look = Advice.LOOK_AT_PAYMENTS
    if _is_closed(view):
        return (look,)
    return (look, Advice.NAME_IT if _is_frozen(view) else Advice.ASK_FREEZE)


def _advise_confirmed(
    confirmed: Sequence[ToldFinding], profile: Profile | None, advice: tuple[Advice, ...], view: LockView
) -> tuple[Advice, ...]:
    """A new password, but where nobody got in. One that is newer than the word of the person may be the thief's."""
    if Advice.NOBODY_IN in advice or _is_closed(view):
        return advice
    changed_at = profile.password_changed_at if profile is not None else None
    said_at = max((one.confirmed_at for one in confirmed if one.confirmed_at is not None), default=None)
    is_newer = changed_at is not None and said_at is not None and changed_at > said_at
    return (Advice.NEW_PASSWORD_UNLESS if is_newer else Advice.NEW_PASSWORD, *advice)


def _list_lock(view: LockView, *, is_confirmed: bool) -> tuple[ToldMatter, ...]:
    """The thing in force that is told: that the account is closed, else one of TOLD_BEFORE_LOCKS, else a lock."""
    stops = (one.state for one in view.components if one.state in TOLD_BEFORE_LOCKS)
    state = view.state if _is_closed(view) else next(stops, view.state)
    if state is LockState.OPEN:
        return (ToldMatter(Matter.LOCK, form=NOT_STOPPED),) if is_confirmed else ()
    asked = ASKED if view.unconfirmed and state is view.state else ""
    return (ToldMatter(Matter.LOCK, form=f"{state.value.lower()}{asked}"),)


def _list_changes(
    profile: Profile | None, new_devices: tuple[datetime, ...], view: LockView, now: datetime
) -> Iterable[ToldMatter]:
    """The things that changed of late. A freeze is no advice where there is one, nor where there can be none."""
    advice = () if _is_frozen(view) or _is_closed(view) else (Advice.FREEZE,)
    if new_devices:
        yield ToldMatter(Matter.NEW_DEVICE, new_devices, advice=advice)
    if profile is None:
        return
    changes = {
        Matter.PASSWORD_CHANGED: profile.password_changed_at,
        Matter.TWO_STEP_ENDED: profile.two_step_off_at if profile.two_step is False else None,
        Matter.SIM_CHANGED: profile.sim_changed_at,
        Matter.CONTACT_CHANGED: profile.point_changed_at,
    }
    for matter, at in changes.items():
        if at is not None and is_recent(at, profile.opened_at, now):
            yield ToldMatter(matter, (at,), advice=advice)


def _list_protection(profile: Profile | None, pin: bool) -> Iterable[ToldMatter]:
    """The things that would keep others out. Two-step of which the wallet has not told counts as on."""
    if profile is not None and profile.two_step is False:
        yield ToldMatter(Matter.TWO_STEP_OFF)
    if profile is not None and len({point.kind for point in profile.live_points}) < CONTACTS_MIN:
        yield ToldMatter(Matter.ONE_CONTACT)
    if not pin:
        yield ToldMatter(Matter.NO_PIN)
