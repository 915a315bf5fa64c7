"""A phone in a test's hand: contact events in, the connect function's answers out, on any store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connect_sim.language.speech import extract_words
from functions.connect.envelope import EMPTY, MORE_PROMPTS, request_from
from functions.connect.runner import answer
from hotline.contracts.model import (
    AccountDescribed,
    ContactPointFact,
    Fact,
    LoginKind,
    LoginSource,
    LoginTried,
    PointKind,
)
from hotline.identity.items import challenge_from, challenge_key
from hotline.identity.model import Challenge
from hotline.identity.service import derive
from hotline.intake.service import fold
from hotline.kit.doors import Context
from hotline.kit.keyring import CachedKeyring
from hotline.kit.limits import TrafficLimits
from hotline.kit.store import Store
from hotline.sessions.items import session_from, session_key
from hotline.sessions.model import SessionState
from hotline_local.entry_keys import key_of_this_process
from hotline_local.testing.local_macs import LocalMacs
from hotline_local.testing.memory_bucket import MemoryBucket
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock

LOOKUP_SECRET = '{"current": "1", "1": "lookup-key-for-tests-only-0123456789abcdef"}'
CODE_SECRET = '{"current": "1", "1": "code-key-for-tests-only-0123456789abcdefgh"}'
OFFICIAL, WALLET = "+18005550199", "Test Wallet"
TRAFFIC = TrafficLimits()


def context(
    store: Store,
    clock: VirtualClock,
    *,
    seed: int = 1,
    voice_codes: bool = False,
    official_numbers: tuple[str, ...] = (OFFICIAL,),
    limits: TrafficLimits = TRAFFIC,
) -> Context:
    """The context of the functions, with keys that exist in tests only."""
    return Context(
        store=store,
        clock=clock,
        ids=SeededIds(seed),
        lookup_keys=CachedKeyring(lambda: LOOKUP_SECRET, clock),
        code_keys=CachedKeyring(lambda: CODE_SECRET, clock),
        pin_macs=LocalMacs(b"pin-key-for-tests-only"),
        evidence_bucket=MemoryBucket(clock),
        entry_keys=CachedKeyring(lambda: key_of_this_process().secret, clock),
        voice_codes=voice_codes,
        wallet=WALLET,
        official_numbers=official_numbers,
        limits=limits,
    )


def opened(
    account_id: str,
    *points: tuple[PointKind, str],
    at: datetime,
    two_step: bool = False,
    language: str = "en-US",
    shared: bool = False,
    senior: bool = False,
) -> Fact:
    """The fact that opens an account with these contact points, confirmed a year before."""
    confirmed = at - timedelta(days=365)
    facts = tuple(ContactPointFact(kind, value, confirmed, shared) for kind, value in points)
    data = AccountDescribed(1, language, "Asia/Shanghai", f"Test {account_id}", facts, two_step, senior)
    return Fact(f"fact-{account_id}", "account.opened", "wallet", at, account_id, data)


def give(ctx: Context, facts: Iterable[Fact]) -> None:
    """Fold facts into the store as the wallet's events are, one by one."""
    for fact in facts:
        fold(ctx, [fact])


def failed_logins(account_id: str, count: int, *, until: datetime) -> list[Fact]:
    """So many wrong passwords, a minute apart, the last one at `until`."""
    facts = []
    for number in range(count):
        at = until - timedelta(minutes=count - 1 - number)
        name = f"{account_id}-{number}"
        tried = LoginTried(f"try-{name}", LoginSource(ip="192.0.2.1"), LoginKind.PASSWORD, succeeded=False)
        facts.append(Fact(f"login-{name}", "login.failed", "wallet", at, account_id, tried))
    return facts


@dataclass(slots=True)
class Phone:
    """One call. It keeps `turn` and `account_ref` as a flow does, and sends them with every step."""

    ctx: Context
    number: str | None
    contact_id: str = "contact-1"
    initiation_method: str = "INBOUND"
    turn: str = "0"
    account_ref: str = "-"
    answers: list[dict[str, str]] = field(default_factory=list)

    def event(self, step: str, **inputs: str) -> dict[str, Any]:
        """The contact event of a step, as Amazon Connect would send it now."""
        endpoint = {"Address": self.number, "Type": "TELEPHONE_NUMBER"} if self.number else None
        contact = {
            "Attributes": {},
            "AwsRegion": "eu-central-1",
            "Channel": "VOICE",
            "ContactId": self.contact_id,
            "CustomerEndpoint": endpoint,
            "InitialContactId": self.contact_id,
            "InitiationMethod": self.initiation_method,
            "LanguageCode": "en-US",
            "SystemEndpoint": {"Address": "+15550100", "Type": "TELEPHONE_NUMBER"},
        }
        parameters = {"step": step, "turn": self.turn, "account_ref": self.account_ref, **inputs}
        return {"Name": "ContactFlowEvent", "Details": {"ContactData": contact, "Parameters": parameters}}

    def deliver(self, event: dict[str, Any]) -> dict[str, str]:
        """Run the function with an event, without keeping the answer: a delivery whose answer is lost, or a repeat."""
        return answer(request_from(event), self.ctx)

    def press(self, step: str, **inputs: str) -> dict[str, str]:
        """Run a step and keep what a flow would keep of the answer."""
        said = self.deliver(self.event(step, **inputs))
        self.turn, self.account_ref = said["turn"], said["account_ref"]
        self.answers.append(said)
        return said

    @property
    def state(self) -> SessionState:
        """The call as it is stored."""
        stored = self.ctx.store.get(session_key(self.contact_id))
        assert stored is not None
        return session_from(stored)

    @property
    def challenge(self) -> Challenge:
        """The challenge that the call waits for."""
        asked = self.state.challenge
        assert asked is not None
        stored = self.ctx.store.get(challenge_key(asked.id))
        assert stored is not None
        return challenge_from(stored)

    @property
    def code(self) -> str:
        """The digits that were sent for the present challenge; for a decoy, those that would have been."""
        assert self.ctx.code_keys is not None
        return derive(self.ctx.code_keys.get(), self.challenge)

    def prove(self, method: str = "sms", goal: str = "look") -> dict[str, str]:
        """Ask for a code, enter it, and settle the account if that has not been done."""
        assert self.press("send_code", method=method, goal=goal)["outcome"] == "SENT"
        said = self.press("check_code", code=self.code)
        assert said["outcome"] == "PROVED"
        return said if self.state.account_id else self.press("choose_account")


def words(said: Mapping[str, str]) -> str:
    """The words of an answer of the function, part after part."""
    parts = (said.get(key, EMPTY) for key in ("prompt", *MORE_PROMPTS))
    return " ".join(extract_words(part) for part in parts if part != EMPTY)
