"""The messenger and codes that are read out: whom it has called, when it does not, and what the call is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from functions.messenger import app
from functions.messenger.settings import Settings
from hotline.identity import service as identity
from hotline.identity.model import ChallengeState
from hotline.kit.aws.carriers import ConnectCall, DeliveryError, Outgoing, Undeliverable
from hotline.kit.config import MissingSetting
from hotline.kit.errors import Unavailable
from hotline.kit.outbox.delivery import NotDelivered
from tests.support import outbox_entries
from tests.support.function_settings import SETTINGS
from tests.support.log_lines import lines, logged
from tests.support.messenger_in_hand import Post
from tests.support.outbox_entries import (
    EMAIL_POINT,
    PHONE,
    RING,
    Carrier,
    challenge,
    code_message,
    store_challenge,
    stored,
    stream_event,
)

CODE: Final = identity.derive(RING, challenge())
FLOW: Final = "arn:aws:connect:eu-central-1:123456789012:instance/i-1/contact-flow/f-1"


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def caller(post: Post) -> Post:
    """A messenger that makes calls."""
    post.makes_calls = True
    store_challenge(post.ctx, challenge())
    return post


def test_a_code_by_voice_is_a_call_whose_flow_is_told_the_challenge_and_nothing_else(caller: Post) -> None:
    caller.post(code_message(channel="voice"))
    assert caller.calls.sent == [Outgoing(PHONE, "", "", "out_1", {"challenge": outbox_entries.CHALLENGE})]
    assert caller.sms.sent == []
    assert CODE not in repr(caller.calls.sent)
    assert stored(caller.ctx)["delivered_at"] == "2026-11-23T12:00:00.000Z"


def test_where_no_calls_are_made_a_code_by_voice_is_written(post: Post) -> None:
    store_challenge(post.ctx, challenge())
    post.post(code_message(channel="voice"))
    assert [sent.address for sent in post.sms.sent] == [PHONE]
    assert CODE in post.sms.sent[0].body
    assert post.calls.sent == []


def test_a_call_that_cannot_be_made_now_is_tried_again_under_the_same_token(caller: Post) -> None:
    tokens = []

    def lose(outgoing: Outgoing) -> None:
        tokens.append(outgoing.token)
        raise Unavailable(service_code="LimitExceededException")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Carrier, "send", lambda _, outgoing: lose(outgoing))
        with pytest.raises(NotDelivered):
            caller.post(code_message(channel="voice"))
    assert "pending_pk" in stored(caller.ctx)
    caller.run(stream_event(code_message(channel="voice")))
    assert [*tokens, *(sent.token for sent in caller.calls.sent)] == ["out_1", "out_1"]
    caller.run(stream_event(code_message(channel="voice")))
    assert len(caller.calls.sent) == 1


@pytest.mark.parametrize("reason", DeliveryError)
def test_a_number_that_may_never_be_called_is_given_up_and_the_log_says_why(
    caller: Post, reason: DeliveryError
) -> None:
    caller.calls.failure = Undeliverable(reason)
    with logged() as log:
        caller.post(code_message(channel="voice"))
    assert stored(caller.ctx)["dropped"] == reason
    assert [(line["event"], line["reason"]) for line in lines(log)] == [("HL021", reason)]
    assert caller.sms.sent == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (challenge(decoy=True), "decoy"),
        (challenge(state=ChallengeState.REPLACED), "challenge_over"),
        (challenge(state=ChallengeState.PROVED), "challenge_over"),
        (challenge(point=EMAIL_POINT), "other_point"),
    ],
)
def test_nobody_is_called_for_a_challenge_that_is_no_longer_asked(post: Post, asked: Any, reason: str) -> None:
    post.makes_calls = True
    store_challenge(post.ctx, asked)
    post.post(code_message(channel="voice"))
    assert post.calls.sent == []
    assert stored(post.ctx)["dropped"] == reason


@pytest.mark.parametrize("account_id", [None, "acct_unknown"])
def test_nobody_is_called_for_a_number_that_belongs_to_no_account(caller: Post, account_id: str | None) -> None:
    caller.post(code_message(channel="voice", account_id=account_id))
    assert caller.calls.sent == []
    assert stored(caller.ctx)["dropped"] == "nobody"


def test_a_number_that_its_account_has_given_up_is_not_called(caller: Post) -> None:
    outbox_entries.learn(caller.ctx, outbox_entries.removed(reassigned=False))
    caller.post(code_message(channel="voice"))
    assert caller.calls.sent == []
    assert stored(caller.ctx)["dropped"] == "no_address"


@pytest.mark.parametrize(("after", "called"), [(timedelta(minutes=10, milliseconds=-1), 1), (timedelta(minutes=10), 0)])
def test_a_call_is_useless_from_the_codes_expiry_on(caller: Post, after: timedelta, called: int) -> None:
    caller.wait(after)
    caller.post(code_message(channel="voice"))
    assert len(caller.calls.sent) == called
    assert stored(caller.ctx).get("dropped") == (None if called else "too_late")


@pytest.mark.parametrize(("flow", "channels"), [("", {"sms", "email"}), (FLOW, {"sms", "email", "voice"})])
def test_calls_are_made_where_there_is_a_flow_for_them(flow: str, channels: set[str]) -> None:
    given = {**SETTINGS["messenger"], "CODE_CALL_FLOW": flow, "TASK_FLOW": ""}
    transports = app.make_transports(Settings.parse(given))
    assert set(transports) == channels
    assert isinstance(transports.get("voice"), ConnectCall) is bool(flow)


def test_a_flow_for_calls_needs_a_number_that_they_come_from() -> None:
    given = {**SETTINGS["messenger"], "CODE_CALL_NUMBER": ""}
    assert Settings.parse({**given, "CODE_CALL_FLOW": ""}).code_calls is None
    with pytest.raises(MissingSetting, match="CODE_CALL_NUMBER"):
        Settings.parse({**given, "CODE_CALL_FLOW": FLOW})
