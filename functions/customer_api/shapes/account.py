"""The forms of the account: what keeps it shut, and how well it is protected."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from functions.customer_api.shapes.common import Answer


class Lock(Answer):
    """The lock in force on the account. `text` says it in words. `cause` is null for a hold that people look into,
    whatever for. `asked` is the request to the wallet that it has not confirmed. `self_service` is the act that the
    owner may do. Until `recovery_until` a new password may be chosen."""

    state: Literal["OPEN", "SOFT", "HARD", "HOLD", "FROZEN", "PAUSED", "CLOSED", "ERASED"]
    cause: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    asked: str | None = None
    recovery_until: datetime | None = None
    self_service: Literal["unlock", "reset", "both", "end_pause", "unfreeze", "no"]
    facts_as_of: datetime
    text: str


class ContactPoint(Answer):
    """A contact point of the account, by its kind: the value itself the app has from the wallet."""

    kind: Literal["phone", "email"]
    confirmed_at: datetime | None


class Finding(Answer):
    """Something that a scan found and nobody has dealt with, or that a person has confirmed within 90 days. It is never
    told by which rule: a thief may hold the session. `found_at`: when it happened, as in a message about it.
    `confirmed_at` and `text` (what was done, and what to do) are null of one that nobody has dealt with."""

    id: str
    severity: str
    found_at: datetime
    confirmed_at: datetime | None
    text: str | None


class Login(Answer):
    """The latest login of a device. `id` is what a denial names. `device` null: the wallet names none, or there is
    nothing to compare it with. `elsewhere`: no other device signed in from its country lately."""

    id: str
    at: datetime
    country: str | None
    device: Literal["known", "new"] | None
    elsewhere: bool


class Matter(Answer):
    """Something that the owner is told of the account's security; `text` says it in words, with the one thing to do.
    `at`: when it happened last, null of what did not happen at some time. `confirmed`: people have confirmed something
    within 90 days. `lock`: the account is on hold, frozen, paused, locked or closed, or no payment is stopped though
    something is confirmed. `reported`: something of which the owner has said that it was not them. `new_device`,
    `password_changed`, `two_step_ended`, `sim_changed` and `contact_changed` (a contact point was confirmed or
    removed) happened within seven days."""

    matter: Literal[
        "confirmed",
        "lock",
        "findings",
        "reported",
        "new_device",
        "password_changed",
        "two_step_ended",
        "sim_changed",
        "contact_changed",
        "two_step_off",
        "one_contact",
        "no_pin",
    ]
    at: datetime | None
    text: str


class Security(Answer):
    """How well the account is protected, and what was found on it. `two_step` null: the wallet has not said, and the
    hotline asks for two factors. `findings` null: the session has proved no factor beyond its sign-in, and
    `matters` says nothing of them either. `matters`: what the owner can do, the most important first. `logins`: the
    latest of each device, the latest first."""

    two_step: bool | None
    pin: bool
    contact_points: list[ContactPoint]
    contact_changed_at: datetime | None
    findings: list[Finding] | None
    matters: list[Matter]
    logins: list[Login]


class Asked(Answer):
    """The result of asking: `asked` until the wallet has confirmed it, or that it is so already."""

    outcome: Literal["asked", "open", "frozen", "granted"]
