"""Errors of the rooms as the agents' API tells them: first the codes of its own, then those of every API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from functions.http import problems
from functions.http.problems import Problem
from hotline.agents.model import AgentError
from hotline.cases import service as cases
from hotline.cases.model import CaseError
from hotline.directory.model import DirectoryError
from hotline.kit.errors import HotlineError, InvalidInput, NeedProof, NotPossible

_OF_REFUSALS: Final[Mapping[str, str]] = {
    CaseError.CASE_NOT_FOUND: "not_found",
    CaseError.CASE_CLAIMED: "case_claimed",
    CaseError.CASE_CLOSED: "case_closed",
    CaseError.CASE_OPEN: "case_open",
    CaseError.CASE_OF_ANOTHER_AGENT: "case_claimed",
    DirectoryError.CHANGED: "precondition_failed",
    AgentError.NO_ACCESS: "not_found",
}


def problem_of(error: HotlineError) -> Problem:
    """The problem that an error of a room is told as. Bad input names the room's code, a closed word."""
    match error:
        case cases.CaseChanged():
            return Problem("precondition_failed", facts={"version": error.facts.get("version")})
        case NeedProof():
            return Problem("proof_missing", facts={"operation": error.operation, "needs": list(error.needs)})
        case NotPossible(code=code) if code in _OF_REFUSALS:
            return Problem(_OF_REFUSALS[code])
        case InvalidInput(code=code):
            return problems.problem_in("#", code)
        case _:
            return problems.problem_of(error)
