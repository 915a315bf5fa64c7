"""The linter's frame: rules with stable ids, and the findings they make.

A rule whose id begins with E is about something that the service refuses or cannot run. A rule with W is about voice
practice, privacy or a caller's patience. `docs/flow-rules.md` explains each.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from connect_sim.language.document import Flow, FlowSyntaxError
from connect_sim.language.flow_set import FlowSet


class Severity(StrEnum):
    """How much a finding matters: the service refuses the flow, or a caller will suffer from it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a check found, in one sentence; `block` is None when it is about the document."""

    block: str | None
    message: str


type Check = Callable[[Flow, FlowSet], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a stable id, a title of a few words, and the check."""

    id: str
    title: str
    check: Check

    @property
    def severity(self) -> Severity:
        return Severity.ERROR if self.id.startswith("E") else Severity.WARNING


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem in one document; `source` is the file, `block` None when it is about the whole document."""

    rule: str
    severity: Severity
    source: str
    flow: str
    block: str | None
    message: str


UNREADABLE = Rule("E100", "The file is a flow document", lambda _flow, _flows: iter(()))
"""Found by the loader, before any check can run."""

RULES: dict[str, Rule] = {UNREADABLE.id: UNREADABLE}
"""Every rule by id. Filled by `connect_sim.linter.rules`."""


def rule(rule_id: str, title: str) -> Callable[[Check], Check]:
    """Register a check as a rule. Ids are never used twice, also not after a rule is gone."""

    def register(check: Check) -> Check:
        if rule_id in RULES:
            raise ValueError(f"Rule {rule_id} exists twice.")
        RULES[rule_id] = Rule(rule_id, title, check)
        return check

    return register


def report_unreadable(error: FlowSyntaxError, flow_name: str) -> Finding:
    """Return the finding for a file that the loader refused."""
    return Finding(UNREADABLE.id, UNREADABLE.severity, error.source, flow_name, None, f"The file {error.problem}")


def lint(flow: Flow, flows: FlowSet) -> list[Finding]:
    """Return every finding in one flow, by rule, then by place. `flows` is the set it is checked with."""
    return [
        Finding(each.id, each.severity, flow.source, flow.name, problem.block, problem.message)
        for each in sorted(RULES.values(), key=lambda known: known.id)
        for problem in each.check(flow, flows)
    ]
