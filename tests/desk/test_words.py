"""Every closed word that the agents' API can tell has words at the desk, in each of its languages.

The closed words are taken from the code's own enumerations. For reasons and facts of a case's timeline, which several
rooms write, they are read from the places where they are written.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

import hotline
from functions.agent_api.shapes import accounts
from functions.agent_api.shapes.cases import Contact, RiskPart
from functions.agent_api.shapes.funds import FundsAmount
from functions.connect.steps import STEPS
from functions.http.problems import OF_AGENTS, STATUSES
from hotline.accounts.facts_requests import FactsReason, ThingKind
from hotline.accounts.model import AccountStatus
from hotline.accounts.risk import RiskBand
from hotline.agents.approvals import ASKED_REASON
from hotline.agents.model import ActReason, AgentError, Figure, LookUpReason, Masked, Part, ProofState
from hotline.agents.service import Obstacle, Step
from hotline.cases import handover
from hotline.cases import requests as case_requests
from hotline.cases import service as cases
from hotline.cases.model import AuthorKind, CaseError, CaseStatus, CloseReason, EntryKind, LinkKind, Priority
from hotline.contracts.model import MovementKind, MovementStatus, PointKind
from hotline.contracts.vocabulary import COUPON_REASONS, PRODUCT_KINDS
from hotline.directory.model import DirectoryError
from hotline.evidence.model import EvidenceState
from hotline.evidence.model import Refusal as EvidenceRefusal
from hotline.identity.model import ApprovalError, ApprovalState, ByAgent, Goal, IdentityError, PointLoss
from hotline.identity.pins import PIN_SET
from hotline.identity.point_changes import POINT_GONE_ASKED
from hotline.identity.service import REQUIREMENTS
from hotline.kit import languages
from hotline.kit.actor import FactorKind
from hotline.lockout.model import Cause, DecisionKind, LockoutError, LockState
from hotline.lockout.outgoing import REPUDIABLE
from hotline.lockout.service import HoldEnd
from hotline.payments.failures import FAILURES, NextStep
from hotline.payments.model import BillState, MoneyAnswer
from hotline.payments.twins import Stands, TwinState
from hotline.refunds import offers as refund_offers
from hotline.refunds import requests as refund_requests
from hotline.refunds import rules as refund_rules
from hotline.refunds.model import (
    CALLED_BACK,
    DISPUTED_RULE,
    MANY_PARTS_RULE,
    PayoutWay,
    RefundError,
    RefundReason,
    RefundState,
    Remedy,
    ReviewDecision,
    ReviewNeed,
)
from hotline.refunds.reviews import REVIEWED
from hotline.reports import model as report_model
from hotline.reports.model import CallbackState, Ending, LockKind
from hotline.security.account_risk import NOT_KNOWN
from hotline.security.detectors import Severity, velocity
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.model import FindingState, SecurityError, Verdict
from hotline.security.score import Risk
from hotline.wording.catalogue import find
from hotline_local.desk_server import FOLDER
from hotline_local.launcher.paths import ROOT
from tests.support.agent_document import DOCUMENT
from tests.support.sweeps import sweep

LANGUAGES: Final = {"en": "en-US", "zh": "zh-CN"}
WORDS: Final[dict[str, dict[str, str]]] = {
    code: json.loads((FOLDER / f"words/{code}.json").read_text(encoding="utf-8")) for code in LANGUAGES
}
LAYER: Final = Path(next(iter(hotline.__path__)))
FACTS: Final = (FOLDER / "facts.js").read_text(encoding="utf-8")
SCRIPT: Final = (FOLDER / "words.js").read_text(encoding="utf-8")
BY_AGENTS: Final = [one.value for one, needs in REQUIREMENTS.items() if needs.by_agent is not ByAgent.NEVER]
RULES: Final = sorted(
    set(re.findall(r'(?:_says|_review_above)\("([a-z_.]+)"', Path(str(refund_rules.__file__)).read_text()))
    | set(re.findall(r'decided_by="([a-z_.]+)"', Path(str(refund_requests.__file__)).read_text()))
    | {refund_offers.NOT_OPEN_RULE, MANY_PARTS_RULE, DISPUTED_RULE, REVIEWED}
    | {detector.rule for detector in DETECTORS}
)


def told_at(form: type[Any], name: str) -> Iterable[str]:
    """The closed words of a field of the API's forms."""
    schema = form.model_json_schema()["properties"][name]
    words: list[str] = schema["enum"]
    return words


