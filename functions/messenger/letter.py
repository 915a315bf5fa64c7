"""An outbox entry made a message for an address: what the entry must not hold is added here, at the last moment.

The address comes from the profile as it stands now, the code from its challenge. Neither is stored or logged. For a
call there is no text and no code: its flow gets the challenge's id, and asks for the words when somebody has answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from functions.messenger.replies import told_words
from functions.messenger.settings import Sender
from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.evidence import service as evidence
from hotline.identity import service as identity
from hotline.identity.model import Challenge
from hotline.kit.aws.carriers import Outgoing
from hotline.kit.clock import from_text, to_text
from hotline.kit.doors import Context
from hotline.kit.money import Money
from hotline.kit.outbox.delivery import Dropped, still_useful
from hotline.kit.store.condition import Item
from hotline.payments.service import Promise
from hotline.wording import messages
from hotline.wording.values import Digits, Lately, Link, Phone, Reference, Word, dates_told, locale_of

if TYPE_CHECKING:
    from hotline.security.service import News

CODE_MESSAGE: Final = "code"
TOO_LATE: Final = "too_late"
"""Why a message was dropped after the time in which it is of use."""
TIMES_NAMED: Final = ("first_at", "second_at", "third_at")
"""The facts of a message that names instants. Three fit into a text message beside what to do."""
CHALLENGE_ATTRIBUTE: Final = "challenge"
"""The contact attribute by which the flow of a call names the code that it reads out."""


def write_letter(
    entry: Item, ctx: Context, sender: Sender, channel: str, *, times: int | None = None
) -> Outgoing | Dropped:
    """The message as it goes out by a channel, or why none may be sent. `times`: how often its reader has been told of
    the like, where no more of it follow for now. Raises Unavailable when a key or the store does not answer."""
    language = str(entry["language"])
    if not messages.is_known(entry["kind"], language):
        return Dropped("unknown_message")
    if not still_useful(entry, ctx.clock.now()):
        return Dropped(TOO_LATE)
    account_id = entry.get("account_id")
    profile = accounts.find_profile(ctx.store, account_id) if account_id else None
    if profile is None:
        return Dropped("nobody")
    address = accounts.address_to_send(ctx.store, profile.account_id, entry["point"], ctx.lookup_ring)
    if address is None:
        return Dropped("no_address")
    facts = _facts(entry)
    if entry["kind"] == CODE_MESSAGE:
        challenge = _challenge(entry, ctx, profile)
        if isinstance(challenge, Dropped):
            return challenge
        if channel == "voice":
            return Outgoing(address, "", "", entry["entry_id"], {CHALLENGE_ATTRIBUTE: challenge.id})
        code = identity.derive(ctx.code_ring, challenge)
        facts |= {"code": Digits(code), "valid_for": challenge.expires_at - ctx.clock.now()}
    if "repudiation_id" in entry["facts"]:
        token = identity.repudiation_token(str(entry["facts"]["repudiation_id"]), ctx.code_ring)
        facts["repudiation"] = Digits(token)
    if "evidence_id" in entry["facts"]:
        if not sender.page_base:
            return Dropped("no_page")
        facts["link"] = Link(evidence.link_of(str(entry["facts"]["evidence_id"]), ctx.code_ring, base=sender.page_base))
    if times is not None:
        facts["times"] = times
    if sender.takes_replies and channel == "sms":
        facts |= told_words(language)
    facts |= {"wallet": sender.wallet, "number": Phone(official_number(sender.numbers, address))}
    locale = locale_of(language, profile.time_zone, ctx.clock.now())
    if channel == "email":
        mail = messages.email(entry["kind"], facts, locale)
        return Outgoing(address, mail.subject, mail.body)
    return Outgoing(address, "", messages.text_message(entry["kind"], facts, locale))


def list_news(news: News) -> dict[str, object]:
    """The facts of a digest: the latest instants, the oldest of them first, how many `more` there are, and what is
    under way. Instants of one minute are told once."""
    minutes = list(dict.fromkeys(instant.replace(second=0, microsecond=0) for instant in news.times))
    named = dict(zip(TIMES_NAMED, map(to_text, minutes[-len(TIMES_NAMED) :]), strict=False))
    more = len(minutes) - len(named)
    under_way = {"under_way": news.under_way.value} if news.under_way is not None else {}
    return {**named, **({"more": more} if more else {}), **under_way}


def official_number(numbers: tuple[str, ...], address: str) -> str:
    """The official number of the recipient's country, for text messages; else the main one."""
    region = accounts.region_of(address)
    own = (number for number in numbers if region is not None and accounts.region_of(number) == region)
    return next(own, numbers[0])


def _challenge(entry: Item, ctx: Context, profile: Profile) -> Challenge | Dropped:
    """The challenge whose code is to be told. It must still wait for its code, and only a contact point that the
    account still has may get it."""
    challenge_id = str(entry["facts"].get("challenge_id"))
    challenge = identity.challenge_to_give_out(ctx, challenge_id, [entry["point"]])
    if isinstance(challenge, identity.Withheld):
        return Dropped(challenge.reason)
    point = accounts.contact_point(profile, challenge.point, ctx.lookup_ring)
    return challenge if point is not None and point.live else Dropped("no_address")


def _facts(entry: Mapping[str, Any]) -> dict[str, object]:
    """The entry's facts as values that have words. A fact that is none of those kinds has none."""
    typed: dict[str, object] = {name: _parse_fact(name, value) for name, value in entry["facts"].items()}
    usual, latest = typed.get("typical_on"), typed.get("promised_on")
    if isinstance(latest, date):
        is_certain = entry["facts"].get("about") is not True
        typed |= dates_told(Promise(usual if isinstance(usual, date) else None, latest, is_certain=is_certain))
    return {name: value for name, value in typed.items() if value is not None}


type _Value = Money | Digits | Lately | Reference | Word | datetime | date | str | int


def _parse_fact(name: str, value: Any) -> _Value | None:
    try:
        match value:
            case {"minor": int(minor), "currency": str(currency)}:
                return Money(minor, currency)
            case str() if name == "initiated_at":
                return Lately(from_text(value), placed=True)
            case str() if name in ("until", "since") or name.endswith("_at"):
                return from_text(value)
            case str() if name.endswith("_on"):
                return date.fromisoformat(value)
            case str() if name.endswith("_tail"):
                return Digits(value)
            case str() if name.endswith("_reference"):
                return Reference(value)
            case str() if name in ("goal", "place", "kind", "under_way"):
                return Word(f"{name}.{value}")
            case str() if name == "cause":
                return Word(f"lock.cause.{value}")
            case str() | int():
                return value
    except ValueError:
        pass
    return None
