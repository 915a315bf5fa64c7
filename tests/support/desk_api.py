"""An agents' API for tests of the desk: the routes, versions, keys and refusals of the real one, over a small world.

Every request and every answer is held against docs/openapi-agent.json, so that desk and fake follow the real API.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from tests.support.agent_document import find_faults
from tests.support.loopback import Answered, Asked

type Document = dict[str, Any]

BASE: Final = "/v1/agent"
READ: Final = ("desk/read", "desk/work", "desk/act", "desk/refund")
ALL: Final = (*READ, "desk/approve", "desk/manage", "desk/report")
PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {"lin": READ, "mei": ALL, "omar": ALL}
NAMES: Final = {"lin": "Lin Agent", "mei": "Mei Supervisor", "omar": "Omar Supervisor"}
PERSON_OF: Final = {person: {"id": person, "name": name} for person, name in NAMES.items()}
PEOPLE_NAMED: Final = list(PERSON_OF.values())
MARKUP: Final = '<img src=x onerror="window.harmed=1"><b>bold</b>'
MARKS: Final = "\u202edrawkcab\u202c and on"
"""A text that turns what follows it around, where nothing keeps it apart."""
UNMASKED: Final = "Wei Zhang"
ACCOUNT_ID: Final = "acct-demo-01"
CURSOR: Final = f"1.cGxhY2U.{'0' * 32}"
PAGE: Final = 20
HOLD_MAX_S: Final = 15
FREEZE_VERSION: Final = "2026-11-29T08:00:00.000Z#freeze-1"
_CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH",
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Desk-Contact, Desk-Reason, Idempotency-Key, If-Match"
    ),
    "Access-Control-Expose-Headers": "ETag, Retry-After",
}
_ACTIONS: Final = {
    "unlock": "unlock",
    "unfreeze": "unfreeze",
    "freeze": "freeze",
    "reset-grants": "reset_grant",
    "pause": "pause",
    "pause-ends": "end_pause",
    "new-rows": "new_row",
    "hold-releases": "release_hold",
}


_OF_CASE_ALONE: Final = frozenset(
    {
        "account_known", "customer_reads", "contact_id", "heard", "proved", "failed_login_at",
        "missing_documents", "links", "next_step", "security_case", "proof_goals", "two_from",
    }
)  # fmt: skip


class Refusal(Exception):
    """A problem of the API."""

    def __init__(self, status: int, code: str, title: str, **facts: Any) -> None:
        super().__init__(code)
        self.status = status
        self.document = {
            "type": f"urn:hotline:problem:{code}",
            "status": status,
            "code": code,
            "title": title,
            "instance": "urn:hotline:request:r-1",
            **facts,
        }


def _now() -> datetime:
    return datetime.now(UTC)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _in(**away: float) -> str:
    return _text(_now() + timedelta(**away))


def _case(case_id: str, topic: str, **given: Any) -> Document:
    return {
        "id": case_id,
        "reference": None,
        "topic": topic,
        "language": "zh-CN",
        "priority": 5,
        "status": "open",
        "reason": "caller.asked",
        "opened_at": _in(minutes=-50),
        "updated_at": _in(minutes=-50),
        "due_at": _in(hours=3),
        "snoozed_until": None,
        "owner": None,
        "tags": [],
        "risk": None,
        "skill": f"{topic}:{given.get('language', 'zh-CN')}",
        "account_known": True,
        "customer_reads": True,
        "contact_id": None,
        "heard": [],
        "proved": {"state": "none", "factors": []},
        "failed_login_at": None,
        "missing_documents": [],
        "links": [],
        "security_case": None,
        "two_from": None,
        "proof_goals": ["look", "unlock", "reset", "refund", "freeze", "pause", "end_pause", "unfreeze"],
        "next_step": None,
        "version": 1,
        **given,
    }


@dataclass
class DeskWorld:
    """The things that the API knows. Tests change them as other people would."""

    tokens: Mapping[str, str]
    """Each token and the person it was given to."""
    cases: dict[str, Document] = field(default_factory=dict)
    timelines: dict[str, list[Document]] = field(default_factory=dict)
    proofs: dict[str, Document] = field(default_factory=dict)
    approvals: dict[str, Document] = field(default_factory=dict)
    contacts: dict[str, Document] = field(default_factory=dict)
    refunds: list[Document] = field(default_factory=list)
    settings: dict[str, Document] = field(default_factory=dict)
    live: dict[str, list[str]] = field(default_factory=dict)
    lock: Document = field(default_factory=dict)
    payments_count: int = 1
    holds: list[str] = field(default_factory=lambda: ["COMPLIANCE", "DORMANT"])
    """The causes of the holds that run."""
    points: dict[str, str] = field(default_factory=lambda: {"phone": "***0001", "email": "c***@***mple"})
    """The contact points of the account, masked."""
    asked: list[Asked] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)
    """Path, and the refusal of each request to it."""
    hold_notes: threading.Event | None = None
    """A note is answered once this is set."""
    remembered: dict[str, Answered] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    """Requests and answers that are not as docs/openapi-agent.json says."""
    found: list[Document] = field(default_factory=list)
    """Findings about addresses and payees."""
    quiet: list[Document] = field(default_factory=list)
    """The rules that do not tell of an address or a payee for a while."""
    taken: set[str] = field(default_factory=set)
    """Contacts that were claimed by the agent's workspace."""
    unmaskings_left: int = 30
    """How many values may be shown without a second person."""
    suppressions: list[Document] = field(default_factory=list)
    """The rules that do not tell of the account for a while."""
    picture_url: str = "https://pictures.example/evidence-1"
    """The address at which a clean picture can be had; empty: the scan says something else meanwhile."""
    lose_answers: int = 0
    """How many of the next POST requests are carried out without an answer that arrives."""
    note_characters: int | None = 1000
    """How long a note may be. None: an older API, which tells no limits and is not held to today's description."""
    time_zone: str = "Asia/Shanghai"
    """In which reports have their days."""
    survey: tuple[int, ...] = (2, 1, 5, 20, 44)
    """How many callers gave each score, from one to five."""
    throttled: dict[str, int] = field(default_factory=dict)
    """Path, and how many of the next requests to it the gateway refuses before the API sees them."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Answered:
        """Answer a request."""
        if asked.method == "OPTIONS":
            return Answered(204, b"", _CORS)
        if self.hold_notes is not None and asked.path.endswith("/notes"):
            self.hold_notes.wait(HOLD_MAX_S)
        with self._lock:
            self.asked.append(asked)
            path = asked.path.removeprefix(BASE)
            if self.throttled.get(path, 0) > 0:
                self.throttled[path] -= 1
                return _json(429, {"message": "Too Many Requests"})
            try:
                answered = self._keyed(asked)
            except Refusal as refusal:
                answered = _json(refusal.status, refusal.document)
            if self.note_characters is not None:
                self.faults += find_faults(asked, answered)
            return answered

    def requests(self, method: str, path: str) -> list[Asked]:
        """The requests that came by this method for this path below the base."""
        return [one for one in self.asked if (one.method, one.path) == (method, BASE + path)]

    def save(self, name: str, **change: Any) -> None:
        """Save a setting as somebody else would: it has a new version."""
        document = self.settings[name]
        document.update(change)
        document["version"] += 1

    def prove(self, case_id: str, *factors: str) -> None:
        """The customer proves who they are."""
        self.proofs[case_id] = {
            **_no_proof(),
            "state": "proved",
            "goal": "unlock",
            "factors": list(factors),
            "until": "2099-01-01T00:00:00Z",
            "operations": ["unlock", "reset_grant"],
        }

    def tell(self, case_id: str, reason: str, actor: Mapping[str, str], **given: Any) -> None:
        """Add to a case's timeline."""
        entries = self.timelines.setdefault(case_id, [])
        entries.insert(
            0,
            {
                "id": f"entry-{len(entries)}",
                "number": len(entries) + 1,
                "at": _text(_now()),
                "kind": "added",
                "audience": "agent",
                "actor": {"name": None, **actor},
                "reason": reason,
                "facts": {},
                "masked": [],
                "note": None,
                "approval": None,
                **given,
            },
        )

    def _keyed(self, asked: Asked) -> Answered:
        """A POST is carried out once for its key; the same answer is given again."""
        username = self.tokens.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if username is None:
            raise Refusal(401, "invalid_token", "The token is not valid.")
        path = asked.path.removeprefix(BASE)
        if path in self.refused:
            raise self.refused[path]
        if asked.method != "POST":
            return self._routed(asked, path, username)
        key = asked.headers.get("idempotency-key", "")
        if not 16 <= len(key) <= 128:
            raise Refusal(400, "idempotency_key_missing", "An Idempotency-Key is missing.")
        answered = self.remembered.get(key) or self._routed(asked, path, username)
        self.remembered[key] = answered
        if self.lose_answers:
            self.lose_answers -= 1
            return replace(answered, cut=True)
        return answered

    def _routed(self, asked: Asked, path: str, username: str) -> Answered:
        body = json.loads(asked.body) if asked.body else {}
        for method, pattern, route in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == asked.method:
                return route(self, _Call(asked, body, username, found.groups()))
        raise Refusal(404, "not_found", "There is no such thing.")


