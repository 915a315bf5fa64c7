"""No name in what is deployed exists for nobody, or for tests alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from vulture import Vulture

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOYED: Final = ("layers/hotline/python", "functions")
LIBRARIES: Final = (
    *("handler", "model_config", "provider_id", "vend_masterkey_on_decrypt", "_get_raw_key", "decrypt_materials"),
    *("get_code", "fullname", "submodule_search_locations", "has_location", "cached"),
)
"""Names that Lambda, pydantic, the AWS Encryption SDK and Python's import look for."""
DECORATORS: Final = ("@router.*", "@app.*", "@field_validator*", "@model_validator*")
"""A library calls the functions that these mark."""
OUTSIDE: Final[Mapping[str, str]] = {
    "RELAY": "a word of the wallet's, kept by its value, as the following",
    "SATELLITE": "as RELAY",
    "VPN": "as RELAY",
    "LOGIN": "as RELAY",
    "OUT": "as RELAY",
    "specversion": "a field of the envelope of events",
    "dataschema": "as specversion",
    "JPEG": "a type of files, compared by its value, as the following",
    "PNG": "as JPEG",
    "WEBP": "as JPEG",
    "HEIC": "as JPEG",
    "PDF": "as JPEG",
    "ACCESS_DENIED": "a word of GuardDuty, compared by its value",
    "grant_id": "a field of a decision, read by the wallet",
    "uses": "as grant_id",
    "days_before": "as grant_id",
    "withdrawn_on": "as grant_id",
    "rule_version": "as grant_id",
    "proved_until": "a field of an answer of the API",
    "computed": "as proved_until",
    "rate_on": "as proved_until",
    "charged_twice": "as proved_until, as the following",
    "other_at": "as charged_twice",
    "other_id": "as charged_twice",
    "other_state": "as charged_twice",
    "token_ends_at": "a field of an answer of the agents' API, as the following",
    "live_contacts": "as token_ends_at",
    "note_characters": "as token_ends_at",
    "customer_reads": "as token_ends_at",
    "refund_note_characters": "as token_ends_at",
    "possible": "as token_ends_at",
    "ended_by": "as token_ends_at",
    "failed_login_at": "as token_ends_at",
    "can_unmask": "as token_ends_at",
    "has_amount": "as token_ends_at",
    "proof_goals": "as token_ends_at",
    "tasked": "a figure of a run, told by its name",
    "woken": "as tasked",
    "digested": "as tasked",
    "masked": "as token_ends_at",
    "feedback": "as token_ends_at",
    "next_opening": "as token_ends_at",
    "contained": "a field of the agents' report, set from hotline.reports by its name, as the following",
    "transferred": "as contained",
    "deeds": "as contained",
    "abandoned": "as contained",
    "callback": "as contained",
    "closed_hours": "as contained",
    "median_s": "as contained",
    "p90_s": "as contained",
    "none": "as contained",
    "within_15_days": "as contained",
    "median_days": "as contained",
    "lock_causes": "as contained",
    "look_ups": "as contained, from hotline.agents",
    "unmaskings": "as contained, from hotline.agents",
    "openings": "as contained, from hotline.agents",
    "other_acts": "as contained, from hotline.agents",
    "case_work": "as contained, from hotline.agents",
    "limits_reached": "as contained, from hotline.agents",
    "own_account": "as contained, from hotline.agents",
    "own_request": "as contained, from hotline.agents",
    "resent": "a count of what a run did, read where it is called",
    "escalated": "as resent",
    "DORMANT": "a word of facts that is parsed by its value",
    "STOLEN": "a word that agents name by its value",
    "NOT_THEIRS": "as STOLEN",
    "CREDIT": "as DORMANT",
    "DEBIT": "as DORMANT",
    "PREPAID": "as DORMANT",
    "reproduce": "a decision made again, for `./hotline refund explain`",
    "is_reproduced": "as reproduce",
    "PROFILES": "the laws, which tests hold against their sources",
    "return_source": "as PROFILES",
    "payback": "a clock of a law, kept as data with its source",
    "investigation": "as payback",
    "list_drifts": "read by ./hotline drift",
    "changed_rules": "read by ./hotline refund explain",
    "CALL": "a reason that agents name by its value, as the others of LookUpReason and ActReason",
    "INVESTIGATION": "as CALL",
    "EVIDENCE_SEEN": "as CALL",
    "CORRECTION": "as CALL",
    "BANK_ACCOUNT": "a way of payout that agents name by its value",
    "NOT_REACHED": "an end of a case that is parsed by its value, as the others of CloseReason",
    "PASSED_ON": "as NOT_REACHED",
    "list_rows": "the table of decline codes, which benchmarks read and tests hold against its words",
    "actor_of": "the one who acts, told by `./hotline codes explain`",
    "FIRST_STEPS": "all values of a rule, from which tests say every sentence",
    "NEEDS": "a part of the contract with the flows, which tests hold against them",
    "SELF_SERVICE": "as NEEDS",
    "CATCH_ALL": "a part of the contract with the gateway, which tests hold against the template",
    "SCOPES": "as CATCH_ALL",
    "ROUTE_MODULES": "modules that are imported for the routes that they add",
    "is_account": "a field of an answer of the agents' API, for which the desk has no view yet",
    "transactions": "a count of requests, read where a step's cost is measured",
    "voice": "a column of the table of languages, which the flows are made of",
}
"""Names that nothing deployed reads, with who does."""


def unused(*paths: Path) -> dict[str, str]:
    """Names that nothing under these paths reads, and where each is."""
    scanner = Vulture(ignore_names=list(LIBRARIES), ignore_decorators=list(DECORATORS))
    scanner.scavenge([str(path) for path in paths])
    return {item.name: f"{item.filename}:{item.first_lineno}" for item in scanner.get_unused_code()}


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    return unused(*(ROOT / path for path in DEPLOYED))


def test_deployed_code_has_no_name_that_nothing_reads(found: dict[str, str]) -> None:
    assert {name: place for name, place in found.items() if name not in OUTSIDE} == {}


def test_every_exception_is_one(found: dict[str, str]) -> None:
    assert OUTSIDE.keys() - found.keys() == set()


def test_a_double_in_the_layer_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "clock.py").write_text("class VirtualClock:\n    def advance(self) -> None:\n        pass\n")
    assert unused(tmp_path).keys() == {"VirtualClock", "advance"}
