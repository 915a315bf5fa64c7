"""The digest of findings, from the finding to the message: one a customer and period, and never more than is true."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from functions.deadlines.work import Summary, work_off
from functions.messenger.delivery import deliver
from functions.messenger.letter import TIMES_NAMED
from functions.messenger.settings import Sender
from hotline.contracts.model import (
    AccountClosed,
    AccountDescribed,
    AccountErased,
    ContactPointChanged,
    ContactPointFact,
    Fact,
    FactData,
    LockAction,
    LockTold,
    PointKind,
    SimChanged,
)
from hotline.intake.service import fold
from hotline.kit.actor import Agent, System
from hotline.kit.aws.carriers import Undeliverable
from hotline.kit.change import Change
from hotline.kit.clock import from_text, to_text
from hotline.kit.doors import Context
from hotline.kit.errors import NeedProof, Unavailable
from hotline.kit.outbox import entry_key
from hotline.kit.outbox.delivery import NotDelivered
from hotline.kit.quiet_hours import OPENS, QUIET_FROM, is_quiet
from hotline.kit.store import Delete, Key, Table, Update, hotline_key
from hotline.kit.store.condition import PRESENT, Item
from hotline.security import service as security
from hotline.security.checkup import TOLD_RULES
from hotline.security.detectors import Severity, Stream
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.findings import Kind
from hotline.security.findings_digest import (
    DIGEST_FINDINGS_MAX,
    DIGEST_KEPT_MAX,
    DIGEST_LIFE,
    DIGEST_PERIOD,
    LOOK_AFTER,
    contribute_due,
    digest_duty_at,
    digest_key,
)
from hotline.security.items import DENIED, finding_key, named_finding_key
from hotline.security.model import FINDING_LIFE, Finding, FindingState, Verdict
from hotline.security.scan import scan_shard
from hotline.security.service import activity_writes
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from hotline_local.words.catalogues import read_source, source_file
from tests.support import found
from tests.support.faults import at_call
from tests.support.found import finding_of, take_step
from tests.support.lock_desk import failures
from tests.support.log_lines import logged
from tests.support.outbox_entries import Carrier, redrive_event
from tests.support.phone import Phone, context
from tests.support.scan_runs import COMPLETE, chain, shard_of

ACCOUNT: Final = "acct_1"
PHONE, EMAIL, NEW_PHONE = "+8613800000001", "one@customer.example", "+8613800000009"
START: Final = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Ten in the morning in China."""
ZONES: Final = ("Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kolkata", "UTC")
DAY, MINUTE, HOUR = timedelta(days=1), timedelta(minutes=1), timedelta(hours=1)
MANY: Final = 12
CALLS_OF_A_RUN: Final = 20
"""So many of these calls make the run that sends a digest, its delivery, and the run that notes it."""
CALLS_OF_WORK: Final = frozenset({"get", "batch_get", "transact", "write_alone"})


class _Queue:
    def send(self, bodies: Sequence[str]) -> None:
        """Entries are delivered by the world itself."""


