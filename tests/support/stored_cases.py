"""Cases as they are stored, by account or by contact, for tests that look at what a function left."""

from __future__ import annotations

from hotline.cases import service as cases
from hotline.cases.items import contact_case_key
from hotline.cases.model import Case, CaseEntry
from hotline.kit.store import Prefix, Query, Store, Table


def list_open_cases(store: Store, account_id: str) -> tuple[Case, ...]:
    """The cases to which an account's pointers lead, the most urgent first."""
    pointers = store.query(Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix("CASE#"))).items
    found = [cases.read_case(store, pointer["case_id"]) for pointer in pointers]
    known = [one[0] for one in found if one is not None]
    assert len(known) == len(pointers)
    return tuple(sorted(known, key=lambda case: (case.priority, case.due_at, case.case_id)))


def find_case_of_contact(store: Store, contact_id: str) -> tuple[Case, tuple[CaseEntry, ...]] | None:
    """The case with which a contact was handed over last, and its timeline."""
    found = store.get(contact_case_key(contact_id))
    return cases.read_case(store, found["case_id"]) if found is not None else None