@dataclass(frozen=True, slots=True)
class _Call:
    asked: Asked
    body: Document
    username: str
    ids: tuple[str, ...]

    @property
    def person(self) -> Document:
        return {"id": self.username, "name": NAMES[self.username]}


type Route = Callable[[DeskWorld, _Call], Answered]


def _no_proof() -> Document:
    return {"state": "none", "goal": None, "factors": [], "until": None, "operations": []}


def _row(case: Document) -> Document:
    return {name: value for name, value in case.items() if name not in _OF_CASE_ALONE}


def _json(status: int, document: object, etag: str | None = None) -> Answered:
    headers = {"Content-Type": "application/json", **_CORS}
    if etag is not None:
        headers["ETag"] = etag
    return Answered(status, json.dumps(document).encode(), headers)


def _etag(document: Document) -> str:
    return f'"{document["version"]}"'


def _found(world: DeskWorld, call: _Call) -> Document:
    case = world.cases.get(call.ids[0])
    if case is None:
        raise Refusal(404, "not_found", "There is no such thing.")
    return case


def _held(world: DeskWorld, call: _Call) -> Document:
    case = _found(world, call)
    if (case["owner"] or {}).get("id") != call.username:
        raise Refusal(404, "not_found", "There is no such thing.")
    return case


def _may(call: _Call, permission: str) -> None:
    if permission not in PEOPLE[call.username]:
        raise Refusal(403, "insufficient_scope", "Your role does not allow it.")


def _me(world: DeskWorld, call: _Call) -> Answered:
    document: Document = {
        "agent_id": call.username,
        "username": NAMES[call.username],
        "roles": ["supervisors" if "desk/manage" in PEOPLE[call.username] else "agents"],
        "permissions": list(PEOPLE[call.username]),
        "token_ends_at": _in(minutes=15),
        "time_zone": world.time_zone,
        "live_contacts": world.live.get(call.username, []),
    }
    if world.note_characters is not None:
        document["limits"] = {"note_characters": world.note_characters, "refund_note_characters": 500}
    return _json(200, document)


def _on_shelf(case: Document, shelf: str, username: str) -> bool:
    if shelf == "mine":
        return (case["owner"] or {}).get("id") == username and case["status"] != "closed"
    return bool(case["status"] == ("waiting" if shelf == "snoozed" else "open") and case["owner"] is None)


def _queue(world: DeskWorld, call: _Call) -> Answered:
    query = call.asked.query
    rows = [case for case in world.cases.values() if _on_shelf(case, query.get("shelf", "waiting"), call.username)]
    for name in ("topic", "language"):
        rows = [case for case in rows if query.get(name, case[name]) == case[name]]
    rows.sort(key=lambda case: (case["priority"], case["due_at"]))
    return _json(200, _page("cases", [_row(case) for case in rows], call))


def _find_cases(world: DeskWorld, call: _Call) -> Answered:
    rows = [_row(case) for case in world.cases.values() if case["reference"] == call.asked.query["reference"]]
    return _json(200, {"cases": rows, "next": None})


def _is_in_call(world: DeskWorld, case: Document, username: str) -> bool:
    return case["contact_id"] is not None and case["contact_id"] in (*world.live.get(username, []), *world.taken)


def _approval_of(world: DeskWorld, username: str, operation: str, **about: Any) -> Document | None:
    """The person's own request that waits or was approved."""
    return next(
        (
            one
            for one in reversed(world.approvals.values())
            if (one["operation"], one["requested_by"]["id"]) == (operation, username)
            and one["state"] in ("asked", "approved")
            and all(one.get(name) == value for name, value in about.items())
        ),
        None,
    )


def _obstacle(world: DeskWorld, operation: str, *, held: bool, proved: bool) -> str | None:
    ends = {"unlock": ("SOFT", "HARD"), "end_pause": ("PAUSED",)}.get(operation)
    ends = ("FROZEN",) if operation.startswith("unfreeze") else ends
    if not held:
        return "not_claimed"
    if ends is not None and world.lock["state"] not in ends:
        return "nothing_to_do"
    return None if proved else "needs_proof"


