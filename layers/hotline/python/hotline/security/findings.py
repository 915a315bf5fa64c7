"""The effects of a finding, in the transaction that takes in the events it was found by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hotline.cases import service as cases
from hotline.cases.model import SECURITY_TOPIC, Priority
from hotline.kit.change import Change, Failure
from hotline.kit.clock import to_text
from hotline.kit.errors import HotlineError
from hotline.kit.outbox import Decision
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout

from .items import finding_item, finding_key
from .model import Finding


class FindingKnown(HotlineError):
    """The finding was raised before, by a watch that has been lost since."""

    code = "finding_known"

    def __init__(self, finding_id: str) -> None:
        super().__init__(finding_id=finding_id)
        self.finding_id = finding_id


def raising_keys(account_id: str) -> set[Key]:
    """The keys to read before findings are raised: the lock, whom to tell, and the open case."""
    return {*lockout.acting_keys(account_id), *cases.case_keys(account_id, SECURITY_TOPIC)}


def contribute_findings(change: Change, read: Mapping[Key, Item], findings: Sequence[Finding]) -> None:
    """Add findings of one account, at most one of which holds, with all their effects. Each has its word on the bus;
    one that holds also has the hold and the customer's notices. Those for a person are one entry of a case.
    FindingKnown at commit when one is there already."""
    held = False
    for finding in findings:
        change.create(finding_key(finding), finding_item(finding, found_at=change.now), failed=_known_failure(finding))
        change.audit(finding.account_id, "finding.raised", finding_id=finding.id, rule=finding.rule)
        _tell(change, finding)
        if finding.holds:
            held = lockout.contribute_hold(change, read, finding.account_id)
    grave = sorted((finding for finding in findings if finding.is_grave), key=lambda finding: not finding.holds)
    if grave:
        _let_people_know(change, read, grave, held=held)


def _let_people_know(change: Change, read: Mapping[Key, Item], findings: Sequence[Finding], *, held: bool) -> None:
    first, *others = findings
    also = {"also": ",".join(finding.id for finding in others)} if others else {}
    cases.contribute_case(
        change,
        read,
        account_id=first.account_id,
        topic=SECURITY_TOPIC,
        reason=first.rule,
        facts={"finding_id": first.id, "hold": "asked" if held else "not_asked", **also, **first.facts},
        priority=Priority.URGENT if first.holds else Priority.HIGH,
    )


def _known_failure(finding: Finding) -> Failure:
    def refuse(_: Item | None) -> HotlineError:
        return FindingKnown(finding.id)

    return refuse


def _tell(change: Change, finding: Finding) -> None:
    change.send(
        Decision(
            entry_id=change.ids.new("out"),
            type="finding.raised",
            account_id=finding.account_id,
            data={
                "finding_id": finding.id,
                "rule": finding.rule,
                "rule_version": finding.version,
                "severity": finding.severity,
                "window_start": to_text(finding.window_start),
                "window_end": to_text(finding.window_end),
            },
            decision_id=finding.id,
        )
    )