@dataclass(slots=True)
class World:
    """A wallet, a scan, the function of each minute, and a messenger, on one clock."""

    store: MemoryStore
    clock: VirtualClock
    ctx: Context
    zone: str = "Asia/Shanghai"
    sms: Carrier = field(default_factory=Carrier)
    email: Carrier = field(default_factory=Carrier)
    facts: int = 0

    def tell(self, type_name: str, data: FactData, *, at: datetime | None = None) -> None:
        self.facts += 1
        fold(self.ctx, [Fact(f"fact-{self.facts}", type_name, "wallet", at or self.clock.now(), ACCOUNT, data)])

    def open(
        self,
        *points: tuple[PointKind, str],
        language: str = "en-US",
        version: int = 1,
        since: timedelta = timedelta(days=60),
        shared: bool = False,
    ) -> None:
        at = START - since
        known = tuple(ContactPointFact(kind, value, at, shared) for kind, value in points or PHONE_ONLY)
        data = AccountDescribed(version, language, self.zone, "Test", known, two_step=False)
        self.tell("account.opened", data, at=at)

    def change_points(self, old: str | None, new: str | None, *, version: int = 2) -> None:
        data = ContactPointChanged(version, PointKind.PHONE, old, new, self.clock.now(), reassigned=False)
        self.tell("contact_point.changed", data)

    def find(self, number: int = 1, *, rule: str = "failed_login_burst", **more: Any) -> Finding:
        """The scan raises a finding about what has just happened."""
        finding = finding_of(f"f{number}", self.clock.now(), rule=rule, account_id=ACCOUNT, **more)
        self.step(Kind.RAISE, finding)
        return finding

    def step(self, kind: Kind, finding: Finding) -> None:
        take_step(self.store, self.ctx.ids, self.clock.now(), kind, finding)

    def change(self, actor: System | Agent) -> Change:
        return Change(actor=actor, cause="test", now=self.clock.now(), ids=self.ctx.ids)

    def judge(self, finding: Finding, verdict: Verdict) -> None:
        change = self.change(Agent("agent-1", "case-1"))
        read = self.store.batch_get(list(security.verdict_keys(ACCOUNT, finding.id)))
        security.contribute_verdict(change, read, ACCOUNT, finding.id, verdict, judged_by="agent-1", zone=self.zone)
        change.commit(self.store)

    def suppress(self, rule: str, *, since: datetime | None = None, until: datetime | None = None) -> None:
        """A person suppresses a rule for the account, from now on."""
        now = self.clock.now()
        since, until = since or now, until or now + 7 * DAY
        found.suppress(self.store, self.ctx.ids, rule, account_id=ACCOUNT, now=now, since=since, until=until)

    def state(self, finding: Finding) -> FindingState:
        return FindingState(self.item(finding_key(finding))["state"])

    def item(self, key: Key) -> Item:
        item = self.store.get(key)
        assert item is not None
        return item

    def forget_decisions(self) -> None:
        """Nobody re-drives what is for the bus from here on."""
        keys = [entry_key(item["entry_id"]) for item in self.store.items(Table.OUTBOX) if item["to"] == "bus"]
        self.store.transact([Delete(key) for key in keys], token=self.ctx.ids.new("tx"))

    def digest(self) -> Item | None:
        return self.store.get(digest_key(ACCOUNT))

    def work(self) -> Summary:
        return work_off(self.ctx, self.clock.now(), {"message": _Queue(), "bus": _Queue()}, at_once=1)

    def run(self) -> int:
        """One minute's run and all deliveries; how many digests it asked for."""
        sent = self.work().digested
        self.deliver()
        return sent

    def deliver(self) -> None:
        for entry in self.waiting():
            deliver(
                redrive_event(json.dumps({"entry_id": entry["entry_id"]})),
                self.ctx,
                Sender("Demo Wallet", ("+864005550199",)),
                {"sms": self.sms, "email": self.email},
            )

    def waiting(self) -> list[Item]:
        return [entry for entry in self.entries() if "pending_pk" in entry]

    def entries(self) -> list[Item]:
        return [item for item in self.store.items(Table.OUTBOX) if item["kind"] == security.DIGEST_MESSAGE]

    def run_until(self, end: datetime) -> list[datetime]:
        """Run whenever something is due; when a carrier had something new."""
        sent: list[datetime] = []
        while (due := self.next_due()) is not None and due <= end:
            self.clock.instant = max(self.clock.now(), due)
            before = len(self.texts())
            with suppress(NotDelivered):
                self.run()
            sent += [self.clock.now()] * (len(self.texts()) - before)
        self.clock.instant = max(self.clock.now(), end)
        return sent

    def next_due(self) -> datetime | None:
        dates = [item["due_sk"].partition("#")[0] for item in self.store.items(Table.HOTLINE) if "due_sk" in item]
        return from_text(min(dates)) if dates else None

    def texts(self) -> list[str]:
        return [outgoing.body for outgoing in (*self.sms.sent, *self.email.sent)]


PHONE_ONLY: Final = ((PointKind.PHONE, PHONE),)


@pytest.fixture
def world() -> World:
    clock = VirtualClock(START)
    store = MemoryStore(clock)
    return World(store, clock, context(store, clock))


# ---------------------------------------------------------------- one message a period


def test_findings_of_a_day_are_one_message(world: World) -> None:
    world.open()
    for number in range(3):
        world.find(number)
        world.clock.instant += HOUR
    sent = world.run_until(START + 5 * DAY)
    assert sent == [START + DIGEST_PERIOD]
    assert world.texts() == [
        "Demo Wallet: Something unusual was noticed on your account at 10:00 AM yesterday, 11:00 AM yesterday and "
        "12:00 PM yesterday. If that was not you, call us and choose a check-up: you hear your latest logins and "
        "payments, and can ask for a freeze. Official hotline: +86 400 555 0199"
    ]
    assert world.digest() is None


