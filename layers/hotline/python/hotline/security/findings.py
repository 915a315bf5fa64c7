"""The effects of findings that are raised, corrected or withdrawn, in the transaction that takes in the events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from hotline.accounts.service import contribute_found
from hotline.cases import service as cases
from hotline.cases.model import NO_ACCOUNT, SECURITY_TOPIC, Priority
from hotline.kit.change import Change
from hotline.kit.clock import from_text, to_text
from hotline.kit.ids import derive_id
from hotline.kit.outbox import Decision, Message
from hotline.kit.store import Key
from hotline.kit.store.condition import PRESENT, Item
from hotline.lockout import service as lockout

from . import items, suppression_items
from .denials import denials_key, is_denied
from .detectors import Stream
from .feedback import count_denials
from .findings_digest import belongs, contribute_collected, digest_key
from .model import ACCOUNTS_MAX, GRAVE, Finding, FindingState, may_become
from .named_accounts import contribute_named

FINDINGS_AT_ONCE: Final = 10
"""Findings of one transaction, which has room for a hundred items."""
ACCOUNTS_AT_ONCE: Final = 3 * ACCOUNTS_MAX
"""So many accounts that got in are named by the findings of one transaction. Each is an item. There are three rules
about addresses."""
WITHDRAWN_REASON: Final = "finding_withdrawn"
"""The reason of the entry by which a case hears that a finding does not hold."""


class Kind(Enum):
    """The things that may happen to a finding."""

    RAISE = 1
    CORRECT = 2
    WITHDRAW = 3
    SUPPRESS = 4
    """It is kept and not told, by the word of a person."""
    NOTE = 5
    """It does not hold any more, which is noted: a person has judged it, and that word stands."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens to one finding."""

    kind: Kind
    finding: Finding

    @property
    def is_for_people(self) -> bool:
        """Whether a case hears of it. The acts of agents are no case, which those agents could read."""
        return self.kind is not Kind.CORRECT and self.may_be_for_people

    @property
    def may_be_for_people(self) -> bool:
        """Whether a case may hear of it: also of a correction, which raises a finding that was suppressed."""
        return self.finding.is_grave and self.finding.stream is not Stream.AGENT

    @property
    def names_max(self) -> int:
        """So many accounts that got in may be named afterwards: also those that the finding names as it is stored."""
        names_some = self.finding.stream is Stream.SOURCE and self.kind is not Kind.WITHDRAW
        return ACCOUNTS_MAX if names_some else 0


def parts_of(steps: Iterable[Step]) -> list[list[Step]]:
    """The steps in parts, each for one transaction. People may hear of one step of a part at most: each is
    an entry of its own in the case, however the rows come."""
    parts: list[list[Step]] = [[]]
    for step in steps:
        last = parts[-1]
        second = step.may_be_for_people and any(known.may_be_for_people for known in last)
        named = sum(known.names_max for known in (*last, step))
        if last and (second or len(last) == FINDINGS_AT_ONCE or named > ACCOUNTS_AT_ONCE):
            parts.append([])
        parts[-1].append(step)
    return parts


def step_keys(steps: Sequence[Step]) -> set[Key]:
    """The keys to read before `contribute_steps`: the findings, what suppresses them, and the locks of accounts that
    they name. Of an account they are also whom to tell, and its digest; for people the open case."""
    keys = {items.finding_key(step.finding) for step in steps} | suppressing_keys(steps)
    for step in steps:
        account_id = step.finding.account_id
        keys |= {lockout.lock_keys(named)[0] for named in step.finding.accounts}
        if account_id is not None and step.finding.stream is not Stream.ACCOUNT:
            keys |= set(lockout.lock_keys(account_id))
        if step.may_be_for_people:
            keys |= cases.case_keys(account_id, SECURITY_TOPIC)
        if account_id is not None and step.finding.stream is Stream.ACCOUNT:
            keys |= {*lockout.acting_keys(account_id), digest_key(account_id), denials_key(account_id)}
    return keys


_PLACES: Final = (*items.ATTENTION, *items.LISTED)


