"""The queue and the cases at the agents' API: versions, keys, cursors, and whatever agents may send."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hotline.accounts.risk import RiskBand
from hotline.cases.service import AGENT_NOTE_CHARACTERS_MAX
from hotline.contracts.model import PointKind
from hotline.kit.actor import FactorKind
from tests.support.account_risk import set_risk
from tests.support.agent_client import AgentClient
from tests.support.agent_world import CONTACT, EMAIL, NUMBER, AgentWorld, fill_row
from tests.support.api_client import Answered
from tests.support.money_world import ACCOUNT
from tests.support.phone import give, opened
from tests.support.stores import NOON

MARKUP = '<img src=x onerror="alert(1)"> & <b>bold</b>'
WORK: dict[str, Any] = {
    "claim": None,
    "release": None,
    "notes": {"text": "seen"},
    "snooze": {"until": "2026-11-23T15:00:00Z"},
    "transfer": {"topic": "payment", "language": "en-US"},
    "close": {"ending": "resolved"},
}
"""The work that there is on a claimed case, each with a good body."""


def claimed(world: AgentWorld, client: AgentClient, topic: str = "refund") -> str:
    case_id = world.open_case(topic)
    assert client.post(f"/cases/{case_id}/claim").status == 200
    return case_id


def edit(client: AgentClient, case_id: str, etag: str | None, body: Any = None) -> Answered:
    return client.ask("PATCH", f"/cases/{case_id}", body=body or {"tags": ["vip"]}, headers={"If-Match": etag})


# ---------------------------------------------------------------- the risk of the account


def at_risk(world: AgentWorld, band: RiskBand = RiskBand.HIGH) -> None:
    set_risk(world.store, ACCOUNT, band, world.clock.now())


def test_the_risk_is_told_to_the_agent_who_has_the_case_and_to_no_other(
    world: AgentWorld, anna: AgentClient, bo: AgentClient
) -> None:
    at_risk(world)
    case_id = world.open_case("refund")
    assert anna.get(f"/cases/{case_id}").json["risk"] is None
    assert anna.post(f"/cases/{case_id}/claim").status == 200
    told = anna.get(f"/cases/{case_id}").json["risk"]
    assert told["band"] == "high"
    assert told["parts"] == [{"part": "findings", "points": 75}, {"part": "amount", "points": 20}]
    assert bo.get(f"/cases/{case_id}").json["risk"] is None


def test_rows_tell_the_risk_among_own_cases_and_not_in_the_queue(
    world: AgentWorld, anna: AgentClient, bo: AgentClient
) -> None:
    at_risk(world)
    case_id = world.open_case("refund")
    (waiting,) = anna.get("/queue").json["cases"]
    assert waiting["risk"] is None
    anna.post(f"/cases/{case_id}/claim")
    (own,) = anna.get("/queue", query={"shelf": "mine"}).json["cases"]
    assert own["risk"]["band"] == "high"
    named = {"reference": own["reference"]}
    assert anna.get("/cases", query=named).json["cases"][0]["risk"]["band"] == "high"
    assert bo.get("/cases", query=named).json["cases"][0]["risk"] is None
    anna.post(f"/cases/{case_id}/close", {"ending": "resolved"})
    assert anna.get(f"/cases/{case_id}").json["risk"] is None


@pytest.mark.parametrize(("band", "told"), [(RiskBand.LOW, "low"), (None, "unknown")])
def test_a_low_and_an_unknown_risk_are_told_apart_and_have_no_parts(
    world: AgentWorld, anna: AgentClient, band: RiskBand | None, told: str
) -> None:
    if band is not None:
        at_risk(world, band)
    case_id = claimed(world, anna)
    assert anna.get(f"/cases/{case_id}").json["risk"] == {"band": told, "as_of": None, "parts": []}


# ---------------------------------------------------------------- reading


def test_a_case_that_came_with_a_call_says_what_the_line_established(world: AgentWorld, anna: AgentClient) -> None:
    case_id = world.case_of(world.call_in())
    found = anna.get(f"/cases/{case_id}")
    assert found.status == 200
    case = found.json
    assert found.headers["ETag"] == f'"{case["version"]}"'
    assert (case["topic"], case["language"], case["status"], case["owner"]) == ("lockout", "en-US", "open", None)
    assert case["proved"] == {"state": "proved", "factors": ["sms"]}
    assert (case["account_known"], case["contact_id"]) == (True, CONTACT)
    assert {"kind": "contact", "id": CONTACT} in case["links"]
    assert case["reference"].isdigit()
    assert case["next_step"] == "claim"
    assert {(action["possible"], action["why"]) for action in case["actions"]} == {(False, "not_claimed")}
    assert ACCOUNT not in str(case)


def test_a_case_of_somebody_unknown_has_no_actions(world: AgentWorld, anna: AgentClient) -> None:
    case_id = world.case_of(world.call_in(goal=None, number=None))
    case = anna.get(f"/cases/{case_id}").json
    assert (case["account_known"], case["actions"], case["proved"]["state"]) == (False, [], "none")
    assert case["next_step"] == "find_account"


@pytest.mark.parametrize(
    ("shut", "step"),
    [
        ("nothing", "answer"),
        ("lock_out", "ask_proof"),
        ("freeze", "ask_proof"),
        ("RISK_SCORE", "release_hold"),
        ("DORMANT", "turn_to_wallet"),
    ],
)
def test_the_next_step_of_a_claimed_case_follows_from_what_keeps_the_account_shut(
    world: AgentWorld, anna: AgentClient, shut: str, step: str
) -> None:
    if shut in ("lock_out", "freeze"):
        getattr(world, shut)()
    elif shut != "nothing":
        world.hold(shut)
    assert anna.get(f"/cases/{claimed(world, anna, 'lockout')}").json["next_step"] == step


def test_proof_that_was_given_leads_on_to_the_deed(world: AgentWorld, anna: AgentClient) -> None:
    assert anna.post(f"/cases/{claimed(world, anna, 'security')}/pause", {"reason": "customer_asked"}).status == 202
    case_id = world.case_of(world.call_in())
    anna.contact_id = CONTACT
    assert anna.post(f"/contacts/{CONTACT}/claim").status == 200
    assert anna.get(f"/cases/{case_id}").json["next_step"] == "end_pause"


def test_a_claimed_case_offers_what_may_be_done_alone_with_proof_and_by_two(
    world: AgentWorld, anna: AgentClient
) -> None:
    world.lock_out()
    case_id = claimed(world, anna)
    levels = {one["operation"]: (one["level"], one["why"]) for one in anna.get(f"/cases/{case_id}").json["actions"]}
    assert levels == {
        "freeze": ("alone", None),
        "pause": ("alone", None),
        "unlock": ("proof", "needs_proof"),
        "reset_grant": ("proof", "needs_proof"),
        "end_pause": ("proof", "nothing_to_do"),
        "unfreeze": ("proof", "nothing_to_do"),
        "new_row_unproved": ("second", "no_full_row"),
    }


@pytest.mark.parametrize(
    "case_id", ["case_that_there_is_not", "case_00000000000000000000000000000000", "%23PROFILE", "a" * 400, "%00", "é"]
)
def test_an_unknown_case_is_not_found_whatever_is_asked(anna: AgentClient, case_id: str) -> None:
    for path, method, body in (
        ("", "GET", None),
        ("/timeline", "GET", None),
        *((f"/{name}", "POST", body) for name, body in WORK.items()),
        ("/reopen", "POST", None),
    ):
        refused = anna.ask(method, f"/cases/{case_id}{path}", body=body)
        assert (refused.status, refused.code) == (404, "not_found"), path
    assert edit(anna, case_id, '"1"').code == "not_found"


def test_a_timeline_is_read_from_the_newest_entry_back_by_cursors(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claimed(world, anna)
    for number in range(110):
        world.clock.advance(timedelta(seconds=1))
        assert anna.post(f"/cases/{case_id}/notes", {"text": f"note {number}"}).status == 201
    seen: list[dict[str, Any]] = []
    query: dict[str, str] = {}
    while True:
        page = anna.get(f"/cases/{case_id}/timeline", query=query).json
        seen += page["entries"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert [entry["number"] for entry in seen] == list(range(112, 0, -1))
    assert seen[0]["note"] == "note 109"
    assert seen[0]["actor"] == {"kind": "agent", "name": "Agent-1"}
    assert seen[-1]["kind"] == "opened"


def test_an_approval_of_a_changed_hold_is_void_in_list_timeline_and_action(
    world: AgentWorld, anna: AgentClient, chief: AgentClient
) -> None:
    world.hold()
    case_id = world.open_case()
    assert anna.post(f"/cases/{case_id}/claim").status == 200
    body = {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "false_alarm"}
    approval_id = anna.post("/approvals", body).json["id"]
    assert chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"}).status == 200

    def told() -> tuple[object, ...]:
        (listed,) = chief.get("/approvals", query={"state": "decided"}).json["approvals"]
        one = chief.get(f"/approvals/{approval_id}").json
        entries = anna.get(f"/cases/{case_id}/timeline").json["entries"]
        entry = {one["approval"]["state"]: one["approval"] for one in entries if one["approval"] is not None}
        (hold,) = anna.look(case_id, "account").json["holds"]
        return listed["state"], one["void_cause"], entry, hold["actions"][0]["approval"] is not None

    plain = {"state": "approved", "void_cause": None, "subject": "hold"}
    assert told() == ("approved", None, {"approved": plain}, True)
    world.clock.advance(timedelta(seconds=1))
    world.hold()
    void = {"state": "void", "void_cause": "changed", "subject": "hold"}
    assert told() == ("void", "changed", {"void": void}, False)


def test_new_rows_are_offered_anew_where_their_approval_is_void(
    world: AgentWorld, anna: AgentClient, chief: AgentClient
) -> None:
    fill_row(world)
    case_id = world.open_case()
    assert anna.post(f"/cases/{case_id}/claim").status == 200
    body = {"operation": "new_row_unproved", "case_id": case_id, "reason": "false_alarm"}
    approval_id = anna.post("/approvals", body).json["id"]
    assert chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"}).status == 200

    def offered() -> object:
        actions = anna.get(f"/cases/{case_id}").json["actions"]
        return next(one["approval"] for one in actions if one["operation"] == "new_row_unproved")

    assert offered() is not None
    fill_row(world, EMAIL, FactorKind.EMAIL)
    assert offered() is None


def test_a_cursor_is_good_for_its_list_and_its_agent_alone(world: AgentWorld, anna: AgentClient) -> None:
    for topic in ("refund", "payment", "lockout"):
        world.open_case(topic)
    cursor = anna.get("/queue", query={"limit": "1"}).json["next"]
    assert anna.get("/queue", query={"limit": "1", "cursor": cursor}).status == 200
    other = AgentClient(world.ctx, "agent-2")
    for refused in (
        other.get("/queue", query={"cursor": cursor}),
        anna.get("/queue", query={"cursor": cursor, "shelf": "snoozed"}),
        anna.get("/queue", query={"cursor": cursor, "topic": "refund"}),
        anna.get("/queue", query={"cursor": "nonsense"}),
    ):
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "cursor")


# ---------------------------------------------------------------- the queue


def test_the_queue_has_what_waits_what_is_mine_and_what_sleeps(world: AgentWorld, anna: AgentClient) -> None:
    mine, asleep, waits = claimed(world, anna, "payment"), world.open_case("lockout"), world.open_case("refund")
    until = (world.clock.now() + timedelta(hours=1)).isoformat()
    assert anna.post(f"/cases/{asleep}/snooze", {"until": until}).status == 200

    def shelf(name: str, **query: str) -> list[str]:
        return [case["id"] for case in anna.get("/queue", query={"shelf": name, **query}).json["cases"]]

    assert (shelf("waiting"), shelf("mine"), shelf("snoozed")) == ([waits], [mine], [asleep])
    assert shelf("waiting", topic="refund", language="en-US") == [waits]
    assert shelf("waiting", topic="payment") == shelf("waiting", language="zh-CN") == []


def test_the_queue_is_read_by_pages(world: AgentWorld, anna: AgentClient) -> None:
    topics = ("refund", "payment", "lockout", "security", "general")
    wanted = {world.open_case(topic) for topic in topics}
    for limit in (1, 2, 5):
        seen: list[str] = []
        query = {"limit": str(limit)}
        while True:
            page = anna.get("/queue", query=query).json
            seen += [case["id"] for case in page["cases"]]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert len(seen) == len(wanted)
        assert set(seen) == wanted


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"topic": "nonsense"}, "#"),
        ({"language": "de-DE"}, "#"),
        ({"shelf": "all"}, "shelf"),
        ({"limit": "0"}, "limit"),
        ({"limit": "51"}, "limit"),
        ({"skills": "refund:en-US"}, "query"),
    ],
)
def test_a_queue_that_there_is_not_is_refused(anna: AgentClient, query: dict[str, str], pointer: str) -> None:
    refused = anna.get("/queue", query=query)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, pointer)


# ---------------------------------------------------------------- working on a case


def test_a_case_is_claimed_once_and_stays_its_owners(world: AgentWorld, anna: AgentClient, bo: AgentClient) -> None:
    case_id = world.open_case()
    first = anna.post(f"/cases/{case_id}/claim")
    assert first.json["owner"] == {"id": "agent-1", "name": "Agent-1"}
    assert first.json["status"] == "claimed"
    refused = bo.post(f"/cases/{case_id}/claim")
    assert (refused.status, refused.code) == (409, "case_claimed")
    again = anna.post(f"/cases/{case_id}/claim")
    assert (again.status, again.json["version"]) == (200, first.json["version"])


@pytest.mark.parametrize("name", ["release", "snooze", "transfer", "close"])
def test_a_case_of_another_agent_is_changed_by_its_owner_and_supervisors_alone(
    world: AgentWorld, anna: AgentClient, bo: AgentClient, chief: AgentClient, name: str
) -> None:
    case_id = claimed(world, anna)
    refused = bo.post(f"/cases/{case_id}/{name}", WORK[name])
    assert (refused.status, refused.code) == (409, "case_claimed")
    assert edit(bo, case_id, '"2"').code == "case_claimed"
    assert chief.post(f"/cases/{case_id}/{name}", WORK[name]).status == 200


def test_anybody_may_add_a_note(world: AgentWorld, anna: AgentClient, bo: AgentClient) -> None:
    case_id = claimed(world, anna)
    assert bo.post(f"/cases/{case_id}/notes", {"text": "I know this customer."}).status == 201
    entry = anna.get(f"/cases/{case_id}/timeline").json["entries"][0]
    assert (entry["actor"]["name"], entry["audience"]) == ("Agent-2", "agent")


def test_a_case_goes_to_another_queue_with_a_note_or_to_an_agent(
    world: AgentWorld, anna: AgentClient, bo: AgentClient
) -> None:
    case_id = claimed(world, anna)
    moved = anna.post(
        f"/cases/{case_id}/transfer", {"topic": "payment", "language": "zh-CN", "note": "Speaks Chinese."}
    )
    assert (moved.json["owner"], moved.json["status"], moved.json["skill"]) == (None, "open", "payment:zh-CN")
    (row,) = bo.get("/queue", query={"topic": "payment", "language": "zh-CN"}).json["cases"]
    assert (row["id"], row["topic"], row["language"]) == (case_id, "refund", "en-US")
    assert row["skill"] == "payment:zh-CN"
    assert anna.get(f"/cases/{case_id}").json["skill"] == "payment:zh-CN"
    assert anna.get(f"/cases/{case_id}/timeline").json["entries"][0]["note"] == "Speaks Chinese."
    assert anna.post(f"/cases/{case_id}/claim").status == 200
    assert bo.get("/me").json["username"] == "Agent-2"
    given = anna.post(f"/cases/{case_id}/transfer", {"username": "Agent-2", "note": "She knows the shop."})
    assert given.json["owner"] == {"id": "agent-2", "name": "Agent-2"}
    entry = bo.get(f"/cases/{case_id}/timeline").json["entries"][0]
    assert (entry["kind"], entry["note"]) == ("transferred", "She knows the shop.")
    assert bo.post(f"/cases/{case_id}/close", {"ending": "resolved"}).status == 200


@pytest.mark.parametrize("username", ["Agent-2", "agent-1", "Supervisor-1", "nobody at all", "a" * 100, "#"])
def test_a_case_goes_to_no_agent_who_has_not_been_at_the_desk(
    world: AgentWorld, anna: AgentClient, username: str
) -> None:
    anna.get("/me")
    case_id = claimed(world, anna)
    refused = anna.post(f"/cases/{case_id}/transfer", {"username": username})
    assert (refused.status, refused.code) == (400, "malformed_request")
    assert refused.json["errors"] == [{"pointer": "#/username", "code": "agent_unknown"}]
    assert anna.get(f"/cases/{case_id}").json["owner"]["id"] == "agent-1"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"topic": "refund"},
        {"language": "en-US"},
        {"topic": "refund", "language": "en-US", "username": "Agent-1"},
        {"topic": "refund", "username": "Agent-1"},
        {"username": "Agent-1", "note": ""},
        {"username": "Agent-1", "note": "\u202e"},
        {"agent_id": "agent-2", "agent_name": "Supervisor-1"},
        {"username": "a" * 101},
        {"topic": "nonsense", "language": "en-US"},
        {"topic": "refund", "language": "en-US", "note": ""},
        {"topic": "refund", "language": "en-US", "note": "\u202e"},
    ],
)
def test_a_transfer_to_nowhere_changes_nothing(world: AgentWorld, anna: AgentClient, body: Any) -> None:
    anna.get("/me")
    case_id = claimed(world, anna)
    refused = anna.post(f"/cases/{case_id}/transfer", body)
    assert (refused.status, refused.code) == (400, "malformed_request")
    # A field that nobody has is the caller's word, and a choice of two is no fault of either.
    whole = {"extra_forbidden", "queue_or_agent"}
    assert all(one["pointer"] != "#" or one["code"] in whole for one in refused.json["errors"]), refused.json["errors"]
    assert anna.get(f"/cases/{case_id}").json["version"] == 2


def test_a_closed_case_takes_notes_alone_until_it_is_opened_again(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claimed(world, anna)
    assert anna.post(f"/cases/{case_id}/reopen").code == "case_open"
    closed = anna.post(f"/cases/{case_id}/close", {"ending": "not_reached", "note": "Called three times."})
    assert (closed.json["status"], closed.json["owner"]) == ("closed", None)
    for name, body in WORK.items():
        if name != "notes":
            assert anna.post(f"/cases/{case_id}/{name}", body).code == "case_closed", name
    assert anna.post(f"/cases/{case_id}/notes", {"text": "Wrote back."}).status == 201
    case = anna.get(f"/cases/{case_id}").json
    assert (case["status"], case["next_step"], case["actions"]) == ("closed", None, [])
    again = anna.post(f"/cases/{case_id}/reopen")
    assert (again.json["status"], again.json["owner"]) == ("open", None)


def test_a_case_is_not_opened_again_beside_another_one_of_the_topic(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claimed(world, anna)
    anna.post(f"/cases/{case_id}/close", {"ending": "resolved"})
    world.open_case()
    assert anna.post(f"/cases/{case_id}/reopen").code == "case_open"


@pytest.mark.parametrize(("ahead", "status"), [(-1, 400), (4, 400), (5, 200), (60 * 24 * 30, 200), (43_201, 400)])
def test_a_case_is_snoozed_for_five_minutes_to_thirty_days(
    world: AgentWorld, anna: AgentClient, ahead: int, status: int
) -> None:
    until = (world.clock.now() + timedelta(minutes=ahead)).isoformat()
    done = anna.post(f"/cases/{claimed(world, anna)}/snooze", {"until": until})
    assert done.status == status
    fault = {"pointer": "#/until", "code": "snooze_out_of_range"}
    assert done.json.get("errors", [fault]) == [fault]


def test_a_snooze_without_a_time_zone_is_refused(world: AgentWorld, anna: AgentClient) -> None:
    refused = anna.post(f"/cases/{claimed(world, anna)}/snooze", {"until": "2026-11-23T15:00:00"})
    assert refused.json["errors"] == [{"pointer": "#/until", "code": "timezone_missing"}]


# ---------------------------------------------------------------- the text of people


def test_markup_and_direction_marks_in_a_note_are_data(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claimed(world, anna)
    for text, kept in ((MARKUP, MARKUP), ("a\u202eb\u2066c\u200fd", "abcd"), ("  two\n\n lines\t", "two\n\nlines")):
        assert anna.post(f"/cases/{case_id}/notes", {"text": text}).status == 201
        told = anna.get(f"/cases/{case_id}/timeline")
        assert told.json["entries"][0]["note"] == kept
        assert told.headers["Content-Type"] == "application/json"
        assert told.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("n" * AGENT_NOTE_CHARACTERS_MAX, 201),
        ("n" * (AGENT_NOTE_CHARACTERS_MAX + 1), 400),
        ("退" * AGENT_NOTE_CHARACTERS_MAX, 201),
        ("n" * 100 * 1024, 400),
        ("n" * 400 * 1024, 413),
        ("", 400),
        ("\u202e\u200b", 400),
        (None, 400),
        (7, 400),
    ],
)
def test_a_note_has_its_length(world: AgentWorld, anna: AgentClient, text: Any, status: int) -> None:
    case_id = claimed(world, anna)
    done = anna.post(f"/cases/{case_id}/notes", {"text": text})
    assert done.status == status
    assert {one["pointer"] for one in done.json.get("errors", [])} <= {"#/text"}
    version = anna.get(f"/cases/{case_id}").json["version"]
    assert version == (3 if status == 201 else 2)


@pytest.mark.parametrize("body", ["[]", "null", "{", '{"text": "a", "text2": 1}', '{"text": "\\ud800"}', "NaN", "<a/>"])
def test_a_body_that_is_no_note_is_refused(world: AgentWorld, anna: AgentClient, body: str) -> None:
    refused = anna.post(f"/cases/{claimed(world, anna)}/notes", body)
    assert (refused.status, refused.code) == (400, "malformed_request")


def test_a_body_that_says_that_it_is_markup_is_refused(world: AgentWorld, anna: AgentClient) -> None:
    headers = {"Content-Type": "text/html"}
    refused = anna.post(f"/cases/{claimed(world, anna)}/notes", '{"text": "a"}', headers=headers)
    assert (refused.status, refused.code) == (415, "unsupported_media_type")


# ---------------------------------------------------------------- versions


def test_an_edit_names_the_version_that_its_editor_saw(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claimed(world, anna)
    etag = anna.get(f"/cases/{case_id}").headers["ETag"]
    done = edit(anna, case_id, etag, {"priority": 1, "tags": ["vip", "again"]})
    assert (done.status, done.json["priority"], done.json["tags"]) == (200, 1, ["again", "vip"])
    stale = edit(anna, case_id, etag, {"priority": 7})
    assert (stale.status, stale.code, stale.json["version"]) == (412, "precondition_failed", 3)
    assert anna.get(f"/cases/{case_id}").json["priority"] == 1
    assert edit(anna, case_id, done.headers["ETag"], {"priority": 7}).status == 200


@pytest.mark.parametrize(
    ("etag", "status"),
    [(None, 428), ('"3"', 412), ("*", 400), ("2", 400), ('W/"2"', 400), ('"1", "2"', 400), ('"9999999999"', 400)],
)
def test_an_edit_without_a_version_or_with_a_tag_that_is_none_changes_nothing(
    world: AgentWorld, anna: AgentClient, etag: str | None, status: int
) -> None:
    case_id = claimed(world, anna)
    assert edit(anna, case_id, etag).status == status
    assert anna.get(f"/cases/{case_id}").json["version"] == 2


@pytest.mark.parametrize("name", ["claim", "release", "snooze", "transfer", "close"])
def test_other_work_may_name_a_version_too(world: AgentWorld, anna: AgentClient, name: str) -> None:
    case_id = world.open_case()
    if name != "claim":
        anna.post(f"/cases/{case_id}/claim")
    version = anna.get(f"/cases/{case_id}").json["version"]
    stale = anna.post(f"/cases/{case_id}/{name}", WORK[name], headers={"If-Match": f'"{version + 1}"'})
    assert (stale.status, stale.code) == (412, "precondition_failed")
    assert anna.post(f"/cases/{case_id}/{name}", WORK[name], headers={"If-Match": f'"{version}"'}).status == 200


@pytest.mark.parametrize(
    "body", [{"priority": 2}, {"priority": "high"}, {"tags": ["A b"]}, {"tags": ["x"] * 11}, {"status": "closed"}]
)
def test_an_edit_of_what_there_is_not_is_refused(world: AgentWorld, anna: AgentClient, body: Any) -> None:
    case_id = claimed(world, anna)
    assert edit(anna, case_id, '"2"', body).status == 400


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize("name", sorted(WORK))
def test_a_request_that_is_sent_again_is_carried_out_once(world: AgentWorld, anna: AgentClient, name: str) -> None:
    case_id = world.open_case() if name == "claim" else claimed(world, anna)
    event = anna.event("POST", f"/cases/{case_id}/{name}", body=WORK[name])
    first, again = anna.send(event), anna.send(event)
    assert first.status == again.status
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json
    assert len(anna.get(f"/cases/{case_id}/timeline").json["entries"]) == (2 if name == "claim" else 3)


def test_a_key_belongs_to_one_body_one_case_one_route_and_one_agent(
    world: AgentWorld, anna: AgentClient, bo: AgentClient
) -> None:
    case_id, other = claimed(world, anna), claimed(world, anna, "payment")
    headers = {"Idempotency-Key": "a-key-that-is-used-again"}
    assert anna.post(f"/cases/{case_id}/notes", {"text": "one"}, headers=headers).status == 201
    refused = anna.post(f"/cases/{case_id}/notes", {"text": "two"}, headers=headers)
    assert (refused.status, refused.code) == (422, "idempotency_key_reused")
    assert anna.post(f"/cases/{other}/notes", {"text": "two"}, headers=headers).status == 201
    assert bo.post(f"/cases/{case_id}/notes", {"text": "two"}, headers=headers).status == 201
    assert anna.post(f"/cases/{case_id}/close", {"ending": "resolved"}, headers=headers).status == 200


@pytest.mark.parametrize(("key", "code"), [(None, "idempotency_key_missing"), ("short", "malformed_request")])
@pytest.mark.parametrize("name", sorted(WORK))
def test_a_request_without_a_good_key_changes_nothing(
    world: AgentWorld, anna: AgentClient, name: str, key: str | None, code: str
) -> None:
    case_id = claimed(world, anna)
    refused = anna.post(f"/cases/{case_id}/{name}", WORK[name], headers={"Idempotency-Key": key})
    assert (refused.status, refused.code) == (400, code)
    assert anna.get(f"/cases/{case_id}").json["version"] == 2


# ---------------------------------------------------------------- the agent's own account


@pytest.mark.parametrize("own_account", [ACCOUNT, "acct-of-the-family"])
def test_cases_of_the_agents_own_account_are_in_no_queue_of_theirs(world: AgentWorld, own_account: str) -> None:
    give(world.ctx, [opened("acct-of-the-family", (PointKind.PHONE, NUMBER), at=NOON)])
    own = AgentClient(world.ctx, account_id=own_account)
    mine, other = claimed(world, AgentClient(world.ctx), "payment"), world.open_case("refund", account_id=None)
    asleep, until = world.open_case("lockout"), (world.clock.now() + timedelta(hours=1)).isoformat()
    assert AgentClient(world.ctx).post(f"/cases/{asleep}/snooze", {"until": until}).status == 200
    world.open_case("security")

    def listed(client: AgentClient, shelf: str) -> set[str]:
        return {case["id"] for case in client.get("/queue", query={"shelf": shelf}).json["cases"]}

    assert listed(own, "waiting") == {other}
    assert listed(own, "mine") == listed(own, "snoozed") == set()
    assert listed(AgentClient(world.ctx, account_id="acct-of-another"), "mine") == {mine}


def test_cases_of_the_agents_own_account_are_refused(world: AgentWorld) -> None:
    own = AgentClient(world.ctx, account_id=ACCOUNT)
    case_id = world.open_case()
    for path, method, body in (
        ("", "GET", None),
        ("/timeline", "GET", None),
        *((f"/{name}", "POST", body) for name, body in WORK.items()),
    ):
        refused = own.ask(method, f"/cases/{case_id}{path}", body=body)
        assert (refused.status, refused.code) == (403, "own_account"), path
    assert AgentClient(world.ctx, account_id="acct-of-another").get(f"/cases/{case_id}").status == 200


# ---------------------------------------------------------------- references


@pytest.mark.parametrize("own_account", [ACCOUNT, "acct-linked"])
def test_no_reference_leads_an_agent_to_a_case_of_their_own_account(
    world: AgentWorld, anna: AgentClient, own_account: str
) -> None:
    give(world.ctx, [opened("acct-linked", (PointKind.PHONE, NUMBER), at=NOON - timedelta(days=300))])
    reference = anna.get(f"/cases/{world.open_case()}").json["reference"]
    own = AgentClient(world.ctx, account_id=own_account)
    assert own.get("/cases", query={"reference": reference}).json == {"cases": [], "next": None}
    assert len(anna.get("/cases", query={"reference": reference}).json["cases"]) == 1


def test_a_case_is_found_by_its_reference_also_closed(world: AgentWorld, anna: AgentClient, bo: AgentClient) -> None:
    case_id = claimed(world, anna)
    reference = anna.get(f"/cases/{case_id}").json["reference"]
    for status in ("claimed", "closed"):
        found = bo.get("/cases", query={"reference": reference})
        (row,) = found.json["cases"]
        assert (found.status, row["id"], row["reference"], row["status"]) == (200, case_id, reference, status)
        anna.post(f"/cases/{case_id}/close", {"ending": "resolved"})
    world.clock.advance(timedelta(days=91))
    assert bo.get("/cases", query={"reference": reference}).json == {"cases": [], "next": None}


@pytest.mark.parametrize("reference", [None, "", "12345", "1234567", "12345a", "１２３４５６"])
def test_anything_but_six_digits_finds_no_case(anna: AgentClient, reference: str | None) -> None:
    refused = anna.get("/cases", query={"reference": reference} if reference is not None else {})
    assert (refused.status, refused.code) == (400, "malformed_request")