def test_the_latest_times_are_told_in_their_order(world: World) -> None:
    world.open(language="zh-CN")
    for number in range(5):
        world.find(number)
        world.clock.instant += HOUR
    world.run_until(START + 2 * DAY)
    (text,) = world.texts()
    assert "昨天中午12点、昨天下午1点、昨天下午2点，您的账户有异常情况，另有2次。" in text


def test_a_customer_reads_it_in_their_own_language(world: World) -> None:
    world.open(language="zh-CN")
    world.find()
    world.run_until(START + 2 * DAY)
    assert world.texts() == [
        "【Demo Wallet】昨天上午10点，您的账户有异常情况。如果不是您本人操作的，请来电选“账户体检”：可以听最近的登录"
        "和付款，也可以申请冻结账户。官方热线：+86 400 555 0199"
    ]


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_it_names_what_the_line_offers_and_no_link(world: World, language: str) -> None:
    """The check-up of the phone and of the API reads the same findings."""
    world.open(language=language)
    found = {world.find(number).id for number in range(2)}
    assert {one.id for one in security.list_told_findings(world.store, ACCOUNT, world.clock.now())} == found
    world.run_until(START + 2 * DAY)
    (text,) = world.texts()
    name = {"en-US": "check-up", "zh-CN": "账户体检"}[language]
    assert name in text
    entries = {entry.msgid: entry.msgstr for entry in read_source(source_file(language))}
    assert name in entries["flow.module-security.say_menu_here"]
    assert "http" not in text
    assert "www" not in text
    assert {one.id for one in security.list_told_findings(world.store, ACCOUNT, world.clock.now())} == found


@pytest.mark.parametrize(("language", "characters_a_part"), [("en-US", 153), ("zh-CN", 67)])
@pytest.mark.parametrize(("number", "ends"), [(3, ""), (4, "1"), (MANY, str(MANY - 3))])
def test_a_long_list_says_how_many_more_and_fits_two_parts(
    world: World, language: str, characters_a_part: int, number: int, ends: str
) -> None:
    world.open(language=language)
    for index in range(number):
        world.find(index)
        world.clock.instant += 10 * MINUTE
    world.run_until(START + 2 * DAY)
    (text,) = world.texts()
    assert len(text) <= 2 * characters_a_part
    assert len(TIMES_NAMED) == 3
    more = {"en-US": f"and {ends} more", "zh-CN": f"另有{ends}次"}[language]
    assert (more in text) == bool(ends)


def test_findings_of_one_minute_are_told_as_one_time(world: World) -> None:
    world.open()
    world.find(1)
    world.find(2, rule="two_countries")
    world.run_until(START + 2 * DAY)
    assert "at 10:00 AM yesterday." in world.texts()[0]


def test_findings_of_the_next_period_are_the_next_message(world: World) -> None:
    world.open()
    world.find(1)
    world.clock.instant += DIGEST_PERIOD
    world.run()
    world.find(2)
    world.clock.instant += LOOK_AFTER
    world.find(3)
    sent = world.run_until(START + 5 * DAY)
    assert sent == [START + 2 * DIGEST_PERIOD]
    assert len(world.texts()) == 2


def test_the_scan_itself_opens_the_digest(world: World) -> None:
    world.open()
    now = world.clock.now()
    facts = [replace(one, subject=ACCOUNT) for one in failures(10, now - 10 * MINUTE)]
    world.store.put_all(activity_writes(facts, now, world.ctx.lookup_ring))
    world.clock.instant += COMPLETE
    (finding,) = scan_shard(world.ctx, shard_of(ACCOUNT)).raised
    assert len(world.run_until(START + 2 * DAY)) == 1
    assert world.state(finding) is FindingState.TOLD


# ---------------------------------------------------------------- what is told at once, and what never


def test_an_urgent_finding_is_told_at_once_and_is_in_no_digest(world: World) -> None:
    world.open()
    now = world.clock.now()
    world.store.put_all(activity_writes(chain(now), now, world.ctx.lookup_ring))
    world.clock.instant += 31 * MINUTE + COMPLETE
    (finding,) = scan_shard(world.ctx, shard_of(ACCOUNT)).raised
    assert world.state(finding) is FindingState.TOLD
    assert world.digest() is None
    assert [item["kind"] for item in world.store.items(Table.OUTBOX) if item["to"] == "message"] == ["hold.asked"]


def test_every_critical_rule_asks_for_a_hold_and_so_is_told_at_once() -> None:
    critical = [detector for detector in DETECTORS if detector.severity is Severity.CRITICAL]
    assert critical
    assert [detector.rule for detector in critical if not detector.holds] == []


