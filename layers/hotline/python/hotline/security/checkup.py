"""The check-up of an account: matters about which its owner can do something, with one thing to do for each. Pure.

They come in the order of importance: what somebody may be doing now, then what somebody may have prepared, then what
keeps others out. OWASP ASVS 5.0 6.3.5 wants suspicious attempts told, and 6.3.7 changes of what proves the owner. NIST
SP 800-63B-4 asks for two factors (2.2) and a way back by another contact point (4.2). The document docs/security.md has
the sources of all advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final


class Matter(StrEnum):
    """Something about an account that its owner can do something about, the most important first."""

    FINDINGS = "findings"
    """Something was found. The owner listens to the latest logins and payments, and says which one was not theirs."""
    NEW_DEVICE = "new_device"
    """A device came in or was registered of late for the first time. An owner who does not know it freezes."""
    CONTACT_CHANGED = "contact_changed"
    """A contact point was confirmed or removed of late, or its SIM changed: codes go elsewhere than before."""
    TWO_STEP_OFF = "two_step_off"
    ONE_CONTACT = "one_contact"
    NO_PIN = "no_pin"


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
        "velocity",
        "spend_anomaly",
    }
)
"""Rules of which an owner is told that something was found: they find what others do to an account.

Every other rule is silent, also one that is new. It may find what the owner does: money passed on, cards tried out,
refunds abused. An owner must not learn of that before people have looked (FATF recommendation 21). Rules on protection
are told as what they are about, by what the hotline knows itself.
"""
CONTACTS_MIN: Final = 2


def is_told(item: Mapping[str, Any]) -> bool:
    """Whether the owner is told of a stored finding."""
    return item["rule"] in TOLD_RULES


def list_matters(
    *,
    finding_count: int,
    new_device_count: int,
    contact_changed: bool,
    two_step: bool | None,
    contact_count: int,
    pin: bool,
) -> tuple[Matter, ...]:
    """The matters of an account, the most important first. `two_step` None: the wallet has not said.
    `contact_count`: ways by which a code can reach the owner."""
    reasons = {
        Matter.FINDINGS: finding_count > 0,
        Matter.NEW_DEVICE: new_device_count > 0,
        Matter.CONTACT_CHANGED: contact_changed,
        Matter.TWO_STEP_OFF: two_step is False,
        Matter.ONE_CONTACT: contact_count < CONTACTS_MIN,
        Matter.NO_PIN: not pin,
    }
    return tuple(matter for matter in Matter if reasons[matter])