def contribute_steps(
    change: Change, read: Mapping[Key, Item], steps: Sequence[Step], *, zone: str = "UTC"
) -> list[Step]:
    """Add the steps of one subject with all their effects; returns those that changed something. A finding that was
    raised before, by a watch that has been lost since, is corrected instead. One that is suppressed is kept without an
    effect, and raised when its pattern goes on behind the suppression. `read` holds what exists of `step_keys`. `zone`:
    that of the days on which findings count of which owners have denied something."""
    done: list[Step] = []
    denied: list[Item] = []
    untold: dict[str, list[str]] = {}
    for step in (_without_erased(change, read, step) for step in steps):
        finding, known = step.finding, read.get(items.finding_key(step.finding))
        kind = _decide(read, step, change.now)
        if kind is None:
            continue
        deed = Step(kind, finding)
        word = _denied_part(change, read, finding, known) if kind in (Kind.RAISE, Kind.CORRECT) else {}
        match kind:
            case Kind.SUPPRESS:
                _suppress(change, finding, known)
            case Kind.RAISE:
                state = _raise(change, read, deed, known, word)
                if state is FindingState.OPEN and belongs(finding):
                    untold.setdefault(finding.subject, []).append(finding.id)
            case Kind.CORRECT:
                if known is None or not _correct(change, read, step, known, word):
                    continue
            case Kind.NOTE:
                if known is not None:
                    _note_withdrawn(change, finding, known)
            case Kind.WITHDRAW:
                if known is not None:
                    _withdraw(change, read, deed, known)
        if kind not in (Kind.WITHDRAW, Kind.NOTE):
            _note_named(change, read, finding, known)
        done.append(deed)
        if word:
            found = known or {"rule": finding.rule, "rule_version": finding.version}
            found_at = _found_at(known, change.now) if kind is Kind.RAISE else from_text(found["found_at"])
            denied.append({**found, "found_at": to_text(found_at)})
    count_denials(change, denied, zone)
    for account_id, finding_ids in untold.items():
        contribute_collected(change, read, account_id, finding_ids)
    for account_id in sorted({step.finding.subject for step in done if _is_read_by_two(step.finding)}):
        contribute_found(change, account_id)
    return done


def _is_read_by_two(finding: Finding) -> bool:
    """Whether two people who open the account go by the finding (agents.findings)."""
    return finding.stream is Stream.ACCOUNT and finding.severity in GRAVE


def _without_erased(change: Change, read: Mapping[Key, Item], step: Step) -> Step:
    """The step, naming no account of somebody else that was erased: nothing may be kept of that any more. The change is
    made only if a payee's account is not erased meanwhile. An account that got in may be: its erasure looks again after
    a day, and then takes it out."""
    finding = step.finding
    accounts = tuple(one for one in finding.accounts if not lockout.is_erased(read, one))
    if accounts != finding.accounts:
        finding = replace(finding, accounts=accounts)
    account_id = finding.account_id
    if account_id is not None and finding.stream is not Stream.ACCOUNT:
        if lockout.is_erased(read, account_id):
            finding = replace(finding, account_id=None)
        else:
            lockout.contribute_not_erased(change, account_id)
    return replace(step, finding=finding)


def _note_named(change: Change, read: Mapping[Key, Item], finding: Finding, known: Item | None) -> None:
    """Note whom a finding names beside its subject, as it is stored afterwards. Each correction notes them all again,
    since findings of earlier releases have no places. A payee's account that was erased meanwhile is taken out."""
    key = items.finding_key(finding)
    stored = {**(known or {}), **items.corrected_part(finding, known)}
    named: list[str] = list(stored.get(items.ACCOUNTS, ()))
    account_id = finding.account_id if known is None else known.get("account_id")
    if account_id is not None and finding.stream is not Stream.ACCOUNT:
        if lockout.is_erased(read, account_id):
            change.update(key, remove=("account_id",), condition=PRESENT)
        else:
            named.append(account_id)
    written_at = change.now if known is None else from_text(known["found_at"])
    contribute_named(change, key, named, written_at)


def suppressing_keys(steps: Iterable[Step]) -> set[Key]:
    """The keys of what may suppress the findings of steps."""
    return {_suppression_key(step.finding) for step in steps}


def find_suppressed(read: Mapping[Key, Item], steps: Iterable[Step], now: datetime) -> dict[str, bool]:
    """By their ids, whether the findings that the steps raise or suppress are suppressed afterwards. `read` holds what
    exists of the findings and of `suppressing_keys`."""
    kinds = ((step.finding.id, _decide(read, step, now)) for step in steps)
    return {finding_id: kind is Kind.SUPPRESS for finding_id, kind in kinds if kind in (Kind.RAISE, Kind.SUPPRESS)}