def test_a_second_grave_finding_under_a_hold_waits_for_the_digest(world: World) -> None:
    """Its owner has heard of the hold, not of it."""
    world.open()
    told, second = (
        world.find(number, rule="reset_device_transfer", severity="critical", holds=True) for number in (1, 2)
    )
    assert (world.state(told), world.state(second)) == (FindingState.TOLD, FindingState.OPEN)
    digest = world.digest()
    assert digest is not None
    assert digest["finding_ids"] == [second.id]


@pytest.mark.parametrize("rule", sorted({detector.rule for detector in DETECTORS} - TOLD_RULES))
def test_nobody_is_tipped_off_by_a_digest(world: World, rule: str) -> None:
    """These rules find what an owner may do (FATF recommendation 21)."""
    world.open()
    world.find(rule=rule)
    assert world.digest() is None


@pytest.mark.parametrize("stream", [Stream.SOURCE, Stream.PARTY, Stream.AGENT])
def test_a_finding_about_somebody_else_is_in_no_digest(world: World, stream: Stream) -> None:
    world.open()
    world.find(stream=stream)
    assert world.digest() is None


def test_the_message_says_nothing_of_rule_traces_or_severity(world: World) -> None:
    world.open()
    for number, rule in enumerate(sorted(TOLD_RULES)):
        world.find(number, rule=rule)
    world.run_until(START + 2 * DAY)
    (text,) = world.texts()
    assert [rule for rule in TOLD_RULES if rule in text or rule.replace("_", " ") in text.lower()] == []
    assert [word for word in ("login attempt", "medium", "failures", "password", "device") if word in text] == []
    (entry,) = world.entries()
    assert entry["facts"] == {}


# ---------------------------------------------------------------- what is under way


def freeze(world: World) -> None:
    """The wallet tells that the account is frozen."""
    world.tell("freeze.applied", LockTold(LockAction.FREEZE_APPLIED, "wallet-1", 1, "CUSTOMER_REQUEST"))


def ask_for_freeze(world: World) -> None:
    """The owner asks for a freeze by phone, which the wallet has not confirmed."""
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    phone.prove(goal="freeze")
    assert phone.press("freeze")["outcome"] == "ASKED"


@pytest.mark.parametrize(
    ("shut", "language", "sentence"),
    [
        (
            freeze,
            "en-US",
            "Your account is frozen: money can come in, but not out. To hear more, call us and choose a check-up.",
        ),
        (freeze, "zh-CN", "您的账户已经冻结，只能收款，不能付款。想了解详情，请来电选“账户体检”。"),
        (ask_for_freeze, "en-US", "Your account is being frozen. To hear more, call us and choose a check-up."),
        (ask_for_freeze, "zh-CN", "您的账户正在冻结。想了解详情，请来电选“账户体检”。"),
    ],
)
def test_the_owner_of_a_frozen_account_hears_what_is_under_way(
    world: World, shut: Callable[[World], None], language: str, sentence: str
) -> None:
    world.open(language=language)
    world.find()
    shut(world)
    world.run_until(START + 2 * DAY)
    (text,) = world.texts()
    assert sentence in text
    assert "If that was not you" not in text
    assert "如果不是您本人" not in text


# ---------------------------------------------------------------- what leaves the digest


def withdraw(world: World, finding: Finding) -> None:
    world.step(Kind.WITHDRAW, finding)


def dismiss(world: World, finding: Finding) -> None:
    world.judge(finding, Verdict.FALSE_ALARM)


def look_at(world: World, finding: Finding) -> None:
    world.judge(finding, Verdict.UNCLEAR)


def suppress_it(world: World, finding: Finding) -> None:
    """It is taken back, and its pattern comes again where the rule is suppressed."""
    world.step(Kind.WITHDRAW, finding)
    world.suppress(finding.rule)
    world.step(Kind.RAISE, replace(finding, window_end=world.clock.now()))
    assert world.state(finding) is FindingState.SUPPRESSED


def expire(world: World, finding: Finding) -> None:
    found_at = to_text(world.clock.now() - FINDING_LIFE - DAY)
    update = Update(finding_key(finding), set={"found_at": found_at}, condition=PRESENT)
    world.store.transact([update], token=world.ctx.ids.new("tx"))


def deny(world: World, finding: Finding) -> None:
    """The owner has said that something in the finding was not them."""
    key = named_finding_key(ACCOUNT, finding.id)
    item = world.store.get(key)
    assert item is not None
    world.store.load([(key, {**item, DENIED: to_text(world.clock.now())})])


