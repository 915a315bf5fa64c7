"""Text messages that customers send: no more reminders, or reminders again; nothing else is done about them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from functions.messenger.delivery import deliver
from functions.messenger.replies import START_WORDS, STOP_WORDS, split_replies, take_replies
from functions.messenger.settings import Sender
from hotline.kit.clock import to_text
from hotline.kit.languages import CHINESE, ENGLISH
from hotline.kit.store import Table
from hotline.kit.store.condition import Item
from hotline.payments.service import are_on, reminders_key
from tests.support import outbox_entries
from tests.support.log_lines import lines, logged
from tests.support.messenger_in_hand import Post
from tests.support.outbox_entries import ACCOUNT, NOW, PHONE, clock_of, redrive_event
from tests.support.sweeps import sweep

EVENT: Final = Path(__file__).resolve().parents[2] / "events/messenger/text_replies.json"
STRANGER: Final = "+8613900000099"


@pytest.fixture
def post() -> Post:
    return Post()


def inbound(text: str, *, number: str = PHONE, sent_at: datetime = NOW) -> dict[str, Any]:
    """The record of a text message, as End User Messaging, SNS and SQS hand it on."""
    body = {
        "originationNumber": number,
        "destinationNumber": "+864005550199",
        "messageKeyword": "KEYWORD_864005550199",
        "messageBody": text,
        "inboundMessageId": "cae173d2-0000-4000-8000-21f858e9fb84",
        "previousPublishedMessageId": "0",
    }
    record: dict[str, Any] = redrive_event(json.dumps(body))["Records"][0]
    return record | {"attributes": {"SentTimestamp": str(int(sent_at.timestamp() * 1000))}}


def take(post: Post, *records: dict[str, Any]) -> object:
    replies, rest = split_replies({"Records": list(records)})
    take_replies(replies, post.ctx)
    return rest


def choice(post: Post) -> Item | None:
    return post.store.get(reminders_key(ACCOUNT))


def later(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


WISHED = [
    "ＴＤ", "ｓｔｏｐ", "T", "t", "退订回T", "退订请回复TD", "回复TD退订", "回T退订", "TD退订", "please stop",
    "Please, stop!", "STOP please", "stop, thanks", "请退订", "退订，谢谢", "退订吧", "opt out", "取消", "停止", "R",
    "拒收请回复R", "回R拒收", "请帮我退订", "谢谢退订", "麻烦帮我退订吧",
    "REVOKE", "revoke please", "停止提醒", "取消提醒", "别再发了", "请别再发了！", "回复退订", "发送退订",
]  # fmt: skip
"""Messages of people who mean to stop."""
NO_WISH = [
    "不退订", "不要退订", "别退订", "请勿退订", "怎么退订", "退订了吗", "我没有退订", "don't stop", "please don't stop",
    "never stop", "stop by tomorrow", "T恤", "td bank", "the end", "please", "谢谢", "ok", "回复", "",
    "别取消提醒", "不要停止", "提醒", "别再发了吗", "do not revoke",
]  # fmt: skip
"""Messages that hold a word for it and ask for something else, or for nothing."""


@sweep("text", NO_WISH)
def test_a_message_that_asks_for_no_end_ends_nothing(text: str) -> None:
    replies, _ = split_replies({"Records": [inbound(text)]})
    assert replies == []


@pytest.mark.parametrize("text", [*sorted(STOP_WORDS), "TD", " Stop. ", "退订！", "“TD”", *WISHED])
def test_a_word_to_stop_switches_reminders_off_and_says_so_once(post: Post, text: str) -> None:
    with logged() as log:
        take(post, inbound(text))
        take(post, inbound(text))
    item = choice(post)
    assert item is not None
    assert (are_on(item), item["by"], item["rev"]) == (False, "reply", 1)
    assert [(line["event"], line["kind"]) for line in lines(log)] == [("HL025", "off")]
    (entry,) = post.store.items(Table.OUTBOX)
    assert (entry["kind"], entry["channel"], entry["account_id"]) == ("reminders.off", "sms", ACCOUNT)


@pytest.mark.parametrize("text", sorted(START_WORDS))
def test_a_word_to_start_switches_them_on_again(post: Post, text: str) -> None:
    take(post, inbound("TD"))
    clock_of(post.ctx).advance(timedelta(minutes=5))
    take(post, inbound(text, sent_at=later(4)))
    assert are_on(choice(post))
    kinds = [entry["kind"] for entry in post.store.items(Table.OUTBOX)]
    assert sorted(kinds) == ["reminders.off", "reminders.on"]


def test_a_message_that_was_sent_before_the_present_choice_changes_nothing(post: Post) -> None:
    clock_of(post.ctx).advance(timedelta(minutes=5))
    take(post, inbound("TD", sent_at=later(4)))
    take(post, inbound("START", sent_at=later(1)))
    item = choice(post)
    assert item is not None
    assert (are_on(item), item["changed_at"]) == (False, to_text(later(5)))


@pytest.mark.parametrize(
    "record",
    [
        inbound("please stop these"),
        inbound(""),
        inbound("TD", number="TD"),
        inbound("TD", number="12"),
        inbound("TD") | {"attributes": {}},
        inbound("TD") | {"attributes": {"SentTimestamp": "now"}},
    ],
    ids=["a sentence", "nothing", "no number", "a short number", "no time", "another time"],
)
def test_any_other_message_changes_nothing_and_its_text_is_not_logged(post: Post, record: dict[str, Any]) -> None:
    with logged() as log:
        rest = take(post, record)
    assert rest == {"Records": []}
    assert choice(post) is None
    assert [(line["event"], line["kind"]) for line in lines(log)] == [("HL033", "reply")]
    assert "please stop" not in log.getvalue()
    assert PHONE not in log.getvalue()


def test_a_number_of_nobody_changes_nothing_and_is_not_answered(post: Post) -> None:
    take(post, inbound("TD", number=STRANGER))
    assert list(post.store.items(Table.OUTBOX)) == []


def test_entries_of_the_same_batch_are_sent_all_the_same(post: Post) -> None:
    outbox_entries.store_entry(post.ctx, outbox_entries.message())
    batch = [*redrive_event(json.dumps({"entry_id": "out_1"}))["Records"], inbound("TD")]
    post.run(take(post, *batch))  # type: ignore[arg-type]
    assert len(post.sms.sent) == 1
    assert not are_on(choice(post))


def test_an_event_without_replies_comes_back_as_it_is(post: Post) -> None:
    for event in (None, {}, {"Records": "none"}, redrive_event('{"entry_id": "out_1"}'), outbox_entries.stream_event()):
        assert split_replies(event) == ([], event)


@pytest.mark.parametrize(("language", "words"), [(CHINESE, "请回复TD"), (ENGLISH, "reply STOP")])
@pytest.mark.parametrize("takes_replies", [True, False])
def test_a_message_tells_how_to_reply_only_where_somebody_may(
    post: Post, language: str, words: str, *, takes_replies: bool
) -> None:
    on = outbox_entries.message(kind="reminders.on", language=language)
    outbox_entries.store_entry(post.ctx, on)
    sender = Sender("Demo Wallet", ("+864005550199",), takes_replies=takes_replies)
    deliver(redrive_event('{"entry_id": "out_1"}'), post.ctx, sender, {"sms": post.sms})
    assert (words in post.sms.sent[0].body) is takes_replies


def test_the_kept_event_switches_reminders_off(post: Post) -> None:
    replies, rest = split_replies(json.loads(EVENT.read_text(encoding="utf-8")))
    take_replies(replies, post.ctx)
    assert rest == {"Records": []}
    assert not are_on(choice(post))