def _decide(read: Mapping[Key, Item], step: Step, now: datetime) -> Kind | None:
    """The thing that happens to the finding of a step by what is stored; None: nothing."""
    finding, known = step.finding, read.get(items.finding_key(step.finding))
    state = None if known is None else items.state_of(known, now)
    if step.kind is Kind.WITHDRAW:
        if known is None or state is None:
            return None
        if state is FindingState.RESOLVED:
            return None if items.WITHDRAWN_AT in known else Kind.NOTE
        return Kind.WITHDRAW if may_become(state, FindingState.WITHDRAWN) else None
    if step.kind is Kind.RAISE and state in (None, FindingState.WITHDRAWN):
        return Kind.SUPPRESS if _is_covered(read, finding) else Kind.RAISE
    if known is None:
        return None
    return Kind.RAISE if state is FindingState.SUPPRESSED and _goes_on(read, finding, known) else Kind.CORRECT


def _suppression_key(finding: Finding) -> Key:
    return suppression_items.suppression_key(finding.stream, finding.subject, finding.rule)


def _is_covered(read: Mapping[Key, Item], finding: Finding) -> bool:
    stored = read.get(_suppression_key(finding))
    return stored is not None and suppression_items.suppression_from(stored).covers(finding.window_end)


def _goes_on(read: Mapping[Key, Item], finding: Finding, known: Item) -> bool:
    """Whether a finding that is suppressed has a newer event that is not covered."""
    return finding.window_end > from_text(known["window_end"]) and not _is_covered(read, finding)


def _suppress(change: Change, finding: Finding, known: Item | None) -> None:
    """Keep a finding that is not to be told, for who judges the rule. Neither the wallet nor the customer hears of it.
    It asks for no attention, holds nothing and opens no case."""
    key = items.finding_key(finding)
    state = FindingState.SUPPRESSED
    if known is None:
        item = items.finding_item(finding, found_at=change.now, state=state)
        kept = {name: value for name, value in item.items() if name not in _PLACES}
        change.create(key, kept | {items.UNRAISED: True})
    else:
        part = {"state": state.value, **items.corrected_part(finding, known)}
        change.update(key, set=part, remove=(items.WITHDRAWN_AT,), condition=items.as_read(known))
    _audit(change, finding, "finding.suppressed")


def _denied_part(change: Change, read: Mapping[Key, Item], finding: Finding, known: Item | None) -> Item:
    """The attribute of a finding that names, for the first time, what its owner has denied before; else none."""
    if finding.stream is not Stream.ACCOUNT or (known is not None and items.DENIED in known):
        return {}
    item = {**(known or {}), **items.corrected_part(finding, known)}
    return {items.DENIED: to_text(change.now)} if is_denied(item, read.get(denials_key(finding.subject))) else {}


def _raise(change: Change, read: Mapping[Key, Item], step: Step, known: Item | None, word: Item) -> FindingState:
    """Raise a finding, or raise it again, also one that was suppressed; gives its state. It has its word on the bus.
    One that holds has the hold and the customer's notices, and one for people has its entry in a case. `word`: the
    attribute of one that its owner denies."""
    finding = step.finding
    held = False
    state = FindingState.OPEN
    if finding.holds and finding.stream is Stream.ACCOUNT:
        held = lockout.contribute_hold(change, read, finding.subject)
        if any(isinstance(entry, Message) for entry in change.sent):
            state = FindingState.TOLD
    key = items.finding_key(finding)
    if known is None:
        change.create(key, items.finding_item(finding, found_at=change.now, state=state) | word)
    else:
        found_at = _found_at(known, change.now)
        again = {
            "state": state.value,
            "found_at": to_text(found_at),
            **items.corrected_part(finding, known),
            **items.attention_part(finding, found_at),
            **word,
        }
        change.update(key, set=again, remove=(items.WITHDRAWN_AT, items.UNRAISED), condition=items.as_read(known))
    _audit(change, finding, "finding.raised")
    decision_id = finding.id if known is None else derive_id("finding", finding.id, to_text(change.now))
    _tell(change, "finding.raised", finding, _raised_data(finding), decision_id)
    if step.is_for_people:
        _let_people_know(change, read, finding, "asked" if held else "not_asked")
    return state


def _found_at(known: Item | None, now: datetime) -> datetime:
    """The time at which a finding that is raised was found. Nobody heard of one that was suppressed: that is now."""
    if known is None or items.state_of(known, now) is FindingState.SUPPRESSED:
        return now
    return from_text(known["found_at"])