LEAVES: Final = [withdraw, dismiss, look_at, suppress_it, expire, deny]


@pytest.mark.parametrize("leave", LEAVES)
def test_a_finding_that_somebody_dealt_with_leaves_the_digest(world: World, leave: Any) -> None:
    world.open()
    gone = world.find(1)
    world.clock.instant += HOUR
    stays = world.find(2)
    leave(world, gone)
    before = world.item(finding_key(gone))
    world.run_until(START + 2 * DAY)
    assert "at 11:00 AM yesterday." in world.texts()[0]
    assert world.state(stays) is FindingState.TOLD
    assert world.item(finding_key(gone)) == before


def test_a_suppressed_finding_joins_no_digest(world: World) -> None:
    world.open()
    world.suppress("failed_login_burst")
    kept = world.find()
    assert (world.state(kept), world.digest()) == (FindingState.SUPPRESSED, None)
    assert world.run_until(START + 2 * DAY) == []
    assert (world.entries(), world.state(kept)) == ([], FindingState.SUPPRESSED)


def test_one_that_goes_on_behind_the_suppression_joins_the_digest(world: World) -> None:
    world.open()
    world.suppress("failed_login_burst", until=START + HOUR)
    kept = world.find()
    world.clock.instant += 2 * HOUR
    world.step(Kind.CORRECT, replace(kept, window_end=world.clock.now()))
    assert (world.state(kept), world.digest() is None) == (FindingState.OPEN, False)
    world.run_until(START + 2 * DAY)
    assert world.state(kept) is FindingState.TOLD
    assert len(world.texts()) == 1


@pytest.mark.parametrize("leave", LEAVES)
def test_an_empty_digest_is_not_sent(world: World, leave: Any) -> None:
    world.open()
    leave(world, world.find())
    assert world.run_until(START + 2 * DAY) == []
    assert world.entries() == []
    assert world.digest() is None


@pytest.mark.parametrize("leave", LEAVES)
def test_a_finding_that_is_dealt_with_while_the_message_waits_is_not_told(world: World, leave: Any) -> None:
    world.open()
    gone, stays = world.find(1), world.find(2)
    world.clock.instant += DIGEST_PERIOD
    assert world.work().digested == 1
    leave(world, gone)
    leave(world, stays)
    world.deliver()
    assert world.texts() == []
    (entry,) = world.entries()
    assert entry["dropped"] == "not_due"
    world.run_until(world.clock.now() + 3 * DAY)
    assert world.digest() is None
    assert len(world.entries()) == 1


def test_a_finding_that_is_raised_again_is_told_by_the_next_message(world: World) -> None:
    world.open()
    finding = world.find()
    withdraw(world, finding)
    world.clock.instant += HOUR
    world.step(Kind.RAISE, finding)
    assert len(world.run_until(START + 3 * DAY)) == 1
    assert world.state(finding) is FindingState.TOLD


def test_a_finding_that_is_raised_again_while_its_message_waits_is_told_by_the_next_one(world: World) -> None:
    world.open()
    back, stays = world.find(1), world.find(2)
    world.clock.instant += DIGEST_PERIOD
    world.work()
    withdraw(world, back)
    world.deliver()
    world.step(Kind.RAISE, back)
    world.clock.instant += LOOK_AFTER
    world.work()
    assert (world.state(back), world.state(stays)) == (FindingState.OPEN, FindingState.TOLD)
    assert len(world.run_until(START + 3 * DAY)) == 1
    assert world.state(back) is FindingState.TOLD


# ---------------------------------------------------------------- states follow what was handed over


def test_a_finding_is_told_when_its_message_was_handed_over(world: World) -> None:
    world.open()
    finding = world.find()
    world.clock.instant += DIGEST_PERIOD
    world.work()
    world.clock.instant += LOOK_AFTER
    world.work()
    assert world.state(finding) is FindingState.OPEN
    world.deliver()
    delivered_at = to_text(world.clock.now())
    world.clock.instant += LOOK_AFTER
    world.work()
    assert world.state(finding) is FindingState.TOLD
    assert world.item(finding_key(finding))["told_at"] == delivered_at
    assert world.digest() is None


def test_a_digest_that_could_not_go_out_in_its_day_goes_out_in_the_next_morning(world: World) -> None:
    world.open()
    finding = world.find()
    world.sms.failure = Unavailable()
    assert world.run_until(START + DIGEST_PERIOD + 13 * HOUR) == []
    assert world.state(finding) is FindingState.OPEN
    world.sms.failure = None
    sent = world.run_until(START + 4 * DAY)
    assert len(sent) == 1
    assert sent[0].astimezone(ZoneInfo(world.zone)).date().isoformat() == "2026-11-25"
    assert world.state(finding) is FindingState.TOLD


