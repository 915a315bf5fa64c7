"""An agents' API for tests of the desk: the routes, versions, keys and refusals of the real one, over a small world."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from tests.support.loopback import Answered, Asked

type Document = dict[str, Any]

BASE: Final = "/v1/agent"
READ: Final = ("desk/read", "desk/work", "desk/act", "desk/refund")
ALL: Final = (*READ, "desk/approve", "desk/manage", "desk/report")
PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {"lin": READ, "mei": ALL, "omar": ALL}
NAMES: Final = {"lin": "Lin Agent", "mei": "Mei Supervisor", "omar": "Omar Supervisor"}
MARKUP: Final = '<img src=x onerror="window.harmed=1"><b>bold</b>'
MARKS: Final = "\u202edrawkcab\u202c and on"
"""A text that turns what follows it around, where nothing keeps it apart."""
UNMASKED: Final = "+8613800000001"
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
    "new-rows": "new_row",
    "hold-releases": "release_hold",
}


class Refusal(Exception):
    """A problem of the API."""

    def __init__(self, status: int, code: str, title: str) -> None:
        super().__init__(code)
        self.status = status
        self.document = {"type": f"urn:hotline:problem:{code}", "status": status, "code": code, "title": title}


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
        "due_at": _in(hours=3),
        "snoozed_until": None,
        "owner": None,
        "tags": [],
        "account_known": True,
        "contact_id": None,
        "heard": [],
        "proved": None,
        "failed_login_at": None,
        "missing_documents": [],
        "links": [],
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
    asked: list[Asked] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)
    """Path, and the refusal of each request to it."""
    remembered: dict[str, Answered] = field(default_factory=dict)
    lose_answers: int = 0
    """How many of the next POST requests are carried out without an answer that arrives."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Answered:
        """Answer a request."""
        if asked.method == "OPTIONS":
            return Answered(204, b"", _CORS)
        with self._lock:
            self.asked.append(asked)
            try:
                return self._keyed(asked)
            except Refusal as refusal:
                return _json(refusal.status, refusal.document)

    def requests(self, method: str, path: str) -> list[Asked]:
        """The requests that came by this method for this path below the base."""
        return [one for one in self.asked if (one.method, one.path) == (method, BASE + path)]

    def save(self, name: str, **change: Any) -> None:
        """Save a setting as somebody else would: it has a new version."""
        document = self.settings[name]
        document.update(change)
        document["version"] += 1

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
                "actor": dict(actor),
                "reason": reason,
                "facts": {},
                "note": None,
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
        raise Refusal(409, "not_claimed", "You do not hold this case.")
    return case


def _may(call: _Call, permission: str) -> None:
    if permission not in PEOPLE[call.username]:
        raise Refusal(403, "insufficient_scope", "Your role does not allow it.")


def _me(world: DeskWorld, call: _Call) -> Answered:
    document = {
        "agent_id": call.username,
        "username": NAMES[call.username],
        "roles": ["supervisors" if "desk/manage" in PEOPLE[call.username] else "agents"],
        "permissions": list(PEOPLE[call.username]),
        "live_contacts": world.live.get(call.username, []),
    }
    return _json(200, document)


def _on_shelf(case: Document, shelf: str, username: str) -> bool:
    if shelf == "mine":
        return (case["owner"] or {}).get("id") == username and case["status"] != "closed"
    return bool(case["status"] == ("waiting" if shelf == "snoozed" else "open") and case["owner"] is None)


def _queue(world: DeskWorld, call: _Call) -> Answered:
    query = call.asked.query
    mine = query.get("shelf") == "mine"
    rows = [case for case in world.cases.values() if _on_shelf(case, query.get("shelf", "waiting"), call.username)]
    for name in ("topic", "language"):
        rows = [case for case in rows if query.get(name, case[name]) == case[name]]
    rows.sort(key=lambda case: (case["priority"], case["due_at"]))
    first = int(query.get("cursor", 0))
    more = str(first + 20) if len(rows) > first + 20 and not mine else None
    return _json(200, {"cases": rows[first : first + 20], "next": more})


def _actions(world: DeskWorld, case: Document, username: str) -> list[Document]:
    held = (case["owner"] or {}).get("id") == username
    proved = world.proofs.get(case["id"], {}).get("state") == "proved"
    subject = {"kind": "account", "id": "acct-demo-01", "version": 4}
    approval = next(
        (
            one
            for one in reversed(world.approvals.values())
            if one["operation"] == "release_hold"
            and one["case_id"] == case["id"]
            and one["state"] in ("open", "approved")
        ),
        None,
    )
    levels = {"freeze": "alone", "unlock": "proof", "reset_grant": "proof", "release_hold": "second"}
    return [
        {
            "operation": operation,
            "level": level,
            "possible": held and (level != "proof" or proved),
            "why": "not_claimed" if not held else "needs_proof" if level == "proof" and not proved else None,
            "approval": approval if level == "second" else None,
            "subject": subject,
        }
        for operation, level in levels.items()
    ]


