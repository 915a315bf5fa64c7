"""One request on the line: the call as it was read, what a step may read and change, and its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.connect.envelope import Request
from hotline.accounts import service as accounts
from hotline.identity import service as identity
from hotline.identity.model import Call, Operation, TurnRecord
from hotline.identity.turns import Attempt, Replay
from hotline.kit.actor import Caller
from hotline.kit.change import Change, stale
from hotline.kit.condition import Item, equals
from hotline.kit.doors import Context
from hotline.kit.errors import NeedProof
from hotline.kit.keyring import Keyring
from hotline.kit.macs import Macs
from hotline.kit.store import Key

REFERENCE_CHARACTERS = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What a step found or did: a declared outcome, facts for the words, and the answer's further keys."""

    outcome: str
    facts: Mapping[str, object] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    """What to say it in; empty: in the language of the call."""


@dataclass(slots=True)
class Line:
    """What a step works with. `call` is replaced by `commit`; `replay` is set when this request was answered before,
    and then the step must change nothing and give the same outcome again."""

    ctx: Context
    request: Request
    inputs: Mapping[str, str]
    call: Call
    now: datetime
    turn: Attempt | Replay | None
    """None on steps that only read."""
    read: dict[Key, Item] = field(default_factory=dict)
    """Items that came with the call, in the same read."""
    _profile: tuple[Key, int] | None = None
    """The profile that was acted on, as it was read."""

    @property
    def replay(self) -> TurnRecord | None:
        return self.turn.record if isinstance(self.turn, Replay) else None

    @property
    def lookup_keys(self) -> Keyring:
        return self.ctx.lookup_ring

    @property
    def code_keys(self) -> Keyring:
        return self.ctx.code_ring

    @property
    def pin_macs(self) -> Macs:
        return self.ctx.pin_hashes

    def account(self, operation: Operation) -> str:
        """The chosen account, if the caller has proved enough for the operation. Raises NeedProof."""
        identity.allow(identity.proof_from(self.call), operation, self.now)
        if self.call.account_id is None:
            raise NeedProof(operation=operation.value, needs=())
        return self.call.account_id

    def settle(self, operation: Operation, account_id: str, read: Mapping[Key, Item]) -> None:
        """Let go of what was proved at a contact point, or by a PIN, that the account does not have any more, and make
        the change depend on that. `read` holds what exists of `identity.settling_keys`. Raises NeedProof. Whoever takes
        an owner's number away must not stop them from freezing the account: there what was proved on this call holds.
        """
        if operation is Operation.FREEZE:
            return
        self.call = identity.still_proved(self.call, read, account_id, self.lookup_keys, self.now)
        self.account(operation)
        key = accounts.profile_key(account_id)
        self._profile = (key, int(read[key]["rev"])) if key in read else None

    def fetch(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """The step's second read: what the account needs, consistently, in one request."""
        wanted = list(dict.fromkeys(keys))
        return self.ctx.store.batch_get(wanted) if wanted else {}

    def change(self, cause: str) -> Change:
        actor = Caller(self.call.contact_id, identity.proof_from(self.call))
        return Change(actor=actor, cause=cause, now=self.now, ids=self.ctx.ids)

    def commit(self, change: Change, outcome: str, call: Call | None = None, *, notes: tuple[str, ...] = ()) -> None:
        """Make the change and note the turn as answered, in one transaction; `call`: as the step leaves it; `notes`:
        closed words that a delivery which comes again needs for its sentences."""
        if not isinstance(self.turn, Attempt):
            raise RuntimeError(f"step {self.request.step} may not change anything now")  # noqa: TRY004 - a bug, no type
        record = TurnRecord(self.turn.record_turn, self.request.step, self.turn.fingerprint, outcome, notes=notes)
        advanced = identity.contribute_turn(change, self.call, call or self.call, record)
        if self._profile is not None:
            key, rev = self._profile
            change.require_condition(key, equals("rev", rev), stale)
        change.commit(self.ctx.store)
        self.call = advanced


def reference(identifier: str) -> str:
    """The end of an id, as it is read out: enough to tell a customer's few things apart."""
    return identifier[-REFERENCE_CHARACTERS:]


def yes_or_no(value: bool) -> str:
    """A truth as answers say it."""
    return "yes" if value else "no"


def words(**facts: Any) -> dict[str, object]:
    """Facts for the words, without those that are not known."""
    return {name: value for name, value in facts.items() if value is not None}