def test_another_point_gets_what_the_first_one_could_not_get(world: World) -> None:
    world.open((PointKind.PHONE, PHONE), (PointKind.EMAIL, EMAIL))
    finding = world.find()
    world.sms.failure = Undeliverable()
    world.run_until(START + 2 * DAY)
    assert [outgoing.address for outgoing in world.email.sent] == [EMAIL]
    assert world.state(finding) is FindingState.TOLD


@pytest.mark.parametrize("failure", [Undeliverable(), Unavailable()], ids=["refuses", "does not answer"])
@pytest.mark.parametrize("more", [False, True], ids=["one finding", "one each day"])
def test_a_point_that_gets_nothing_for_ten_days_is_tried_for_a_week_of_each_finding(
    world: World, failure: Exception, more: bool
) -> None:
    world.open()
    found = [world.find()]
    world.sms.failure = failure
    untold = 0
    for day in range(1, 19):
        with logged() as buffer:
            world.run_until(START + day * DAY + MINUTE)
        untold += buffer.getvalue().count("An owner was not told of findings")
        if more and day < 10:
            found.append(world.find(day + 1))
    tried = len(world.entries())
    assert world.digest() is None
    assert DIGEST_LIFE.days - 1 <= tried <= DIGEST_LIFE.days + (len(found) - 1)
    assert untold == len(found)
    assert {world.state(one) for one in found} == {FindingState.OPEN}


def test_a_finding_of_today_goes_out_although_an_older_one_is_given_up(world: World) -> None:
    world.open()
    old = world.find(1)
    world.sms.failure = Undeliverable()
    world.run_until(START + 6 * DAY + 12 * HOUR)
    new = world.find(2)
    world.run_until(START + 7 * DAY + 12 * HOUR)
    world.sms.failure = None
    world.run_until(START + 10 * DAY)
    assert [world.state(one) for one in (old, new)] == [FindingState.OPEN, FindingState.TOLD]
    assert len(world.texts()) == 1


def test_findings_of_one_day_that_nobody_can_be_told_of_are_given_up_in_one_day(world: World) -> None:
    for number in range(2 * DIGEST_FINDINGS_MAX + 1):
        world.find(number)
    world.run_until(START + DIGEST_LIFE - HOUR)
    assert world.digest() is not None
    with logged() as buffer:
        world.run_until(START + DIGEST_LIFE + DAY)
    assert world.digest() is None
    assert buffer.getvalue().count("An owner was not told of findings") == 3


# ---------------------------------------------------------------- to whom


def sent_to(world: World) -> list[str]:
    world.run_until(START + 3 * DAY)
    return [outgoing.address for outgoing in (*world.sms.sent, *world.email.sent)]


def test_one_message_goes_to_one_point_a_phone_first(world: World) -> None:
    world.open((PointKind.EMAIL, EMAIL), (PointKind.PHONE, PHONE))
    world.find()
    assert sent_to(world) == [PHONE]


def test_a_point_that_was_just_changed_gets_nothing_and_the_one_before_it_does(world: World) -> None:
    world.open()
    world.change_points(PHONE, NEW_PHONE)
    world.clock.instant += HOUR
    world.find()
    assert sent_to(world) == [PHONE]


def test_a_point_that_was_added_stands_back_behind_one_that_stood(world: World) -> None:
    world.open((PointKind.EMAIL, EMAIL))
    world.change_points(None, NEW_PHONE)
    world.find()
    assert sent_to(world) == [EMAIL]


def test_a_number_whose_sim_changed_gets_nothing(world: World) -> None:
    world.open((PointKind.PHONE, PHONE), (PointKind.EMAIL, EMAIL))
    world.tell("contact_point.sim_changed", SimChanged(2, PHONE, START - HOUR))
    world.find()
    assert sent_to(world) == [EMAIL]


def test_a_number_that_belongs_to_somebody_else_by_now_gets_nothing(world: World) -> None:
    world.open()
    finding = world.find()
    data = ContactPointChanged(2, PointKind.PHONE, PHONE, None, START, reassigned=True)
    world.tell("contact_point.changed", data)
    assert sent_to(world) == []
    assert world.state(finding) is FindingState.OPEN