def steps_of_recovery() -> Iterator[str]:
    source = (LAYER / "identity/recovery.py").read_text()
    return (found[1] for found in re.finditer(r'^_(?:BEGUN|CHECK|ACT|MORE): Final = "([a-z]+)"', source, re.MULTILINE))


GROUPS: Final[Mapping[str, Iterable[object]]] = {
    "topic": [*cases.TOPICS, *report_model.TOPICS, report_model.NONE, report_model.OTHER],
    "priority": [one.value for one in Priority],
    "status": CaseStatus,
    "kind": EntryKind,
    "actor": AuthorKind,
    "link": LinkKind,
    "ending": CloseReason,
    "step": Step,
    "heard": [*STEPS, *steps_of_recovery()],
    "outcome": [outcome.lower() for step in STEPS.values() for outcome in step.outcomes],
    "operation": [*BY_AGENTS, *(kind.value for kind in DecisionKind)],
    "level": [one.value for one in ByAgent if one is not ByAgent.NEVER],
    "why": Obstacle,
    "act_reason": ActReason,
    "look": LookUpReason,
    "goal": Goal,
    "factor": FactorKind,
    "mask": Masked,
    "evidence": EvidenceState,
    "evidence_refusal": EvidenceRefusal,
    "funds": told_at(FundsAmount, "name"),
    "bill": BillState,
    "product": PRODUCT_KINDS,
    "given_back": {*told_at(accounts.Payment, "given_back")} - {"none"},
    "coupon_reason": COUPON_REASONS,
    "loss": PointLoss,
    "value": told_at(accounts.Value, "name"),
    "account": [*AccountStatus, *told_at(accounts.Account, "status")],
    "lock": LockState,
    "hold_end": HoldEnd,
    "cause": Cause,
    "payment": MovementKind,
    "payment_status": MovementStatus,
    "money": [answer.value.lower() for answer in MoneyAnswer],
    "twin": TwinState,
    "stands": Stands,
    "failure": {failure.caller_text.partition(".")[2] for failure in FAILURES.values()},
    "next": NextStep,
    "refund": [*RefundState, CALLED_BACK],
    "refund_reason": RefundReason,
    "review": ReviewNeed,
    "remedy": Remedy,
    "decision": ReviewDecision,
    "way": PayoutWay,
    "rule": RULES,
    "severity": Severity,
    "finding": FindingState,
    "risk": RiskBand,
    "risk_part": {*Risk._fields, NOT_KNOWN, *told_at(RiskPart, "part")},
    "device": ("known", "new", "not_told"),
    "verdict": Verdict,
    "approval_state": ApprovalState,
    "contact": told_at(Contact, "state"),
    "notice": [*REPUDIABLE, PIN_SET, *(f"{POINT_GONE_ASKED}.{kind}" for kind in PointKind)],
    "callback": CallbackState,
    "ending_of_contact": Ending,
    "lock_kind": LockKind,
    "figure": Figure,
    "part": Part,
    "thing": ThingKind,
    "asked": FactsReason,
}
"""The closed words of each group of the dictionaries."""
LOCAL_FAULTS: Final = frozenset(
    {
        # A body that pydantic refuses is told by where, not by a word of ours.
        CaseError.CURSOR_INVALID, CaseError.LIMIT_OUT_OF_RANGE, CaseError.SKILLS_COUNT, CaseError.LINK_INVALID,
        CaseError.CASE_WORD_INVALID, CaseError.CASE_REFERENCE_INVALID, CaseError.AGENT_NAME_INVALID,
        AgentError.LIMIT_OUT_OF_RANGE,
        # A customer says by phone or in the app what was not them.
        LockoutError.NOTHING_TO_DENY,
    }
)  # fmt: skip
"""Errors of cases that no request of the desk meets: it sends none of these."""


