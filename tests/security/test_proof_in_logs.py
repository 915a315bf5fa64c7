"""Every proof that is tried, right or wrong, and every refusal for want of proof is in the log, by contact or request.
The line names the proved factor and the step, and never the entered digits (OWASP ASVS 5.0, 16.2.5, 16.3.1, 16.3.2)."""

from __future__ import annotations

from typing import Final

from tests.support.api_world import PHONE, ApiWorld
from tests.support.log_lines import lines, logged
from tests.support.phone import Phone

PIN: Final = "482137"
ANSWERS: Final = "POST /v1/challenges/{id}/answers"


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_on_the_phone(world: ApiWorld) -> None:
    client = world.client()
    client.prove("set_pin", "email")
    assert client.ask("PUT", "/v1/me/pin", body={"pin": PIN}).status == 200
    phone = Phone(world.ctx, PHONE)
    with logged() as log:
        phone.press("start")
        phone.press("lock_status")
        phone.press("send_code", method="sms", goal="unlock")
        right = phone.code
        phone.press("check_code", code=other(right))
        phone.press("check_code", code=right)
        phone.press("choose_account")
        phone.press("check_pin", pin=other(PIN))
        phone.press("check_pin", pin=PIN)
        phone.press("lock_status")
    found = lines(log)
    assert {line["correlation_id"] for line in found} == {"contact-1"}
    steps = [(line["step"], line["outcome"]) for line in found if line["event"] == "HL001"]
    assert steps == [
        ("start", "KNOWN"),
        ("lock_status", "NEED_PROOF"),
        ("send_code", "SENT"),
        ("check_code", "WRONG"),
        ("check_code", "PROVED"),
        ("choose_account", "CHOSEN"),
        ("check_pin", "WRONG"),
        ("check_pin", "PROVED"),
        ("lock_status", "NEED_PROOF"),
    ]
    assert [line["event"] for line in found if line["level"] == "WARNING"] == ["HL040", "HL040"]
    assert not [text for text in (right, other(right), PIN, other(PIN), PHONE) if text in log.getvalue()]


def test_in_the_app(world: ApiWorld) -> None:
    client = world.stale_client()
    with logged() as log:
        assert client.ask("POST", "/v1/me/freeze").status == 401
        asked = client.ask("POST", "/v1/challenges", body={"operation": "freeze", "method": "sms"})
        right = client.code(asked.json["id"])
        assert client.enter(asked.json["id"], other(right)).status == 422
        assert client.enter(asked.json["id"], right).status == 200
        assert world.client(scopes=()).ask("GET", "/v1/me/lock").status == 403
    found = [(line["step"], line["outcome"]) for line in lines(log) if line["event"] == "HL071"]
    assert found == [
        ("POST /v1/me/freeze", "401"),
        ("POST /v1/challenges", "201"),
        (ANSWERS, "422"),
        (ANSWERS, "200"),
        ("GET /v1/me/lock", "403"),
    ]
    assert not [text for text in (right, other(right), PHONE) if text in log.getvalue()]