def test_a_shared_point_is_the_last_choice(world: World) -> None:
    since = START - 60 * DAY
    points = (
        ContactPointFact(PointKind.PHONE, PHONE, since, True),
        ContactPointFact(PointKind.EMAIL, EMAIL, since),
    )
    world.tell("account.opened", AccountDescribed(1, "en-US", world.zone, "Test", points, two_step=False), at=since)
    world.find()
    assert sent_to(world) == [EMAIL]


def test_an_account_that_nobody_can_be_told_of_is_tried_each_morning_for_a_week(world: World) -> None:
    finding = world.find()
    tried = []
    while (due := world.next_due()) is not None:
        world.clock.instant = due
        tried.append(due)
        with logged() as buffer:
            world.run()
    assert len(tried) == DIGEST_LIFE.days
    assert tried[-1] - START >= DIGEST_LIFE
    assert "An owner was not told of findings" in buffer.getvalue()
    assert world.texts() == []
    assert world.state(finding) is FindingState.OPEN


def test_an_account_whose_facts_come_late_is_told_in_the_next_morning(world: World) -> None:
    world.find()
    world.run_until(START + 2 * DAY)
    world.open()
    assert len(world.run_until(START + 4 * DAY)) == 1


@pytest.mark.parametrize("sent", [False, True], ids=["before it is sent", "while it is on its way"])
def test_nothing_is_left_of_the_digest_of_an_erased_account(world: World, sent: bool) -> None:
    world.open()
    world.find()
    world.clock.instant += DIGEST_PERIOD
    if sent:
        world.work()
    world.tell("account.erased", AccountErased(9))
    world.run_until(START + 5 * DAY)
    assert world.digest() is None
    assert world.texts() == []


def test_a_closed_account_gets_no_digest(world: World) -> None:
    world.open()
    world.find()
    world.tell("account.closed", AccountClosed(9))
    assert world.run_until(START + 5 * DAY) == []
    assert world.digest() is None