def _read_case(world: DeskWorld, call: _Call) -> Answered:
    case = _found(world, call)
    actions = _actions(world, case, call.username) if case["account_known"] else []
    return _json(200, {**case, "actions": actions}, _etag(case))


def _matched(call: _Call, document: Document) -> None:
    if call.asked.headers.get("if-match") != _etag(document):
        raise Refusal(412, "stale", "Somebody else changed it.")


def _patch_case(world: DeskWorld, call: _Call) -> Answered:
    case = _held(world, call)
    _matched(call, case)
    case.update(call.body)
    case["version"] += 1
    return _json(200, case, _etag(case))


def _claim(world: DeskWorld, call: _Call) -> Answered:
    case = _found(world, call)
    if case["owner"] is not None and case["owner"]["id"] != call.username:
        raise Refusal(409, "claimed", f"{case['owner']['name']} has claimed it.")
    case.update(owner=call.person, status="claimed", version=case["version"] + 1)
    world.tell(case["id"], "claimed", {"kind": "agent", "name": NAMES[call.username]})
    return _json(200, case)


def _release(world: DeskWorld, call: _Call) -> Answered:
    case = _held(world, call)
    case.update(owner=None, status="open", version=case["version"] + 1)
    return _json(200, case)


def _note(world: DeskWorld, call: _Call) -> Answered:
    case = _found(world, call)
    given = {"note": call.body["text"], "audience": call.body["audience"]}
    world.tell(case["id"], "note", {"kind": "agent", "name": NAMES[call.username]}, **given)
    return _json(201, {"id": "entry"})


def _snooze(world: DeskWorld, call: _Call) -> Answered:
    _held(world, call).update(status="waiting", snoozed_until=call.body["until"], owner=None)
    return _json(200, {})


def _close(world: DeskWorld, call: _Call) -> Answered:
    case = _held(world, call)
    case.update(status="closed", next_step=None, version=case["version"] + 1)
    world.tell(
        case["id"], "closed", {"kind": "agent", "name": NAMES[call.username]}, facts={"ending": call.body["ending"]}
    )
    return _json(200, case)


def _transfer(world: DeskWorld, call: _Call) -> Answered:
    case = _held(world, call)
    case.update(topic=call.body["topic"], language=call.body["language"], owner=None, status="open")
    return _json(200, case)


def _timeline(world: DeskWorld, call: _Call) -> Answered:
    return _json(200, {"entries": world.timelines.get(_found(world, call)["id"], []), "next": None})


def _looked(world: DeskWorld, call: _Call) -> None:
    _held(world, call)
    if not call.asked.headers.get("desk-reason"):
        raise Refusal(400, "reason_missing", "A reason is missing.")