def _actions(world: DeskWorld, case: Document, username: str) -> list[Document]:
    held = (case["owner"] or {}).get("id") == username or _is_in_call(world, case, username)
    proved = world.proofs.get(case["id"], {}).get("state") == "proved"
    levels = {
        "freeze": "alone", "pause": "alone", "unlock": "proof", "reset_grant": "proof", "end_pause": "proof",
        **({"unfreeze": "proof"} if len(world.points) > 1 else {"unfreeze_unproved": "second"}),
        "new_row_unproved": "second",
    }  # fmt: skip
    freeze = {"kind": "freeze", "id": "-", "version": FREEZE_VERSION}
    return [
        {
            "operation": operation,
            "level": level,
            "possible": _obstacle(world, operation, held=held, proved=proved or level != "proof") is None,
            "why": _obstacle(world, operation, held=held, proved=proved or level != "proof"),
            "approval": _approval_of(world, username, operation, case_id=case["id"]) if level == "second" else None,
            "subject": freeze if operation == "unfreeze_unproved" else None,
        }
        for operation, level in levels.items()
    ]


def _read_case(world: DeskWorld, call: _Call) -> Answered:
    case = _found(world, call)
    known = case["account_known"] and case["status"] != "closed"
    actions = _actions(world, case, call.username) if known else []
    return _json(200, {**case, "actions": actions}, _etag(case))


def _matched(call: _Call, document: Document) -> None:
    if call.asked.headers.get("if-match") != _etag(document):
        raise Refusal(412, "precondition_failed", "Somebody else changed it.", version=document["version"])


def _patch_case(world: DeskWorld, call: _Call) -> Answered:
    case = _held(world, call)
    _matched(call, case)
    case.update(call.body)
    case["version"] += 1
    return _json(200, _row(case), _etag(case))


def _claim(world: DeskWorld, call: _Call) -> Answered:
    case = _found(world, call)
    if case["owner"] is not None and case["owner"]["id"] != call.username:
        raise Refusal(409, "case_claimed", f"{case['owner']['name']} has claimed it.")
    case.update(owner=call.person, status="claimed", version=case["version"] + 1)
    world.tell(case["id"], "agent.claimed", {"kind": "agent", "name": NAMES[call.username]}, kind="claimed")
    return _json(200, _row(case))


def _release(world: DeskWorld, call: _Call) -> Answered:
    supervises = "desk/manage" in PEOPLE[call.username]
    case = _found(world, call) if supervises else _held(world, call)
    case.update(owner=None, status="open", version=case["version"] + 1)
    return _json(200, _row(case))


def _note(world: DeskWorld, call: _Call) -> Answered:
    case = _found(world, call)
    given = {"note": call.body["text"], "audience": call.body["audience"], "kind": "noted"}
    world.tell(case["id"], "agent.noted", {"kind": "agent", "name": NAMES[call.username]}, **given)
    return _json(201, _row(case))


def _snooze(world: DeskWorld, call: _Call) -> Answered:
    case = _held(world, call)
    case.update(status="waiting", snoozed_until=call.body["until"])
    return _json(200, _row(case))


def _close(world: DeskWorld, call: _Call) -> Answered:
    case = _held(world, call)
    case.update(status="closed", owner=None, next_step=None, version=case["version"] + 1)
    word = f"closed.{call.body['ending']}"
    world.tell(case["id"], word, {"kind": "agent", "name": NAMES[call.username]}, kind="closed")
    return _json(200, _row(case))


def _reopen(world: DeskWorld, call: _Call) -> Answered:
    case = _found(world, call)
    case.update(status="open", version=case["version"] + 1)
    return _json(200, _row(case))


def _transfer(world: DeskWorld, call: _Call) -> Answered:
    case = _held(world, call)
    username = call.body.get("username")
    if (username is None) == (call.body.get("topic") is None):
        raise _malformed("#", "queue_or_agent")
    if username is None:
        case.update(skill=f"{call.body['topic']}:{call.body['language']}", owner=None, status="open")
    elif username in NAMES:
        case.update(owner={"id": username, "name": NAMES[username]}, status="claimed")
    else:
        raise _malformed("#/username", "agent_unknown")
    return _json(200, _row(case))


def _malformed(pointer: str, code: str) -> Refusal:
    return Refusal(400, "malformed_request", "The request is malformed.", errors=[{"pointer": pointer, "code": code}])


def _timeline(world: DeskWorld, call: _Call) -> Answered:
    return _json(
        200, {"entries": world.timelines.get(_found(world, call)["id"], []), "people": PEOPLE_NAMED, "next": None}
    )


def _with_access(world: DeskWorld, call: _Call) -> Document:
    case = _found(world, call)
    return case if _is_in_call(world, case, call.username) else _held(world, call)


def _looked(world: DeskWorld, call: _Call) -> None:
    _with_access(world, call)
    if not call.asked.headers.get("desk-reason"):
        raise Refusal(400, "malformed_request", "A reason is missing.")


def _hold(world: DeskWorld, call: _Call, cause: str) -> Document:
    """A hold that runs. Nobody here releases one of a long unused account."""
    asked = _approval_of(world, call.username, "release_hold", case_id=call.ids[0])
    action = {
        "operation": "release_hold",
        "level": "second",
        "possible": True,
        "why": None,
        "approval": asked if asked and asked["change"] == {"cause": cause} else None,
        "subject": {"kind": "hold", "id": cause, "version": "2026-11-29T08:00:00.000Z#lock-1"},
    }
    actions = [] if cause == "DORMANT" else [action]
    ended_by = "wallet" if cause == "DORMANT" else "release"
    return {"cause": cause, "since": _in(hours=-2), "until": None, "ended_by": ended_by, "actions": actions}


def _point(world: DeskWorld, call: _Call, kind: str, masked: str) -> Document:
    """A contact point, which two people may have removed."""
    asked = _approval_of(world, call.username, "contact_change", case_id=call.ids[0])
    action = {
        "operation": "contact_change",
        "level": "second",
        "possible": True,
        "why": None,
        "approval": asked if asked and asked["subject"]["id"] == f"point-{kind}" else None,
        "subject": {"kind": "point", "id": f"point-{kind}", "version": "2025-11-29T08:00:00.000Z"},
    }
    return {"name": kind, "masked": masked, "can_unmask": False, "id": f"point-{kind}", "actions": [action]}