# ---------------------------------------------------------------- when


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        *((zone, START + hours * HOUR) for zone in ZONES for hours in (0, 9, 17)),
        # Days of 23 and 25 hours, where summer time begins and ends.
        *(("America/New_York", datetime(2027, 3, 13, hour, 30, tzinfo=UTC)) for hour in (1, 6, 12, 13, 23)),
        *(("Europe/London", datetime(2026, 10, 24, hour, 30, tzinfo=UTC)) for hour in (1, 6, 7, 19, 20, 23)),
        ("Australia/Lord_Howe", datetime(2027, 4, 3, 9, 50, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_it_goes_out_once_by_day_where_the_customer_is(world: World, zone: str, start: datetime) -> None:
    world.zone = zone
    world.open(since=timedelta(days=400))
    world.clock.instant = start
    world.find()
    (sent,) = world.run_until(start + 3 * DAY)
    local = sent.astimezone(ZoneInfo(zone))
    assert OPENS <= local.time() < QUIET_FROM
    assert start + DIGEST_PERIOD <= sent <= start + DIGEST_PERIOD + 13 * HOUR
    asked = start + DIGEST_PERIOD
    assert sent == asked or is_quiet(asked, ZoneInfo(zone))


def test_a_customer_who_moved_meanwhile_is_not_woken(world: World) -> None:
    world.open()
    world.find()
    world.zone = "Europe/London"
    world.open(version=2)
    assert is_quiet(START + DIGEST_PERIOD, ZoneInfo(world.zone))
    (sent,) = world.run_until(START + 3 * DAY)
    assert not is_quiet(sent, ZoneInfo(world.zone))


# ---------------------------------------------------------------- once, whatever happens


@pytest.mark.parametrize("number", [DIGEST_FINDINGS_MAX - 1, DIGEST_FINDINGS_MAX, DIGEST_FINDINGS_MAX + 1])
def test_a_digest_holds_so_many_findings_and_tells_them_in_one_transaction(world: World, number: int) -> None:
    world.open()
    found = [world.find(index) for index in range(number)]
    assert len(world.run_until(START + DAY + 12 * HOUR)) == 1
    told = [one for one in found if world.state(one) is FindingState.TOLD]
    assert told == found[:DIGEST_FINDINGS_MAX]
    # The others are told on the next day, and nothing is sent after that.
    later = world.run_until(START + 5 * DAY)
    assert len(later) == (number > DIGEST_FINDINGS_MAX)
    assert {world.state(one) for one in found} == {FindingState.TOLD}


@pytest.mark.parametrize("number", [DIGEST_KEPT_MAX - 1, DIGEST_KEPT_MAX, DIGEST_KEPT_MAX + 1])
def test_so_many_findings_wait_for_a_digest(world: World, number: int) -> None:
    world.open()
    found = [world.find(index) for index in range(number)]
    assert len(world.run_until(START + 8 * DAY)) == DIGEST_KEPT_MAX // DIGEST_FINDINGS_MAX
    told = [one for one in found if world.state(one) is FindingState.TOLD]
    assert told == found[:DIGEST_KEPT_MAX]


def test_the_same_finding_twice_is_in_it_once(world: World) -> None:
    world.open()
    finding = world.find()
    before = world.digest()
    world.step(Kind.RAISE, finding)
    world.step(Kind.CORRECT, replace(finding, window_end=finding.window_end + MINUTE))
    assert world.digest() == before


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(1, CALLS_OF_A_RUN + 1))
def test_a_crash_at_any_call_tells_each_finding_once(world: World, number: int, moment: str) -> None:
    world.open()
    found = [world.find(index) for index in range(2)]
    world.clock.instant += DIGEST_PERIOD
    world.forget_decisions()
    setattr(world.store, moment, at_call(Unavailable(), number, of=CALLS_OF_WORK))
    for _ in range(8):
        with suppress(Unavailable, NotDelivered):
            world.run()
        world.clock.instant += LOOK_AFTER
    world.store.before = world.store.after = None
    assert len(world.entries()) == 1
    assert world.digest() is None
    assert {world.state(one) for one in found} == {FindingState.TOLD}
    assert 1 <= len(world.texts()) <= 2, "handing over may be done again after a crash, see kit.outbox.delivery"


def test_a_run_makes_no_more_calls_than_are_made_to_crash(world: World) -> None:
    world.open()
    for index in range(2):
        world.find(index)
    world.clock.instant += DIGEST_PERIOD
    world.forget_decisions()
    names: list[str] = []
    world.store.before = names.append
    world.run()
    world.clock.instant += LOOK_AFTER
    world.run()
    assert len([name for name in names if name in CALLS_OF_WORK]) == CALLS_OF_A_RUN


def test_only_the_hotline_itself_sends_a_digest(world: World) -> None:
    world.open()
    world.find()
    world.clock.instant += DIGEST_PERIOD
    duty = digest_duty_at(digest_key(ACCOUNT))
    assert duty is not None
    read = duty.read(world.store, world.clock.now())
    with pytest.raises(NeedProof):
        contribute_due(world.change(Agent("agent-1", "case-1")), read, ACCOUNT)


def test_a_digest_whose_time_has_not_come_or_that_is_gone_is_left_as_it_is(world: World) -> None:
    """The index of what is due lags."""
    duty = digest_duty_at(digest_key(ACCOUNT))
    assert duty is not None
    assert duty.contribute(world.change(System("deadlines", "digest")), duty.read(world.store, START)) == ()
    world.open()
    world.find()
    before = world.digest()
    assert duty.contribute(world.change(System("deadlines", "digest")), duty.read(world.store, START)) == ()
    assert world.digest() == before


@pytest.mark.parametrize(
    "key",
    [
        Key(Table.HOTLINE, f"ACCOUNT#{ACCOUNT}", None),
        named_finding_key(ACCOUNT, "f1"),
        hotline_key("CASE#case_1", "#DIGEST"),
    ],
)
def test_only_the_digest_of_an_account_has_this_duty(key: Key) -> None:
    assert digest_duty_at(key) is None


def test_nothing_personal_is_logged_or_kept(world: World) -> None:
    world.open((PointKind.PHONE, PHONE), (PointKind.EMAIL, EMAIL))
    world.find()
    with logged() as buffer:
        world.run_until(START + 2 * DAY)
    written = [item for item in world.store.items(Table.HOTLINE) if item["SK"] not in ("#PROFILE", "POINT")]
    text = buffer.getvalue() + json.dumps([*written, *world.store.items(Table.OUTBOX)], default=str)
    assert "A message about findings is on its way" in text
    assert [value for value in (PHONE, EMAIL, "yesterday", "unusual") if value in text] == []


def audits(world: World) -> Mapping[str, Any]:
    found = (item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("AUDIT#"))
    return {item["event"]: (item["actor"], item["facts"]) for item in found}


def test_the_audit_trail_says_that_its_owner_was_told(world: World) -> None:
    world.open()
    world.find()
    world.run_until(START + 2 * DAY)
    by = "system:deadlines:digest"
    assert audits(world)["findings.digest_sent"] == (by, {"count": 1, "channel": "sms"})
    assert audits(world)["findings.told"] == (by, {"count": 1})