def _correct(change: Change, read: Mapping[Key, Item], step: Step, known: Item, word: Item) -> bool:
    finding = step.finding
    turned, ended = _turned_part(read, step, known)
    part = items.corrected_part(finding, known) | word | turned
    if not ended and all(known.get(name) == value for name, value in part.items()):
        return False
    condition = items.as_read(known) if ended else PRESENT
    change.update(items.finding_key(finding), set=part, remove=ended, condition=condition)
    return True


def _turned_part(read: Mapping[Key, Item], step: Step, known: Item) -> tuple[Item, tuple[str, ...]]:
    """The attributes to set and to remove of a judged finding whose pattern comes back, or goes on behind its
    suppression. The person's word stands; another word finds the pattern as it is."""
    if items.WITHDRAWN_AT in known and step.kind is Kind.RAISE:
        return {items.JUDGED_UNTOLD: True} if _is_covered(read, step.finding) else {}, (items.WITHDRAWN_AT,)
    goes_on = items.JUDGED_UNTOLD in known and _goes_on(read, step.finding, known)
    return {}, (items.JUDGED_UNTOLD,) if goes_on else ()


def _note_withdrawn(change: Change, finding: Finding, known: Item) -> None:
    """Note that a finding does not hold any more of which a person has said whether it was right."""
    noted = {items.WITHDRAWN_AT: to_text(change.now)}
    change.update(items.finding_key(finding), set=noted, remove=(items.JUDGED_UNTOLD,), condition=items.as_read(known))


def _withdraw(change: Change, read: Mapping[Key, Item], step: Step, known: Item) -> None:
    """Take a finding back. A hold that was asked for stays until people lift it. The late event may be the work of a
    thief, or of the hold itself. Nobody had heard of one that was suppressed, so nobody hears that it is gone."""
    finding = step.finding
    gone = {"state": FindingState.WITHDRAWN.value, items.WITHDRAWN_AT: to_text(change.now)}
    change.update(items.finding_key(finding), set=gone, remove=_PLACES, condition=items.as_read(known))
    _audit(change, finding, "finding.withdrawn")
    if items.state_of(known, change.now) is FindingState.SUPPRESSED:
        return
    data = {"finding_id": finding.id, "rule": finding.rule, "rule_version": finding.version, "at": to_text(change.now)}
    decision_id = derive_id("finding", finding.id, "withdrawn", to_text(change.now))
    _tell(change, "finding.withdrawn", finding, data, decision_id)
    opened = step.is_for_people and cases.find_open(read, account_id=finding.account_id, topic=SECURITY_TOPIC)
    if opened and finding.account_id is not None:
        cases.contribute_case(
            change,
            read,
            account_id=finding.account_id,
            topic=SECURITY_TOPIC,
            reason=WITHDRAWN_REASON,
            facts={"finding_id": finding.id, "rule": finding.rule, "hold": "stays" if finding.holds else "not_asked"},
            priority=Priority.NORMAL,
        )


def _let_people_know(change: Change, read: Mapping[Key, Item], finding: Finding, hold: str) -> None:
    cases.contribute_case(
        change,
        read,
        account_id=finding.account_id,
        topic=SECURITY_TOPIC,
        reason=finding.rule,
        facts={"finding_id": finding.id, "hold": hold, **finding.facts},
        priority=Priority.URGENT if finding.holds else Priority.HIGH,
    )


def _audit(change: Change, finding: Finding, event: str) -> None:
    if finding.account_id is not None:
        change.audit(finding.account_id, event, finding_id=finding.id, rule=finding.rule)


def _raised_data(finding: Finding) -> dict[str, Any]:
    data: dict[str, Any] = {
        "finding_id": finding.id,
        "rule": finding.rule,
        "rule_version": finding.version,
        "severity": finding.severity,
        "window_start": to_text(finding.window_start),
        "window_end": to_text(finding.window_end),
    }
    of_account = finding.stream is Stream.ACCOUNT
    return data if of_account else {**data, "stream": finding.stream.name.lower()}


def _tell(change: Change, type_: str, finding: Finding, data: Mapping[str, Any], decision_id: str) -> None:
    change.send(
        Decision(
            entry_id=change.ids.new("out"),
            type=type_,
            account_id=finding.account_id or NO_ACCOUNT,
            data=data,
            decision_id=decision_id,
        )
    )