def _account(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    fields = [
        {"name": "name", "masked": "W***"},
        {"name": "phone", "masked": "••• 0001"},
        {"name": "email", "masked": "c•••@customer.example"},
    ]
    return _json(
        200,
        {
            "account_id": "acct-demo-01",
            "status": "open",
            "language": "zh-CN",
            "lock": world.lock,
            "two_step": False,
            "pin": False,
            "fields": fields,
            "facts_as_of": _in(minutes=-1),
        },
    )


def _payments(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    payment = {
        "id": "pay-1",
        "kind": "payment",
        "status": "failed",
        "amount": {"minor": 12900, "currency": "CNY"},
        "initiated_at": _in(hours=-5),
        "merchant": {"id": "m-1", "name": MARKUP},
        "order_no": "DW26010001",
        "money": {"state": "not_taken"},
        "next_step": "top_up",
        "text": "The balance was too small. Nothing was taken.",
    }
    return _json(200, {"payments": [payment], "next": None})


def _read_refunds(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    return _json(200, {"refunds": world.refunds, "next": None})


def _findings(world: DeskWorld, call: _Call) -> Answered:
    _looked(world, call)
    finding = {
        "id": "f-1",
        "severity": "high",
        "found_at": _in(hours=-2),
        "rule": "failed_login_burst",
        "text": "12 places in one hour.",
        "feedback": None,
    }
    return _json(200, {"findings": [finding], "next": None})


def _unmask(world: DeskWorld, call: _Call) -> Answered:
    _held(world, call)
    return _json(200, {"field": call.body["field"], "value": UNMASKED})


def _read_proof(world: DeskWorld, call: _Call) -> Answered:
    return _json(200, world.proofs.get(_found(world, call)["id"], {"state": "none", "factors": []}))


def _ask_proof(world: DeskWorld, call: _Call) -> Answered:
    case = _held(world, call)
    world.proofs[case["id"]] = {
        "state": "asked",
        "method": call.body["method"],
        "factors": [],
        "asked_at": _text(_now()),
    }
    return _json(202, world.proofs[case["id"]])


def _act(world: DeskWorld, call: _Call) -> Answered:
    case = _held(world, call)
    operation = _ACTIONS[call.ids[1]]
    action = next(one for one in _actions(world, case, call.username) if one["operation"] == operation)
    if action["level"] == "second":
        _spend(world, call, operation)
    elif not action["possible"]:
        raise Refusal(409, action["why"], "Not possible now.")
    if operation == "unlock":
        world.lock.update(state="OPEN", cause=None, since=None, until=None, text="Nothing keeps the account shut.")
        case.update(next_step="close")
    world.tell(case["id"], operation, {"kind": "agent", "name": NAMES[call.username]})
    return _json(200, {"outcome": "asked"})


def _spend(world: DeskWorld, call: _Call, operation: str) -> Document:
    approval = world.approvals.get(call.body.get("approval_id", ""), {})
    given = approval.get("state") == "approved" and approval["operation"] == operation
    if not given or approval["requested_by"]["id"] != call.username:
        raise Refusal(403, "approval_needed", "A second person has to approve this.")
    approval["state"] = "used"
    return approval


def _decide_refund(world: DeskWorld, call: _Call) -> Answered:
    _held(world, call)
    refund = next(one for one in world.refunds if one["id"] == call.ids[1])
    operation = refund["actions"][0]["operation"]
    if operation == "review_large_refund":
        _spend(world, call, operation)
    refund.update(status="approved" if call.body["decision"] == "approve" else "denied", actions=[])
    return _json(200, refund)


def _judge(world: DeskWorld, call: _Call) -> Answered:
    _held(world, call)
    return _json(200, {"verdict": call.body["verdict"]})


def _approvals(world: DeskWorld, call: _Call) -> Answered:
    wanted = call.asked.query.get("state")
    found = [one for one in world.approvals.values() if (one["state"] == "open") == (wanted == "open")]
    return _json(200, {"approvals": found, "next": None})


def _ask_approval(world: DeskWorld, call: _Call) -> Answered:
    identifier = f"approval-{len(world.approvals) + 1}"
    world.approvals[identifier] = {
        "change": None,
        **call.body,
        "id": identifier,
        "state": "open",
        "requested_by": call.person,
        "requested_at": _text(_now()),
        "expires_at": _in(hours=1),
        "decided_by": None,
        "decided_at": None,
    }
    for refund in world.refunds:
        for action in refund["actions"]:
            if action["operation"] == call.body["operation"]:
                action["approval"] = world.approvals[identifier]
    return _json(201, world.approvals[identifier])


def _decide_approval(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/approve")
    approval = world.approvals[call.ids[0]]
    if approval["requested_by"]["id"] == call.username:
        raise Refusal(403, "own_request", "Nobody approves their own request.")
    state = {"approve": "approved", "refuse": "refused"}[call.body["decision"]]
    approval.update(state=state, decided_by=call.person, decided_at=_text(_now()))
    return _json(200, approval)


def _contact(world: DeskWorld, call: _Call) -> Answered:
    if call.ids[0] not in world.contacts:
        raise Refusal(404, "not_found", "There is no such thing.")
    return _json(200, world.contacts[call.ids[0]])


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
    document = world.settings[call.ids[0]]
    return _json(200, document, _etag(document))


def _save_setting(world: DeskWorld, call: _Call) -> Answered:
    _may(call, "desk/manage")
    document = world.settings[call.ids[0]]
    _matched(call, document)
    document.update(call.body)
    document["version"] += 1
    return _json(200, document, _etag(document))


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
                {"topic": "lockout", "count": 182},
                {"topic": "payment", "count": 120},
                {"topic": "refund", "count": 77},
            ],
            "repeats": {"count": 41, "of": 379},
            "answer": {"median_s": 34, "p90_s": 110},
            "lock_causes": [{"cause": "TOO_MANY_PASSWORD", "count": 90}, {"cause": "RISK_SCORE", "count": 21}],
            "refunds": [
                {"status": "succeeded", "count": 60, "late": 2},
                {"status": "in_review", "count": 9, "late": 1},
            ],
            "complaints": [{"kind": "delay", "count": 4, "median_days": 3}],
            "survey": [{"score": score, "count": count} for score, count in enumerate((2, 1, 5, 20, 44), start=1)],
        },
    )


_ID: Final = "([^/]+)"
_OF_CASE: Final = f"/cases/{_ID}"
ROUTES: Final[tuple[tuple[str, str, Route], ...]] = (
    ("GET", "/me", _me),
    ("GET", "/queue", _queue),
    ("GET", _OF_CASE, _read_case),
    ("PATCH", _OF_CASE, _patch_case),
    ("POST", f"{_OF_CASE}/claim", _claim),
    ("POST", f"{_OF_CASE}/release", _release),
    ("POST", f"{_OF_CASE}/notes", _note),
    ("POST", f"{_OF_CASE}/snooze", _snooze),
    ("POST", f"{_OF_CASE}/close", _close),
    ("POST", f"{_OF_CASE}/transfer", _transfer),
    ("GET", f"{_OF_CASE}/timeline", _timeline),
    ("GET", f"{_OF_CASE}/account", _account),
    ("GET", f"{_OF_CASE}/payments", _payments),
    ("GET", f"{_OF_CASE}/refunds", _read_refunds),
    ("GET", f"{_OF_CASE}/findings", _findings),
    ("POST", f"{_OF_CASE}/unmaskings", _unmask),
    ("GET", f"{_OF_CASE}/proofs", _read_proof),
    ("POST", f"{_OF_CASE}/proofs", _ask_proof),
    ("POST", f"{_OF_CASE}/({'|'.join(_ACTIONS)})", _act),
    ("POST", f"{_OF_CASE}/refunds/{_ID}/decision", _decide_refund),
    ("POST", f"{_OF_CASE}/findings/{_ID}/feedback", _judge),
    ("GET", "/approvals", _approvals),
    ("POST", "/approvals", _ask_approval),
    ("POST", f"/approvals/{_ID}/decision", _decide_approval),
    ("GET", f"/contacts/{_ID}", _contact),
    ("GET", "/callbacks", _callbacks),
    ("GET", "/(hours|banner|numbers)", _read_setting),
    ("PUT", "/(hours|banner|numbers)", _save_setting),
    ("GET", f"/merchants/{_ID}/policy", _read_setting),
    ("GET", "/reports", _reports),
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
        heard=["locked"],
        proved={"state": "none", "factors": []},
        failed_login_at=_in(hours=-6),
        next_step="ask_proof",
        links=[{"kind": "contact", "id": "contact-1"}],
        tags=["vip"],
    )
    review = _case(
        "case-2", "refund", reference="730415", next_step="decide_refund", due_at=_in(hours=-1), language="en-US"
    )
    finding = _case("case-4", "security", reference="118204", priority=1, reason="finding", next_step="release_hold")
    callback = _case(
        "case-3", "refund", reference="550120", reason="caller.callback", account_known=False, language="en-US"
    )
    world.cases = {case["id"]: case for case in (locked, review, callback, finding)}
    world.tell(
        "case-1",
        "caller.asked",
        {"kind": "caller"},
        facts={"topic": "lockout", "attempts": 15},
        kind="opened",
        note=f"{MARKUP}\n{MARKS}",
    )
    world.tell("case-2", "refund.review", {"kind": "system"}, facts={"refund_id": "refund-9"}, kind="opened")
    world.lock = {
        "state": "HARD",
        "cause": "TOO_MANY_PASSWORD",
        "since": _in(hours=-6),
        "until": _in(hours=18),
        "asked": None,
        "text": "Locked after 15 wrong passwords in a day.",
    }
    subject = {"kind": "refund", "id": "refund-9", "version": 1}
    world.refunds = [
        {
            "id": "refund-9",
            "payment_id": "pay-2",
            "status": "in_review",
            "amount": {"minor": 199900, "currency": "CNY"},
            "requested_at": _in(days=-1),
            "promised_on": str(_now().date() + timedelta(days=2)),
            "reason": "defective",
            "decided_by": "wallet.auto_approve",
            "note": MARKUP,
            "actions": [
                {
                    "operation": "review_large_refund",
                    "level": "second",
                    "possible": True,
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
    world.settings = {
        "hours": {
            "version": 1,
            "timezone": "Asia/Shanghai",
            "weekly": [{"day": day, "opens": "08:00", "closes": "22:00"} for day in range(1, 6)],
            "holidays": [{"date": "2027-02-06", "name": "春节"}],
            "overrides": [],
        },
        "banner": {"version": 1, "active": False, "topic": "payment", "text_zh": "", "text_en": "", "until": None},
        "numbers": {"version": 1, "numbers": [{"number": "+18005550199", "label": "main"}]},
        "m-1": {
            "version": 3,
            "merchant_id": "m-1",
            "window_days": 7,
            "partial": True,
            "auto_approve_minor": 50000,
            "currency": "CNY",
            "categories": ["food"],
            "actions": [
                {
                    "operation": "publish_policy",
                    "level": "second",
                    "possible": True,
                    "approval": None,
                    "subject": {"kind": "merchant", "id": "m-1", "version": 3},
                }
            ],
        },
    }
    return world