def has_word(code: str, group: str, word: object) -> bool:
    """Whether a word is in its group, or in the one that words.js takes then."""
    otherwise = dict(re.findall(r'(\w+): "(\w+)"', re.findall(r"OTHERWISE = \{(.*)\}", SCRIPT)[0]))
    words = WORDS[code]
    return bool(words.get(f"{group}.{word}") or words.get(f"{otherwise.get(group)}.{word}"))


@sweep("code", LANGUAGES)
@sweep("group", GROUPS)
def test_every_closed_word_has_words(group: str, code: str) -> None:
    words = [getattr(word, "value", word) for word in GROUPS[group]]
    assert words
    assert [word for word in words if not has_word(code, group, word)] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_problem_is_told_in_the_language_of_the_desk(code: str) -> None:
    described = DOCUMENT["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert set(described) <= {*STATUSES, *OF_AGENTS}
    untold = [
        one for one in described if not (has_word(code, "problem", one) or find(f"problem.{one}", LANGUAGES[code]))
    ]
    assert untold == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_reason_of_a_refusal_is_told_more_exactly(code: str) -> None:
    """Some problems have a closed word `why`, a malformed request its faults. Errors with a problem of their own need
    no word more."""
    own = importlib.import_module("functions.agent_api.refusals")._OF_REFUSALS
    errors = {*AgentError, *LockoutError, *ApprovalError, *CaseError, *DirectoryError, *IdentityError, *SecurityError}
    errors |= {RefundError.NOT_IN_REVIEW, RefundError.NOT_UNPAID, RefundError.OVERTAKEN, RefundError.POLICY_INVALID}
    errors |= {RefundError.PROVIDER_WINDOW_OVER, RefundError.PROVIDER_PARTS_OVER}
    without = {error for error in errors - own.keys() - LOCAL_FAULTS if not has_word(code, "fault", error.value)}
    # The scan, and versions of cases and findings, are told by problems of every API.
    assert without == {
        SecurityError.FINDING_CHANGED,
        SecurityError.SUBJECT_NOT_JUDGED,
        CaseError.CASE_CHANGED,
    }


# ---------------------------------------------------------------- what several rooms write into a timeline

OF_NO_CASE: Final = frozenset({"read", "approval", "manage", "edit_numbers", "publish_policy"})
"""Operations of agents that no case tells of: looks would bury what was done, the others are about no account."""
WRITERS: Final = frozenset({"contribute_case", "contribute_decided", "add_entry", "add_to_case", "tell_people"})
HOLDERS: Final = ("Deed", "Hit", "Subject")
"""Their third value becomes facts: of an entry, a finding, an approval's change."""
NEAR: Final = frozenset({*WRITERS, "_write", *HOLDERS, "_hit_of", "leave_records"})
NAMED: Final = frozenset({"facts", "told", "also", "content", "amount"})
"""A literal of one of these names, in a function that calls one of those, becomes facts."""
EXPANDED: Final[Mapping[str, Iterable[str]]] = {
    "f'caller.{reason}'": [*(f"caller.{reason}" for reason in handover.OUTCOMES), "caller.closed"],
    "self.reason": [handover.AskPerson("-").reason],
    "finding.rule": [detector.rule for detector in DETECTORS],
    "f'closed.{reason.value}'": [f"closed.{reason.value}" for reason in CloseReason],
    "f'agent.{event}'": [
        *(f"agent.{word}" for word in BY_AGENTS if word not in OF_NO_CASE),
        *(f"agent.approval_{state.value}" for state in (ApprovalState.APPROVED, ApprovalState.DENIED)),
        f"agent.approval_{ApprovalState.VOID}",
        ASKED_REASON,
    ],
}
"""The words that a reason becomes which is put together where it is written."""
GIVEN_ON: Final = frozenset({"reason", "word"})
"""Names of parameters: the word comes from the caller, who is looked at, too."""


@cache
def _modules() -> tuple[tuple[ModuleType, ast.Module], ...]:
    """The modules of the layer that write into timelines, with their sources."""
    found = []
    for path in sorted(LAYER.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if re.search(rf"\b({'|'.join((*WRITERS, *HOLDERS))})\(", source):
            name = ".".join(("hotline", *path.relative_to(LAYER).with_suffix("").parts))
            found.append((importlib.import_module(name.removesuffix(".__init__")), ast.parse(source)))
    return tuple(found)


@cache
def _nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Every node below one. A tree is walked once for all that looks at it."""
    return tuple(ast.walk(tree))


def _name_called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _calls(tree: ast.AST, names: Collection[str]) -> Iterator[ast.Call]:
    return (one for one in _nodes(tree) if isinstance(one, ast.Call) and _name_called(one) in names)


def _reason_of(call: ast.Call) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == "reason":
            return keyword.value
    return call.args[4] if len(call.args) > 4 else None


def _words_of(node: ast.expr, module: ModuleType, tree: ast.Module) -> Iterable[str]:
    text = ast.unparse(node)
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if text in EXPANDED:
        return EXPANDED[text]
    if isinstance(node, ast.Name) and isinstance(getattr(module, node.id, None), str):
        return [getattr(module, node.id)]
    if isinstance(node, ast.Name) and node.id in GIVEN_ON:
        made = [one for one in _nodes(tree) if isinstance(one, ast.Assign)]
        own = [word for one in made for word in _assigned(one, node.id, module, tree)]
        return [*own, *(word for one in _handed_on(node.id, tree) for word in _words_of(one, module, tree))]
    raise AssertionError(f"{module.__name__}: which words can {text} be?")


def _handed_on(name: str, tree: ast.Module) -> Iterator[ast.expr]:
    """The arguments that callers in the module give for a parameter of this name, to a function of the module that
    writes with it. Writers themselves are looked at anyway."""
    for function in _nodes(tree):
        if not isinstance(function, ast.FunctionDef) or function.name in (*WRITERS, "_write"):
            continue
        parameters = [one.arg for one in function.args.args]
        if name in parameters:
            place = parameters.index(name)
            yield from (call.args[place] for call in _calls(tree, {function.name}) if len(call.args) > place)


def _assigned(made: ast.Assign, name: str, module: ModuleType, tree: ast.Module) -> Iterable[str]:
    """The words that an assignment gives a name, alone or among several."""
    target, value = made.targets[0], made.value
    pairs = (
        zip(target.elts, value.elts, strict=True)
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        else [(target, value)]
    )
    return [
        word
        for one, given in pairs
        if isinstance(one, ast.Name) and one.id == name
        for word in _words_of(given, module, tree)
    ]


@cache
def list_reasons() -> frozenset[str]:
    """Every reason that an entry of a timeline can have."""
    return frozenset(
        word
        for module, tree in _modules()
        for call in _calls(tree, WRITERS | ({"_write"} if module is case_requests else set()))
        if (reason := _reason_of(call)) is not None
        for word in _words_of(reason, module, tree)
    )


def _dicts_of_facts(tree: ast.Module) -> Iterator[ast.Dict]:
    """Literals that become facts: handed on as `facts`, third of HOLDERS, or named so where an entry is written."""
    for call in _calls(tree, {*WRITERS, "_write", *HOLDERS}):
        given = [keyword.value for keyword in call.keywords if keyword.arg == "facts"]
        given += call.args[2:3]
        yield from (one for one in given if isinstance(one, ast.Dict))
    for function in _nodes(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        if function.name in {handover._list_known.__name__, velocity._tell_facts.__name__}:
            yield from (one for one in _nodes(function) if isinstance(one, ast.Dict))
        if any(_calls(function, NEAR)):
            yield from _dicts_named_so(function)


def _dicts_named_so(function: ast.FunctionDef) -> Iterator[ast.Dict]:
    for node in _nodes(function):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if ast.unparse(target) in NAMED:
                yield from (one for one in ast.walk(node.value) if isinstance(one, ast.Dict))


@cache
def list_facts() -> frozenset[str]:
    """The name of every fact of a timeline, a finding, or a change that waits for a second person."""
    return frozenset(
        str(key.value)
        for _, tree in _modules()
        for literal in _dicts_of_facts(tree)
        for key in literal.keys
        if isinstance(key, ast.Constant)
    )


BY_NAME: Final = frozenset({"payout"})
"""Facts that are written by the name of an argument."""


def test_the_reasons_and_facts_are_found_where_they_are_written() -> None:
    assert {"caller.asked", "refund_unpaid", "agent.claimed", "closed.resolved", "agent.unlock"} <= list_reasons()
    assert {"amount_minor", "missed_on", "history", "tags_before", "distributed", "why", "approved_by"} <= list_facts()


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_reason_of_a_timeline_has_words(code: str) -> None:
    assert {reason for reason in list_reasons() if not has_word(code, "reason", reason)} == set()


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_fact_has_a_name_or_is_left_out(code: str) -> None:
    hidden = set(json.loads(re.search(r"^const HIDDEN = (\[.*\]);$", FACTS, re.MULTILINE)[1]))  # type: ignore[index]
    assert {name for name in list_facts() - hidden if not has_word(code, "fact", name)} == set()
    assert hidden <= list_facts() | {"recovery_id"}


def test_every_fact_that_reads_as_a_word_is_one_that_is_written() -> None:
    table = FACTS[FACTS.index("const VALUES = {") : FACTS.index("\n};")]
    read = set(re.findall(r"^  ([a-z_]+):", table, re.MULTILINE))
    assert len(read) > 25
    assert read - list_facts() - BY_NAME == set()


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_subject_of_an_approval_has_words(code: str) -> None:
    source = (LAYER / "agents/subjects.py").read_text(encoding="utf-8")
    kinds = {*re.findall(r'case "([a-z]+)":', source), "unmask"}
    assert len(kinds) > 4
    assert [kind for kind in kinds if not has_word(code, "subject", kind)] == []


def test_every_state_of_a_proof_is_shown() -> None:
    shown = set(re.findall(r"^      (\w+): html`", (FOLDER / "proof.js").read_text(), re.MULTILINE))
    told = set(told_at(accounts.Proof, "state"))
    assert told == {"asked" if state is ProofState.WAITING else state.value for state in ProofState}
    assert shown == told


def test_the_desk_knows_every_language_of_the_line() -> None:
    names = re.search(r"LANGUAGE_NAMES = \{(.*)\}", (FOLDER / "words.js").read_text(encoding="utf-8"))
    words = re.search(r"BANNER_WORDS = (\[.*\]);", (FOLDER / "views/settings.js").read_text(encoding="utf-8"))
    assert names is not None
    assert words is not None
    assert set(re.findall(r'"([^"]+)":', names[1])) == set(languages.LANGUAGES)
    assert {tag for _, tag in json.loads(words[1])} == set(languages.LANGUAGES)


def test_the_hours_name_the_one_order_that_there_is() -> None:
    assert "A day that differs goes before the week." in WORDS["en"]["hours.text"]
    assert WORDS["zh"]["hours.special_days"] in WORDS["zh"]["hours.text"]
    told = [text["hours.text"] for text in WORDS.values()]
    assert [text for text in told if re.search(r"override|holiday|临时|节假日", text)] == []


def test_the_chinese_words_for_a_review_fit_a_denial_as_well() -> None:
    reviews = {key: text for key, text in WORDS["zh"].items() if "review_" in key or key.endswith("decide_refund")}
    assert len(reviews) > 4
    assert {key: text for key, text in reviews.items() if "决定退款" in text or "决定大额退款" in text} == {}
    assert {reviews[f"operation.{name}"] for name in ("review_refund", "review_large_refund")} == {
        "审核退款", "审核大额退款"
    }  # fmt: skip


def test_an_agent_has_one_chinese_word() -> None:
    words = WORDS["zh"]
    assert [key for key, text in words.items() if "坐席" in text] == []
    assert words["actor.agent"] == words["field.agent"] == words["cause.AGENT"]
    assert "坐席" not in (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")


def test_the_proof_that_an_agent_asks_for_is_the_customers() -> None:
    assert WORDS["zh"]["heard.agent_proof"] == "应客服要求核实身份"


def test_the_limit_of_shown_values_is_not_told_as_that_of_looks() -> None:
    assert WORDS["zh"]["figure.look_ups"] not in WORDS["zh"]["unmask.beyond"]
    assert "显示内容的次数" in WORDS["zh"]["unmask.beyond"]
    assert "显示内容的次数" in WORDS["zh"]["fault.unmaskings_limit"]