def _remove_point(world: DeskWorld, call: _Call) -> Answered:
    _with_access(world, call)
    kind = call.body["point_id"].removeprefix("point-")
    if kind not in world.points:
        raise Refusal(404, "not_found", "There is no such thing.")
    assert _spend(world, call, "contact_change")["change"] == {"kind": kind, "loss": call.body["loss"]}
    return _json(202, {"outcome": "asked"})


def _account(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    fields = [
        {"name": "name", "masked": "W***", "can_unmask": True, "id": None, "actions": []},
        *(_point(world, call, kind, masked) for kind, masked in world.points.items()),
    ]
    return _json(
        200,
        {
            "account_id": ACCOUNT_ID,
            "status": "open",
            "language": "zh-CN",
            "lock": world.lock,
            "holds": [_hold(world, call, cause) for cause in world.holds],
            "two_step": False,
            "pin": False,
            "fields": fields,
            "facts_as_of": _in(minutes=-1),
        },
    )


def _page(name: str, found: list[Document], call: _Call) -> Document:
    """The first page, or the second one for CURSOR. There are no further ones."""
    if "cursor" in call.asked.query:
        return {name: found[PAGE:], "next": None}
    return {name: found[:PAGE], "next": CURSOR if len(found) > PAGE else None}


def _refund_action(world: DeskWorld, call: _Call) -> Document:
    proved = world.proofs.get(call.ids[0], {}).get("state") == "proved"
    return {
        "operation": "refund",
        "level": "proof",
        "possible": proved,
        "why": None if proved else "needs_proof",
        "approval": None,
        "subject": {"kind": "payment", "id": "pay-2", "version": "-"},
    }


def _ask_refund(world: DeskWorld, call: _Call) -> Answered:
    _with_access(world, call)
    if not _refund_action(world, call)["possible"]:
        raise Refusal(403, "proof_missing", "The customer has to prove who they are first.", operation="refund")
    return _json(202, {"outcome": "approved", "refund_id": "refund-7", "promised_on": "2026-12-04"})


def _payments(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    payment: Document = {
        "id": "pay-1",
        "item_id": "MOVEMENT#pay-1",
        "kind": "payment",
        "status": "failed",
        "initiated_at": _in(hours=-5),
        "merchant": {"id": "m-1", "name": MARKUP},
        "order": "0001",
        "money": {"state": "not_taken", "held_until": None},
        "failure": "insufficient_funds",
        "next_step": "top_up",
        "given_back": "none",
        "charged_twice": None,
        "arrival": None,
        "arrived_at": None,
        "counterparty": None,
        "coupon": {"applied": False, "name": MARKUP, "reason": "minimum_not_met", "has_amount": False},
        "actions": [],
    }
    good = {**payment, "item_id": "MOVEMENT#pay-2", "status": "succeeded", "failure": None, "next_step": "none"}
    good |= {"money": {"state": "debited", "held_until": None}, "merchant": {"id": "m-1", "name": "Tea House"}}
    good |= {"given_back": "part", "counterparty": "陈", "coupon": None}
    good["arrival"] = {"typical_on": "2026-12-01", "latest_on": "2026-12-07", "certain": False}
    good["actions"] = [_refund_action(world, call)]
    payments = [
        {**(good if number == 2 else payment), "id": f"pay-{number}"} for number in range(1, world.payments_count + 1)
    ]
    return _json(200, _page("payments", payments, call))


def _read_refunds(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    for refund in world.refunds:
        for action in refund["actions"]:
            action["approval"] = _approval_of(world, call.username, action["operation"], case_id=call.ids[0])
    return _json(200, _page("refunds", world.refunds, call))


def _findings(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    finding = {
        "id": "f-1",
        "severity": "high",
        "found_at": _in(hours=-2),
        "rule": "failed_login_burst",
        "facts": {"failures": 40, "distributed": "yes", "minutes_after": 12},
        "masked": [{"field": "finding_amount", "item_id": "f-1"}],
        "feedback": None,
        "state": "open",
        "begun_at": _in(hours=-3),
        "last_at": _in(hours=-2),
        "runbook": "See whether a login succeeded soon after.",
        "actions": [_suppression_action(world, call, "suppress", "alone", "failed_login_burst")],
    }
    theft = {**finding, "id": "f-2", "severity": "critical", "rule": "reset_device_transfer", "masked": []}
    theft["actions"] = [_suppression_action(world, call, "suppress_holding", "second", "reset_device_transfer")]
    return _json(200, {"findings": [finding, theft], "suppressions": world.suppressions, "next": None})


def _suppression_action(world: DeskWorld, call: _Call, operation: str, level: str, rule: str) -> dict[str, Any]:
    return {
        "operation": operation,
        "level": level,
        "possible": True,
        "why": None,
        "approval": _approval_of(world, call.username, operation, case_id=call.ids[0]) if level == "second" else None,
        "subject": {"kind": "suppression", "id": rule, "version": "0"},
    }


def _suppress(world: DeskWorld, call: _Call) -> Answered:
    _with_access(world, call)
    by = {"id": call.username, "name": call.username}
    told = {name: call.body[name] for name in ("rule", "until", "reason")}
    world.suppressions = [{**told, "since": _in(hours=0), "by": by}]
    return _json(202, {"outcome": "suppressed"})


def _end_suppression(world: DeskWorld, call: _Call) -> Answered:
    _with_access(world, call)
    world.suppressions = [one for one in world.suppressions if one["rule"] != call.body["rule"]]
    return _json(202, {"outcome": "ended"})


def found_about(about: str, finding_id: str, **given: Any) -> Document:
    """A finding of a list of supervisors, which nobody has judged."""
    source = {
        "rule": "password_spray",
        "severity": "medium",
        "facts": {"failures": 15, "accounts_failed": 5, "accounts_in": 1},
        "runbook": "See whether many addresses fail at once. Block the address at the edge, not here.",
    }
    party = {
        "rule": "counterparty_risk",
        "severity": "high",
        "facts": {"frauds_tenths": 20},
        "runbook": "Look at the payee's account and its security case.",
    }
    account = {
        "subject": "acct-7",
        "rule": "refund_abuse",
        "severity": "medium",
        "facts": {"refunds": 8},
        "runbook": "Read the reasons of the refunds.",
    }
    agent = {
        "subject": "agent-9",
        "agent": {"id": "agent-9", "name": "jo"},
        "rule": "agent_browsing",
        "severity": "high",
        "facts": {"accounts": 30},
        "runbook": "Ask why these accounts were opened.",
    }
    return {
        "id": finding_id,
        "about": about,
        "subject": f"mark-of-{finding_id}",
        "agent": None,
        "state": "open",
        "found_at": _in(hours=-1),
        "begun_at": _in(hours=-2),
        "last_at": _in(hours=-1),
        "events": 2,
        "accounts": ["acct-1"] if about == "source" else [],
        "is_account": about == "party",
        "version": 1,
        "feedback": None,
        **{"source": source, "party": party, "account": account, "agent": agent}[about],
        **given,
    }


def _subject_findings(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/report")
    about = call.asked.query["about"]
    waits = {(None, "open"), ("unclear", "acknowledged")}
    waiting = [one for one in world.found if one["about"] == about and (one["feedback"], one["state"]) in waits]
    shown = [{name: value for name, value in one.items() if name != "feedback"} for one in waiting]
    return _json(200, _page("findings", shown, call))


def _judge_subject(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/manage")
    named = (call.ids[0], call.body["about"], call.body["subject"])
    known = next((one for one in world.found if (one["id"], one["about"], one["subject"]) == named), None)
    if known is None:
        raise Refusal(404, "not_found", "There is no such thing.")
    if call.asked.headers.get("if-match", _etag(known)) != _etag(known):
        now = {"version": known["version"], "feedback": known["feedback"]}
        raise Refusal(412, "precondition_failed", "Somebody else changed it.", **now)
    state = "acknowledged" if call.body["verdict"] == "unclear" else "resolved"
    known.update(feedback=call.body["verdict"], state=state, version=known["version"] + 1)
    return _json(202, {"outcome": call.body["verdict"]})


def _suppress_subject(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/manage")
    (found,) = [one for one in world.found if one["id"] == call.ids[0]]
    by = {"id": call.username, "name": call.username}
    told = {name: call.body[name] for name in ("about", "subject", "until", "reason")}
    made = {**told, "rule": found["rule"], "since": _in(hours=0), "by": by, "finding_id": found["id"]}
    world.quiet = [one for one in world.quiet if one["finding_id"] != found["id"]] + [made]
    return _json(202, {"outcome": "suppressed"})


def _end_subject_suppression(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/manage")
    left = [one for one in world.quiet if one["finding_id"] != call.ids[0]]
    if len(left) == len(world.quiet):
        raise Refusal(409, "not_possible", "This cannot be done.", error="no_such_suppression")
    world.quiet = left
    return _json(202, {"outcome": "ended"})


def _subject_suppressions(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/report")
    shown = [one for one in world.quiet if one["about"] == call.asked.query["about"]]
    return _json(200, _page("suppressions", shown, call))


def _evidence(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    picture = {
        "id": "evidence-1",
        "refund_id": "ref-1",
        "status": "clean",
        "content_type": "image/jpeg",
        "size": 2_400_000,
        "asked_at": _in(hours=-1),
        "state_at": _in(hours=-1),
        "refusal": None,
    }
    states = {"evidence-1": "clean", "evidence-2": "uploaded", "evidence-3": "refused", "evidence-4": "expired"}
    pictures = [
        {**picture, "id": name, "status": state, "refusal": "infected" if state == "refused" else None}
        for name, state in states.items()
    ]
    return _json(200, {"evidence": pictures, "next": None})


def _see_evidence(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    if call.ids[1] != "evidence-1" or not world.picture_url:
        raise Refusal(409, "evidence_not_clean", "The picture cannot be seen.")
    return _json(200, {"url": world.picture_url, "expires_at": _in(minutes=1)})


def _funds(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    plain = {"on": None, "month": None, "computed": False}
    amounts = [
        {**plain, "name": "balance"},
        {**plain, "name": "accrued_interest"},
        {**plain, "name": "income_of_day", "on": "2026-11-22", "computed": True},
        {**plain, "name": "income_of_month", "month": "2026-11"},
    ]
    fund_day = {"on": "2026-11-22", "income_e4": 6_677, "seven_day_ppm": 24_370}
    product = {"kind": "money_fund", "rate_on": "2026-11-22", "annual_ppm": 24_370, "fund_day": fund_day}
    return _json(200, {"as_of": _in(minutes=-1), "amounts": amounts, "product": product})


def _bills(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    bills = [
        {
            "id": f"bill-{number}",
            "item_id": f"BILL#2026-12-{number:02}#bill-{number}",
            "biller": MARKUP if number == 1 else f"City Power {number}",
            "due_on": f"2026-12-{number:02}",
            "status": status,
            "shown_within_days": 3 if status == "paid" else None,
        }
        for number, status in enumerate(("due", "overdue", "paid"), 1)
    ]
    return _json(200, {**_page("bills", bills, call), "reminders": False})


def _unmask(world: DeskWorld, call: _Call) -> Answered:
    case = _with_access(world, call)
    if world.unmaskings_left <= 0:
        _spend(world, call, "unmask_beyond")
    world.unmaskings_left -= 1
    world.tell(case["id"], "agent.unmask", {"kind": "agent", "name": NAMES[call.username]}, kind="decided")
    name = call.body["field"] == "name"
    amount = None if name else {"minor": 199900, "currency": "CNY"}
    value = UNMASKED if name else None
    item_id = call.body.get("item_id")
    return _json(200, {"field": call.body["field"], "item_id": item_id, "value": value, "amount": amount})


def _read_proof(world: DeskWorld, call: _Call) -> Answered:
    return _json(200, world.proofs.get(_with_access(world, call)["id"], _no_proof()))


def _ask_proof(world: DeskWorld, call: _Call) -> Answered:
    case = _with_access(world, call)
    world.proofs[case["id"]] = {**_no_proof(), "state": "asked", "goal": call.body["goal"], "until": _in(minutes=10)}
    return _json(202, world.proofs[case["id"]])


def _act(world: DeskWorld, call: _Call) -> Answered:
    case = _with_access(world, call)
    operation = _ACTIONS[call.ids[1]]
    if operation == "release_hold":
        return _release_hold(world, call)
    action = next(one for one in _actions(world, case, call.username) if one["operation"].startswith(operation))
    if action["level"] == "second":
        _spend(world, call, action["operation"])
    elif action["why"] == "needs_proof":
        raise Refusal(403, "proof_missing", "The customer has to prove who they are first.", operation=operation)
    if operation in ("unlock", "unfreeze"):
        world.lock.update(state="OPEN", cause=None, since=None, until=None, text="Nothing keeps the account shut.")
        case.update(next_step="close")
    facts = {"outcome": "ASKED", "why": call.body["reason"]}
    who = {"kind": "agent", "name": NAMES[call.username]}
    world.tell(case["id"], f"agent.{action['operation']}", who, facts=facts, kind="decided")
    return _json(202, {"outcome": "asked"})


def _release_hold(world: DeskWorld, call: _Call) -> Answered:
    if call.body["cause"] not in world.holds:
        raise Refusal(409, "hold_not_running", "No such hold is in force.")
    assert _spend(world, call, "release_hold")["change"] == {"cause": call.body["cause"]}
    world.holds.remove(call.body["cause"])
    return _json(202, {"outcome": "asked"})


def _spend(world: DeskWorld, call: _Call, operation: str) -> Document:
    approval = world.approvals.get(call.body.get("approval_id") or "", {})
    given = approval.get("state") == "approved" and approval["operation"] == operation
    if not given or approval["requested_by"]["id"] != call.username:
        raise Refusal(403, "second_missing", "A second person has to approve this first.", operation=operation)
    approval["state"] = "spent"
    return approval


def _decide_refund(world: DeskWorld, call: _Call) -> Answered:
    _with_access(world, call)
    refund = next(one for one in world.refunds if one["id"] == call.ids[1])
    operation = refund["actions"][0]["operation"]
    if operation == "review_large_refund":
        approved = _spend(world, call, operation)["change"]["decision"]
        assert approved == call.body["decision"]
    refund.update(status="approved" if call.body["decision"] == "approve" else "denied", review=None, actions=[])
    return _json(202, {"outcome": refund["status"]})


def _pay_out(world: DeskWorld, call: _Call) -> Answered:
    _with_access(world, call)
    approved = _spend(world, call, "other_payout")["change"]["payout"]
    assert approved == call.body["way"]
    refund = next(one for one in world.refunds if one["id"] == call.ids[1])
    refund.update(payout=call.body["way"], actions=[])
    return _json(202, {"outcome": "asked"})


def _judge(world: DeskWorld, call: _Call) -> Answered:
    _with_access(world, call)
    return _json(202, {"outcome": call.body["verdict"]})


def _approvals(world: DeskWorld, call: _Call) -> Answered:
    wanted = call.asked.query.get("state", "open")
    found = [one for one in world.approvals.values() if (one["state"] == "asked") == (wanted == "open")]
    first = PAGE if call.asked.query.get("cursor") == CURSOR else 0
    more = CURSOR if len(found) > first + PAGE else None
    return _json(200, {"approvals": found[first : first + PAGE], "next": more})


def _read_approval(world: DeskWorld, call: _Call) -> Answered:
    if call.ids[0] not in world.approvals:
        raise Refusal(404, "not_found", "There is no such thing.")
    return _json(200, world.approvals[call.ids[0]])


def _ask_approval(world: DeskWorld, call: _Call) -> Answered:
    identifier = f"approval-{len(world.approvals) + 1}"
    body = dict(call.body)
    operation, reason, case_id = body.pop("operation"), body.pop("reason"), body.pop("case_id", None)
    kind, about, version = _subject_of(world, body, operation)
    subject = {"kind": kind, "id": about, "version": version}
    if any(
        (one["state"], one["requested_by"], one["operation"], one["subject"])
        == ("asked", call.person, operation, subject)
        for one in world.approvals.values()
    ):
        raise Refusal(409, "not_possible", "This is not possible now.", why="approval_open")
    if "way" in body:
        body["payout"] = body.pop("way")
    world.approvals[identifier] = {
        "id": identifier,
        "operation": operation,
        "case_id": case_id,
        "subject": subject,
        "change": {name: value for name, value in body.items() if value is not None},
        "reason": reason,
        "state": "asked",
        "requested_by": call.person,
        "requested_at": _text(_now()),
        "expires_at": _in(hours=1),
        "decided_by": None,
        "decided_at": None,
        "void_cause": None,
        "findings": [],
    }
    return _json(201, world.approvals[identifier])


def _subject_of(world: DeskWorld, body: Document, operation: str) -> tuple[str, str, str]:
    """The kind, id and version of the thing. Its id is no part of the change."""
    match operation:
        case "release_hold":
            return "hold", body["cause"], "2026-11-29T08:00:00.000Z#lock-1"
        case "contact_change":
            body["kind"] = body["point_id"].removeprefix("point-")
            return "point", body.pop("point_id"), "2025-11-29T08:00:00.000Z"
        case "new_row_unproved":
            return "rows", "-", "rows-1"
        case "unfreeze_unproved":
            return "freeze", "-", FREEZE_VERSION
        case "unlock_unproved" | "reset_grant_unproved":
            return "lock", "-", "lock-1"
        case "review_large_refund" | "other_payout":
            return "refund", body.pop("refund_id"), "1"
        case "unmask_beyond":
            return "unmask", body.get("item_id", "-"), "-"
        case "suppress_holding":
            return "suppression", body["rule"], "0"
        case "edit_numbers":
            return "numbers", "official", str(world.settings["numbers"]["version"])
        case _:
            merchant_id = body.pop("merchant_id")
            return "policy", merchant_id, str(world.settings[merchant_id]["version"])


def _decide_approval(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/approve")
    approval = world.approvals[call.ids[0]]
    if approval["requested_by"]["id"] == call.username:
        raise Refusal(403, "approval_own", "Nobody approves their own request.")
    state = {"approve": "approved", "deny": "denied"}[call.body["decision"]]
    approval.update(state=state, decided_by=call.person, decided_at=_text(_now()))
    return _json(200, approval)


def _contact(world: DeskWorld, call: _Call) -> Answered:
    if call.ids[0] not in world.contacts:
        raise Refusal(404, "not_found", "There is no such thing.")
    return _json(200, world.contacts[call.ids[0]])


def _claim_contact(world: DeskWorld, call: _Call) -> Answered:
    contact = world.contacts.get(call.ids[0])
    if contact is None or contact["state"] != "live":
        raise Refusal(404, "not_found", "There is no such thing.")
    world.taken.add(call.ids[0])
    return _json(200, contact)


def _callbacks(world: DeskWorld, call: _Call) -> Answered:
    row = {
        "case_id": "case-3",
        "reference": "730415",
        "asked_at": _in(minutes=-30),
        "topic": "refund",
        "language": "en-US",
        "state": "waiting",
    }
    return _json(200, {"callbacks": [row], "next": None})


def _read_setting(world: DeskWorld, call: _Call) -> Answered:
    document = dict(world.settings[call.ids[0]])
    operation = {"numbers": "edit_numbers", "m-1": "publish_policy"}.get(call.ids[0])
    if operation is not None:
        subject = {"kind": "merchant" if call.ids[0] == "m-1" else "numbers", "id": "m-1", "version": "1"}
        document["actions"] = [
            {
                "operation": operation,
                "level": "second",
                "possible": True,
                "why": None,
                "approval": _approval_of(world, call.username, operation),
                "subject": subject,
            }
        ]
    return _json(200, document, _etag(document))


def _save_setting(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/manage")
    document = world.settings[call.ids[0]]
    _matched(call, document)
    body = dict(call.body)
    if "reason" in body:
        _spend(world, call, "edit_numbers" if call.ids[0] == "numbers" else "publish_policy")
        body = {name: value for name, value in body.items() if name not in ("reason", "approval_id")}
    document.update(body)
    if body.get("words", document) is None:
        document.update(starts_at=None, ends_at=None, short_menu=False)
    document["version"] += 1
    return _read_setting(world, call)


def _endings(**given: int) -> Document:
    words = ("contained", "transferred", "abandoned", "callback", "closed_hours", "left")
    return {**dict.fromkeys(words, 0), **given}


def _promises(**given: int) -> Document:
    return {**dict.fromkeys(("kept", "late", "waiting", "withdrawn", "none"), 0), **given}


def _reports(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/report")
    first, last = (date.fromisoformat(call.asked.query[name]) for name in ("from", "to"))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    contacts = [
        {
            "day": str(day),
            "contained": 20 + place % 7,
            "transferred": 9 + place % 3,
            "abandoned": place % 4,
            "callback": place % 2,
            "closed_hours": place % 3,
            "left": 3,
        }
        for place, day in enumerate(days)
    ]
    return _json(
        200,
        {
            "from": str(first),
            "to": str(last),
            "contacts": contacts,
            "topics": [
                {"topic": "lockout", "count": 182, **_endings(contained=182)},
                {"topic": "payment", "count": 120, **_endings(contained=120)},
                {"topic": "refund", "count": 77, **_endings(transferred=77)},
            ],
            "repeats": {"count": 41, "of": 379},
            "answer": {"count": 80, "median_s": 34, "p90_s": 110},
            "lock_causes": [
                {"kind": "lock", "cause": "TOO_MANY_PASSWORD", "count": 90},
                {"kind": "lock", "cause": "RISK_SCORE", "count": 21},
                {"kind": "freeze", "cause": "CUSTOMER_REQUEST", "count": 4},
            ],
            "refunds": [
                {"status": "succeeded", "count": 60, **_promises(kept=58, late=2)},
                {"status": "in_review", "count": 9, **_promises(waiting=8, late=1)},
            ],
            "complaints": [
                {"kind": "refund", "count": 4, "closed": 3, "within_15_days": 3, "median_days": 3},
                {"kind": "security", "count": 1, "closed": 0, "within_15_days": 0, "median_days": None},
            ],
            "wishes": [{"topic": "lockout", "count": 12}, {"topic": "refund", "count": 7}],
            "rules": [
                {
                    "rule": "failed_login_burst",
                    "version": 2,
                    "confirmed": 6,
                    "false_alarm": 2,
                    "unclear": 1,
                    "denied": 4,
                    "precision_permille": 750,
                },
                {
                    "rule": "impossible_travel",
                    "version": 1,
                    "confirmed": 0,
                    "false_alarm": 0,
                    "unclear": 3,
                    "denied": 0,
                    "precision_permille": None,
                },
            ],
            "survey": [{"score": score, "count": count} for score, count in enumerate(world.survey, start=1)],
        },
    )


def _activity(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/report")
    figures = {
        "look_ups": 41,
        "unmaskings": 3,
        "openings": 7,
        "other_acts": 2,
        "requests": 1,
        "approvals": 0,
        "case_work": 30,
        "limits_reached": 0,
        "own_account": 0,
        "own_request": 0,
    }
    day = call.asked.query["to"]
    if "cursor" not in call.asked.query:
        row = {"day": day, "agent": {"id": "lin", "name": NAMES["lin"]}, **figures}
        return _json(200, {"days": [row], "next": CURSOR})
    refused = {"day": day, "agent": {"id": "omar", "name": MARKUP}, **figures, "own_account": 2}
    return _json(200, {"days": [refused], "next": None})


def _trail(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/report")
    agent = call.asked.query["agent"]
    deed: Document = {"at": _in(hours=-1), "account_id": ACCOUNT_ID, "case_id": "case-1"}
    look = {**deed, "event": "looked_up", "facts": {"part": "evidence", "why": "complaint", "item_id": "evidence-1"}}
    shown = {"value": "payment_amount", "item_id": "MOVE#pay-1", "why": "customer_asked", "approved_by": "mei"}
    deeds = [
        look,
        {**deed, "event": "unmask_beyond", "facts": {"outcome": "SHOWN", **shown}},
        {**deed, "event": "case_claimed", "facts": {}},
        {**deed, "event": "manage", "account_id": None, "case_id": None, "facts": {"part": "hours", "version": 2}},
    ]
    people = [PERSON_OF["mei"]]
    if "cursor" in call.asked.query:
        return _json(200, {"agent": PERSON_OF[agent], "deeds": [look], "people": people, "next": None})
    return _json(200, {"agent": PERSON_OF[agent], "deeds": deeds, "people": people, "next": CURSOR})


_ID: Final = "([^/]+)"
_OF_CASE: Final = f"/cases/{_ID}"
ROUTES: Final[tuple[tuple[str, str, Route], ...]] = (
    ("GET", "/me", _me),
    ("GET", "/queue", _queue),
    ("GET", "/cases", _find_cases),
    ("GET", _OF_CASE, _read_case),
    ("PATCH", _OF_CASE, _patch_case),
    ("POST", f"{_OF_CASE}/claim", _claim),
    ("POST", f"{_OF_CASE}/release", _release),
    ("POST", f"{_OF_CASE}/notes", _note),
    ("POST", f"{_OF_CASE}/snooze", _snooze),
    ("POST", f"{_OF_CASE}/close", _close),
    ("POST", f"{_OF_CASE}/reopen", _reopen),
    ("POST", f"{_OF_CASE}/transfer", _transfer),
    ("GET", f"{_OF_CASE}/timeline", _timeline),
    ("GET", f"{_OF_CASE}/account", _account),
    ("GET", f"{_OF_CASE}/payments", _payments),
    ("GET", f"{_OF_CASE}/refunds", _read_refunds),
    ("GET", f"{_OF_CASE}/findings", _findings),
    ("GET", f"{_OF_CASE}/funds", _funds),
    ("GET", f"{_OF_CASE}/bills", _bills),
    ("GET", f"{_OF_CASE}/evidence", _evidence),
    ("GET", f"{_OF_CASE}/evidence/{_ID}", _see_evidence),
    ("POST", f"{_OF_CASE}/unmaskings", _unmask),
    ("GET", f"{_OF_CASE}/proofs", _read_proof),
    ("POST", f"{_OF_CASE}/proofs", _ask_proof),
    ("POST", f"{_OF_CASE}/({'|'.join(_ACTIONS)})", _act),
    ("POST", f"{_OF_CASE}/contact-changes", _remove_point),
    ("POST", f"{_OF_CASE}/refunds", _ask_refund),
    ("POST", f"{_OF_CASE}/refunds/{_ID}/decision", _decide_refund),
    ("POST", f"{_OF_CASE}/refunds/{_ID}/payout", _pay_out),
    ("POST", f"{_OF_CASE}/findings/{_ID}/feedback", _judge),
    ("POST", f"{_OF_CASE}/suppressions", _suppress),
    ("POST", f"{_OF_CASE}/suppression-ends", _end_suppression),
    ("GET", "/findings", _subject_findings),
    ("POST", f"/findings/{_ID}/feedback", _judge_subject),
    ("POST", f"/findings/{_ID}/suppressions", _suppress_subject),
    ("POST", f"/findings/{_ID}/suppression-ends", _end_subject_suppression),
    ("GET", "/suppressions", _subject_suppressions),
    ("GET", "/approvals", _approvals),
    ("POST", "/approvals", _ask_approval),
    ("GET", f"/approvals/{_ID}", _read_approval),
    ("POST", f"/approvals/{_ID}/decision", _decide_approval),
    ("GET", f"/contacts/{_ID}", _contact),
    ("POST", f"/contacts/{_ID}/claim", _claim_contact),
    ("GET", "/callbacks", _callbacks),
    ("GET", "/(hours|banner|numbers)", _read_setting),
    ("PUT", "/(hours|banner|numbers)", _save_setting),
    ("GET", f"/merchants/{_ID}/policy", _read_setting),
    ("PUT", f"/merchants/{_ID}/policy", _save_setting),
    ("GET", "/reports", _reports),
    ("GET", "/activity", _activity),
    ("GET", "/trail", _trail),
)


def make_world(tokens: Mapping[str, str]) -> DeskWorld:
    """Four cases: a locked customer, a refund in review, a callback, a finding on a held account."""
    world = DeskWorld(tokens)
    locked = _case(
        "case-1",
        "lockout",
        reference="482913",
        priority=3,
        contact_id="contact-1",
        heard=["start:KNOWN", "set_language:SET", "lock_status:NEED_PROOF", "check_code:WRONG", "unlock:NEED_PROOF"],
        failed_login_at=_in(hours=-6),
        next_step="ask_proof",
        links=[{"kind": "contact", "id": "contact-1"}],
        tags=["vip"],
    )
    review = _case(
        "case-2",
        "refund",
        reason="refund_review",
        reference="730415",
        next_step="decide_refund",
        due_at=_in(hours=-1),
        language="en-US",
    )
    finding = _case(
        "case-4", "security", reference="118204", priority=1, reason="failed_login_burst", next_step="judge_finding"
    )
    callback = _case(
        "case-3",
        "refund",
        reference="550120",
        reason="caller.callback",
        account_known=False,
        customer_reads=False,
        language="en-US",
        next_step="call_back",
    )
    world.cases = {case["id"]: case for case in (locked, review, callback, finding)}
    world.found = [found_about("source", "found-1"), found_about("party", "found-2")]
    world.tell(
        "case-1",
        "caller.asked",
        {"kind": "caller"},
        facts={
            "contact_id": "contact-1",
            "language": "zh-CN",
            "number_known": "yes",
            "proved": "-",
            "history": "start:KNOWN,check_code:WRONG",
        },
        kind="opened",
        note=f"{MARKUP}\n{MARKS}",
    )
    world.tell(
        "case-2",
        "refund_review",
        {"kind": "system"},
        facts={
            "refund_id": "refund-9",
            "movement_id": "pay-2",
            "rule": "wallet.auto_approve",
            "waits_for": "approval",
        },
        masked=[{"field": "refund_amount", "item_id": "refund-9"}],
        kind="opened",
    )
    world.tell(
        "case-2",
        "refund_overdue",
        {"kind": "system"},
        facts={
            "refund_id": "refund-9",
            "movement_id": "pay-2",
            "state": "returned_back",
            "missed_on": "2026-11-20",
        },
        masked=[{"field": "refund_amount", "item_id": "refund-9"}],
    )
    world.lock = {
        "state": "HARD",
        "cause": "TOO_MANY_PASSWORD",
        "since": _in(hours=-6),
        "until": _in(hours=18),
        "asked": None,
        "text": "Locked after 15 wrong passwords in a day.",
    }
    subject = {"kind": "refund", "id": "refund-9", "version": "1"}
    world.refunds = [
        {
            "id": "refund-9",
            "payment_id": "pay-2",
            "status": "in_review",
            "requested_at": _in(days=-1),
            "typical_on": str(_now().date() + timedelta(days=1)),
            "promised_on": str(_now().date() + timedelta(days=2)),
            "promise_certain": False,
            "reason": "defective",
            "review": "approval",
            "decided_by": "wallet.auto_approve",
            "policy_version": "1.0.1.1",
            "remedies": [],
            "failure": None,
            "payout": None,
            "actions": [
                {
                    "operation": "review_large_refund",
                    "level": "second",
                    "possible": True,
                    "why": None,
                    "approval": None,
                    "subject": subject,
                }
            ],
        }
    ]
    world.contacts = {
        "contact-1": {
            "contact_id": "contact-1",
            "state": "live",
            "case_id": "case-1",
            "topic": "lockout",
            "language": "zh-CN",
        }
    }
    edited = {"version": 1, "edited_by": "omar", "editor": PERSON_OF["omar"], "edited_at": _in(hours=-20)}
    world.settings = {
        "hours": {
            **edited,
            "timezone": "Asia/Shanghai",
            "weekly": [{"day": day, "opens": "08:00", "closes": "22:00"} for day in range(1, 6)],
            "special_days": [{"date": "2027-02-06", "name": "春节", "opens": None, "closes": None}],
            "open": True,
            "next_opening": None,
        },
        "banner": {
            **edited,
            "words": None,
            "starts_at": None,
            "ends_at": None,
            "short_menu": False,
            "holds": False,
        },
        "numbers": {**edited, "numbers": ["+18005550199"]},
        "m-1": {
            "version": 3,
            "merchant_id": "m-1",
            "window_days": 7,
            "partial": True,
            "auto_approve_minor": 50000,
            "categories": ["food"],
            "evidence_above_minor": None,
            "answer_days": 5,
        },
    }
    return world
