"""Locks in tests: facts in few words, and a desk that folds them and acts on them in a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.accounts import service as accounts
from hotline.contracts.model import (
    AccountClosed,
    AccountDescribed,
    AccountErased,
    ContactPointFact,
    Fact,
    FactData,
    LockAction,
    LockTold,
    LoginKind,
    LoginSource,
    LoginTried,
    PasswordChanged,
    PointKind,
)
from hotline.kit.actor import Caller, FactorKind, ProvedFactor, Purpose, System
from hotline.kit.change import Change
from hotline.kit.ids import IdSource
from hotline.kit.keyring import Keyring
from hotline.kit.spread import partition_count, partition_name
from hotline.kit.store import Index, Key, Put, Query, Store, Table
from hotline.kit.store.condition import Item
from hotline.lockout import self_service, service
from hotline.lockout.model import LockView
from hotline.sessions.items import proof_from, session_item, session_key
from hotline.sessions.model import Identified, SessionState
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock

ACCOUNT: Final = "acct_1"
NOON: Final = datetime.fromisoformat("2026-11-23T12:00:00+00:00")
KEYS: Final = Keyring("1", {"1": b"k" * 32})
PHONE: Final = LoginSource(ip="192.0.2.1", device_id="phone")
STRANGER: Final = LoginSource(ip="198.51.100.7")
_ACKNOWLEDGED_AS: Final = {
    "account.lock_requested": LockAction.LOCK_APPLIED,
    "account.unlock_requested": LockAction.LOCK_RELEASED,
    "account.pause_requested": LockAction.PAUSE_APPLIED,
    "account.unfreeze_requested": LockAction.UNFREEZE_APPLIED,
    "account.freeze_requested": LockAction.FREEZE_APPLIED,
}


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def fact(type_: str, at: datetime, data: FactData, *, name: str = "", account: str = ACCOUNT) -> Fact:
    return Fact(f"{type_}@{at.isoformat()}{name}", type_, "wallet", at, account, data)


def failed(
    at: datetime,
    *,
    source: LoginSource = STRANGER,
    kind: LoginKind = LoginKind.PASSWORD,
    name: str = "",
    account: str = ACCOUNT,
) -> Fact:
    data = LoginTried(f"try{at.isoformat()}{kind}{name}", source, kind, succeeded=False)
    return fact("login.failed", at, data, name=name, account=account)


def succeeded(at: datetime, *, source: LoginSource = PHONE, kind: LoginKind = LoginKind.PASSWORD) -> Fact:
    return fact("login.succeeded", at, LoginTried(f"good{at.isoformat()}{kind}", source, kind, succeeded=True))


def told(action: LockAction, at: datetime, cause: str, *, until: datetime | None = None, name: str = "") -> Fact:
    """The wallet tells of a decision of its own."""
    return fact(action.value, at, LockTold(action, f"wallet-{at.isoformat()}{name}", 1, cause, until), name=name)


def password_changed(at: datetime) -> Fact:
    return fact("password.changed", at, PasswordChanged(2))


def closed(at: datetime) -> Fact:
    return fact("account.closed", at, AccountClosed(9))


def erased(at: datetime) -> Fact:
    return fact("account.erased", at, AccountErased(10))


def failures(number: int, start: datetime, *, apart: timedelta = timedelta(minutes=1), **more: Any) -> list[Fact]:
    return [failed(start + apart * index, **more) for index in range(number)]


@dataclass(slots=True)
class Desk:
    """The lockout room on a store: facts come in, callers act, the outbox is read."""

    store: Store
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOON))
    ids: IdSource = field(default_factory=SeededIds)

    def open_account(self, account: str = ACCOUNT, *, points: int = 2) -> None:
        """A profile with a phone, and e-mail addresses for the other points."""
        since = self.clock.now() - timedelta(days=400)
        found = [ContactPointFact(PointKind.PHONE, "+8613800000001", since, shared=True)]
        found += [
            ContactPointFact(PointKind.EMAIL, f"demo{n}.{account}@example.invalid", since) for n in range(1, points)
        ]
        data = AccountDescribed(1, "en-US", "Asia/Shanghai", "Demo Customer", tuple(found), two_step=False)
        opened = [fact("account.opened", since, data, account=account)]
        change = self.change(System("wallet_events", "facts"))
        read = self.read(accounts.fact_keys(opened) | accounts.fact_keys_of_points({}, opened, KEYS))
        accounts.contribute_facts(change, read, opened, KEYS)
        change.commit(self.store)

    def read(self, keys: set[Key] | Sequence[Key]) -> dict[Key, Item]:
        return self.store.batch_get(list(keys))

    def change(self, actor: System | Caller) -> Change:
        return Change(actor=actor, cause="test", now=self.clock.now(), ids=self.ids)

    def folding(self, *facts: Fact) -> Change:
        """The change that some facts of one account make, not committed."""
        key = accounts.profile_key(facts[0].subject)
        read = self.read(service.fact_keys(facts) | {key})
        change = self.change(System("wallet_events", "facts"))
        profile = accounts.profile_from(read.get(key))
        service.contribute_facts(change, read, facts, lookup_keys=KEYS, profile=profile)
        return change

    def tell(self, *facts: Fact) -> Change:
        change = self.folding(*facts)
        change.commit(self.store)
        return change

    def caller(self, *factors: FactorKind, account: str | None = ACCOUNT, contact: str = "contact-1") -> Caller:
        """Somebody on the line who has proved these factors, good for ten minutes."""
        until = self.clock.now() + timedelta(minutes=10)
        call = SessionState(
            contact_id=contact,
            account_ref="ref",
            turn=1,
            created_at=self.clock.now(),
            last_step_at=self.clock.now(),
            inbound=True,
            calling=Identified("1#abc", (ACCOUNT,)),
            account_id=account if factors else None,
            factors=tuple(ProvedFactor(kind, Purpose.ACT, "1#abc", until) for kind in factors),
        )
        self.store.transact([Put(session_key(contact), session_item(call))], token=self.ids.new("t")[-36:])
        return Caller(contact, proof_from(call))

    def calling(self, *account_ids: str, actor: Caller | None = None) -> SessionState:
        """An inbound call whose number reaches these accounts, with what `actor` has proved."""
        now = self.clock.now()
        return SessionState(
            contact_id="contact-1",
            account_ref="ref",
            turn=1,
            created_at=now,
            last_step_at=now,
            inbound=True,
            calling=Identified("1#abc", account_ids),
            account_id=actor.proof.account_id if actor else None,
            factors=actor.proof.factors if actor else (),
        )

    def act(self, contribute: Any, *, account: str = ACCOUNT, actor: Caller | None = None) -> Any:
        """One acting function for a caller with one factor, or for `actor`; committed."""
        change = self.change(actor or self.caller(FactorKind.SMS))
        outcome = contribute(change, self.read(self_service.freeze_keys(account)), account)
        change.commit(self.store)
        return outcome

    def pause(self, *account_ids: str, actor: Caller | None = None) -> tuple[str, ...]:
        """A pause by somebody who has proved nothing, or by `actor`."""
        change = self.change(actor or self.caller())
        read = self.read(self_service.pause_keys(account_ids, self.clock.now()))
        paused = self_service.contribute_pause(change, read, self.calling(*account_ids, actor=actor))
        change.commit(self.store)
        return paused

    def view(self, now: datetime | None = None, *, account: str = ACCOUNT) -> LockView:
        return service.view_from(self.read(service.lock_keys(account)), account, now or self.clock.now())

    def outbox(self) -> list[Item]:
        """Every entry so far, oldest first."""
        rows = [
            row
            for number in range(partition_count(Index.PENDING))
            for row in self.store.query(
                Query(Table.OUTBOX, partition_name(Index.PENDING, number), index=Index.PENDING)
            ).items
        ]
        rows.sort(key=lambda row: row["pending_sk"])
        found = [self.store.get(Key(Table.OUTBOX, row["PK"])) for row in rows]
        return [item for item in found if item is not None]

    def decisions(self) -> list[Item]:
        """By version; those without one, grants, at the end."""
        found = [entry for entry in self.outbox() if entry["to"] == "bus"]
        return sorted(found, key=lambda entry: entry.get("subject_version", 10**6))

    def notices(self) -> list[str]:
        return sorted(entry["kind"] for entry in self.outbox() if entry["to"] == "message")

    def acknowledgements(self) -> list[Fact]:
        """The wallet's answers to every decision so far, by version."""
        now = self.clock.now()
        return [
            Fact(
                f"ack-{entry['decision_id']}",
                _ACKNOWLEDGED_AS[entry["kind"]].value,
                "wallet",
                now,
                entry["account_id"],
                LockTold(
                    _ACKNOWLEDGED_AS[entry["kind"]],
                    entry["decision_id"],
                    entry["subject_version"],
                    entry["facts"]["cause"],
                ),
            )
            for entry in self.decisions()
            if entry["kind"] in _ACKNOWLEDGED_AS
        ]

    def lock_softly(self) -> None:
        """Five failures in the last minutes, and a lock that the wallet has confirmed."""
        self.tell(*failures(5, self.clock.now() - minutes(4)))
        self.acknowledge()

    def acknowledge(self) -> None:
        """The wallet confirms everything."""
        confirmed = self.acknowledgements()
        if confirmed:
            self.tell(*confirmed)
