"""Erasing an account: everything personal goes, whatever its owner did before, and nothing comes back."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import batched

import pytest

from functions.deadlines.work import Summary, work_off
from hotline.accounts.service import POINTS_ERASED_AT_ONCE
from hotline.cases.service import contribute_case
from hotline.contracts.model import AccountErased, Fact, PointKind
from hotline.erasure import service as erasure
from hotline.kit.actor import Agent, System
from hotline.kit.change import Change
from hotline.kit.errors import Stale
from hotline.kit.store import TRANSACTION_ITEMS_MAX, Delete, Put, Table, hotline_key
from hotline.kit.store.condition import Item
from hotline.security.detectors import Stream
from hotline.security.findings import Kind, Step, contribute_steps, parts_of, step_keys
from hotline.security.model import ACCOUNTS_MAX
from hotline.security.packing import unpack
from hotline.security.suppressions import contribute_suppression
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client
from tests.support.customer_life import ACCOUNT, EMAIL, IPS, NAME, NOTE, OTHERS, PHONE, Nowhere, WholeLife, personal_in
from tests.support.found import SOMEBODY_ELSE, finding_of, take_step
from tests.support.log_lines import lines, logged
from tests.support.long_profiles import crowd
from tests.support.phone import Phone, context, give, opened
from tests.support.stores import NOON, AnyStore, all_items

MINUTE = timedelta(minutes=1)
LAST_LOOK = timedelta(hours=24)
STAYS = ["#LOCK", "#WATCH"]
"""Tombstones of an account that was erased."""


def dump(items: list[tuple[Table, Item]]) -> str:
    """All that is stored, in words: also what a watch has packed."""
    return json.dumps([[table.value, in_words(item)] for table, item in items], ensure_ascii=False)


def in_words(item: Item) -> Item:
    return {**item, "memory": unpack(item["memory"])} if "memory" in item else item


def without_what_may_be_personal(item: Item) -> Item:
    """The item, without the two things that may hold raw values: the profile, and what a customer wrote in a case."""
    if item.get("SK") == "#PROFILE":
        return {"PK": item["PK"], "SK": item["SK"]}
    return {name: value for name, value in item.items() if name != "note"}


def places_of(life: WholeLife) -> set[str]:
    """The kinds of stored items of others that name the account, by their keys."""
    return {
        f"{item['PK'].split('#')[0]} {'#WATCH' if item['SK'] == '#WATCH' else item['SK'].split('#')[0]}"
        if table is Table.HOTLINE
        else table.name
        for table, item in life.everything()
        if item.get("PK") != f"ACCOUNT#{ACCOUNT}" and ACCOUNT in json.dumps(in_words(item), default=str)
    }


def state_of(life: WholeLife) -> list[str]:
    """The state that is known of the customer as a customer."""
    own = [item["SK"] for item in life.items(Table.HOTLINE) if item["PK"] == f"ACCOUNT#{ACCOUNT}"]
    return sorted(sk for sk in own if sk.startswith("#"))


def test_the_search_finds_what_it_looks_for() -> None:
    assert personal_in(f"{PHONE} {EMAIL.upper()} {NAME} {NOTE}")
    assert not personal_in("case_0123 acct-whole-life Tea House 2026-11-23T12:00:00.000Z")


def test_a_whole_life_is_gone_from_tables_and_was_never_in_a_log_or_on_the_bus(
    exact_store: AnyStore, caplog: pytest.LogCaptureFixture
) -> None:
    life = WholeLife(exact_store)
    with logged() as log, caplog.at_level(logging.INFO):
        life.live()
        before = list(life.everything())
        assert personal_in(dump(before)) >= {"mei.recognisable", "13812345678", "unmistakable", "kettle"}
        held = [(table, without_what_may_be_personal(item)) for table, item in before]
        assert personal_in(dump(held)) == set()

        life.erase()
        life.tick()
        assert personal_in(dump(list(life.everything()))) == set()
        assert state_of(life) == ["#ERASURE", *STAYS]

        # Somebody who still has the number and the address, and a wallet that tells what it had forgotten.
        life.recover(status=422)
        life.lock_out()
        life.scan()
        life.clock.advance(LAST_LOOK)
        assert life.tick().erased == 1
        after = list(life.everything())
    assert personal_in(dump(after)) == set()
    assert state_of(life) == STAYS
    assert not [item for _, item in after if ACCOUNT in str(item.get("owners", ""))]
    assert len(lines(log)) > 100
    assert personal_in(log.getvalue()) == set()
    assert personal_in("\n".join(record.getMessage() for record in caplog.records)) == set()
    assert life.bus.events
    assert personal_in(json.dumps([asdict(event) for event in life.bus.events], default=str)) == set()


def test_records_stay_under_opaque_ids_and_each_of_them_ends_by_itself(memory_store: MemoryStore) -> None:
    life = WholeLife(memory_store)
    life.live()
    life.erase()
    life.clock.advance(LAST_LOOK)
    life.tick()
    left = [item for table, item in life.everything() if table is Table.HOTLINE]
    kinds = {item["SK"].split("#")[0] for item in left if item["PK"] == f"ACCOUNT#{ACCOUNT}"}
    assert kinds >= {"MOVE", "TAKEN", "TAIL", "REFUND", "CASE", "AUDIT", "FINDING", "BILL", ""}
    endless = {
        (item["PK"].split("#")[0], item["SK"])
        for item in left
        if "expires_at_epoch_s" not in item and OTHERS not in item["PK"]
    }
    of_nobody = {("SCAN", "CURSOR"), ("SCAN", "CURSOR#SRC"), ("FEED", "#HEAD"), ("DIRECTORY", "NOW"), ("DUE", "#LOOK")}
    assert endless - of_nobody == {
        ("ACCOUNT", "#LOCK"),
        ("MERCHANT", "POLICY"),
    }


OWN_UNDER_OTHER_KEYS = {
    *("CASE CASE", "SESSION CALL", "RECOVERY CALL", "CONTACT CALL", "REPUDIATION NOTICE", "OUTBOX"),
    *("AGENT DID", "RATE WINDOW", "RATE COUNT", "DRIFT ACCOUNT", "UNOPENED FACT"),
}
"""Records of the account itself, under its opaque id. Each ends by itself (docs/security.md)."""
MEMORY_OF_THE_SCAN = {"ACTIVITY", "SUBJECT #WATCH"}
"""These keep what came in, under opaque ids, for 35 days."""


def test_records_about_somebody_else_name_an_erased_account_no_more(memory_store: MemoryStore) -> None:
    """A finding about an address names the accounts that got in, and is kept for years."""
    life = WholeLife(memory_store)
    life.live()
    own = OWN_UNDER_OTHER_KEYS | MEMORY_OF_THE_SCAN
    assert places_of(life) - own == {"SUBJECT FINDING", "EVIDENCE OWNER", "POINT POINT"}
    life.erase()
    life.tick()
    assert places_of(life) <= own
    # A login from the same address, which the scan reads with those from before, brings the account back nowhere.
    late = {"ip": IPS[0], "device_id": "device-of-somebody-else", "country": "CN"}
    tried = {"attempt_id": "later", "source": late, "kind": "password"}
    life.tell(("login.succeeded", tried), account=f"{OTHERS}-1")
    life.clock.advance(timedelta(minutes=5))
    assert any(one.accounts == (f"{OTHERS}-1",) for report in life.scan() for one in report.corrected)
    assert places_of(life) <= own
    assert not [item for item in life.items(Table.HOTLINE) if item["SK"].startswith("NAMED#") and ACCOUNT in item["PK"]]


# ---------------------------------------------------------------- more than one transaction holds


class Case:
    """An account with as many notes in its cases, contact points and items of state as a test wants, then erased."""

    def __init__(self, store: AnyStore) -> None:
        self.store = store
        self.clock = VirtualClock(NOON)
        self.ctx = context(store, self.clock)
        give(self.ctx, [opened(ACCOUNT, (PointKind.PHONE, PHONE), at=NOON)])

    def write_notes(self, number: int, *, at_once: int = 14) -> None:
        """So many entries with free text, in one case for each topic."""
        for some in batched(range(number), at_once, strict=False):
            change = self.change()
            for place in some:
                topic = f"topic{place}"
                contribute_case(
                    change, {}, account_id=ACCOUNT, case_id=None, topic=topic, reason="test", facts={}, note=NOTE
                )
            change.commit(self.store)

    def confirm_points(self, number: int) -> None:
        """So many telephone numbers beside the first one, as an earlier version stored them that kept to no limit."""
        crowd(self.ctx, ACCOUNT, [f"+86139{place:08d}" for place in range(number)], since=NOON)

    def be_named(self, number: int) -> None:
        """So many findings about addresses from which somebody got in to this account and to another one."""
        for place in range(number):
            found = finding_of(f"f{place:03d}", NOON, account_id=ACCOUNT, stream=Stream.SOURCE)
            found = replace(found, subject=f"address-{place:03d}", account_id=None, accounts=(ACCOUNT, "acct-other"))
            take_step(self.store, self.ctx.ids, NOON, Kind.RAISE, found)

    def put_state(self, number: int) -> None:
        """So many items of a kind that no room has yet."""
        puts = [Put(hotline_key(f"ACCOUNT#{ACCOUNT}", f"#NEW{place:03d}"), {"value": PHONE}) for place in range(number)]
        self.store.transact(puts, token="state")

    def erase(self) -> None:
        give(self.ctx, [Fact("erased", "account.erased", "wallet", NOON, ACCOUNT, AccountErased(99))])

    def one_round(self) -> int:
        """One part; how many items its transaction wrote."""
        change = self.change()
        erasure.contribute_due(change, erasure.look(self.store, ACCOUNT), ACCOUNT)
        written = len(change)
        change.commit(self.store)
        return written

    def rounds(self) -> list[int]:
        """All parts that are due now, one after the other."""
        sizes = []
        while written := self.one_round():
            sizes.append(written)
        return sizes

    def change(self) -> Change:
        return Change(actor=System("deadlines", "erasure"), cause="test", now=self.clock.now(), ids=self.ctx.ids)

    def tick(self) -> Summary:
        return work_off(self.ctx, self.clock.now(), {"message": Nowhere(), "bus": Nowhere()}, at_once=1)

    def items(self, prefix: str) -> list[Item]:
        return [
            item for item in all_items(self.store, Table.HOTLINE) if f"{item['PK']} {item['SK']}".startswith(prefix)
        ]

    @property
    def notes(self) -> int:
        return sum("note" in item for item in self.items("CASE#"))


@pytest.fixture
def case(memory_store: MemoryStore) -> Case:
    return Case(memory_store)


@pytest.mark.parametrize("number", [erasure.NOTES_AT_ONCE - 1, erasure.NOTES_AT_ONCE, erasure.NOTES_AT_ONCE + 1])
def test_notes_are_emptied_a_transaction_at_a_time(case: Case, number: int) -> None:
    case.write_notes(number)
    case.erase()
    assert case.notes == number
    sizes = case.rounds()
    assert case.notes == 0
    assert case.items(f"ACCOUNT#{ACCOUNT} NOTE#") == []
    assert max(sizes) <= TRANSACTION_ITEMS_MAX
    assert len(sizes) == number // erasure.NOTES_AT_ONCE + 1
    assert len(case.items("CASE#")) == 2 * number


def test_one_run_empties_hundreds_of_cases_and_the_next_one_goes_on(case: Case) -> None:
    in_one_run = erasure.NOTES_AT_ONCE * erasure.ROUNDS
    case.write_notes(in_one_run + 1)
    case.erase()
    assert case.tick().failed == 0
    assert case.notes == 1
    case.clock.advance(MINUTE)
    case.tick()
    assert case.notes == 0


@pytest.mark.parametrize("number", [POINTS_ERASED_AT_ONCE - 1, POINTS_ERASED_AT_ONCE, POINTS_ERASED_AT_ONCE + 1, 70])
def test_contact_points_beyond_a_transaction_are_taken_away_afterwards(case: Case, number: int) -> None:
    case.confirm_points(number - 1)
    assert len(case.items("POINT#")) == number
    case.erase()
    left = max(0, number - POINTS_ERASED_AT_ONCE)
    assert len(case.items("POINT#")) == left
    assert max(case.rounds()) <= TRANSACTION_ITEMS_MAX
    assert case.items("POINT#") == []


@pytest.mark.parametrize("number", [erasure.NAMED_AT_ONCE - 1, erasure.NAMED_AT_ONCE, erasure.NAMED_AT_ONCE + 1, 30])
def test_findings_that_name_the_account_forget_it_a_part_at_a_time(case: Case, number: int) -> None:
    case.be_named(number)
    case.erase()
    assert len(case.items(f"ACCOUNT#{ACCOUNT} NAMED#")) == number
    sizes = case.rounds()
    assert len(sizes) == number // erasure.NAMED_AT_ONCE + 1
    assert case.items(f"ACCOUNT#{ACCOUNT} NAMED#") == []
    assert [item["accounts"] for item in case.items("SUBJECT#")] == [["acct-other"]] * number
    assert case.items("ACCOUNT#acct-other NAMED#")


def test_a_finding_that_is_corrected_while_an_account_is_erased_forgets_it_at_the_last_look(case: Case) -> None:
    """The scan has read the finding and the account, and writes them after the erasure."""
    case.be_named(1)
    (before,) = case.items("SUBJECT#")
    key = hotline_key(before["PK"], before["SK"])
    found = finding_of("f000", NOON, account_id=ACCOUNT, stream=Stream.SOURCE)
    later = replace(found, subject="address-000", account_id=None, accounts=("acct-third",))
    steps = [Step(Kind.CORRECT, later)]
    read = case.store.batch_get(sorted(step_keys(steps), key=str))
    change = case.change()
    contribute_steps(change, read, steps)
    case.erase()
    case.rounds()
    change.commit(case.store)
    assert (case.store.get(key) or {})["accounts"] == [ACCOUNT, "acct-other", "acct-third"]
    case.clock.advance(erasure.LAST_LOOK_AFTER)
    assert case.tick().erased == 1
    assert (case.store.get(key) or {})["accounts"] == ["acct-other", "acct-third"]


@pytest.mark.parametrize("end", [NOON, NOON + MINUTE], ids=["the same end", "a later end"])
def test_an_erasure_loses_no_account_that_a_correction_adds(case: Case, end: datetime) -> None:
    """A login that comes in late lies within the pattern, whose end stays."""
    case.be_named(1)
    case.erase()
    change = case.change()
    erasure.contribute_due(change, erasure.look(case.store, ACCOUNT), ACCOUNT)
    found = finding_of("f000", end, account_id=ACCOUNT, stream=Stream.SOURCE)
    later = replace(found, subject="address-000", account_id=None, accounts=("acct-third",))
    take_step(case.store, case.ctx.ids, NOON, Kind.CORRECT, later)
    with pytest.raises(Stale):
        change.commit(case.store)
    case.rounds()
    assert case.items("SUBJECT#")[0]["accounts"] == ["acct-other", "acct-third"]


def test_two_accounts_that_are_erased_at_once_are_both_forgotten(case: Case) -> None:
    """Each erasure has read both accounts in the finding."""
    case.be_named(1)
    give(case.ctx, [opened("acct-other", (PointKind.PHONE, "+8613900000001"), at=NOON)])
    case.erase()
    give(case.ctx, [Fact("erased-2", "account.erased", "wallet", NOON, "acct-other", AccountErased(99))])
    change = case.change()
    erasure.contribute_due(change, erasure.look(case.store, ACCOUNT), ACCOUNT)
    other = case.change()
    erasure.contribute_due(other, erasure.look(case.store, "acct-other"), "acct-other")
    other.commit(case.store)
    with pytest.raises(Stale):
        change.commit(case.store)
    case.rounds()
    assert "accounts" not in case.items("SUBJECT#")[0]


def test_a_finding_about_a_payee_and_its_suppression_forget_the_account_that_the_payee_is(case: Case) -> None:
    take_step(
        case.store,
        case.ctx.ids,
        NOON,
        Kind.RAISE,
        finding_of("f1", NOON, account_id=ACCOUNT, rule="counterparty_risk", stream=Stream.PARTY),
    )
    change = Change(actor=Agent("supervisor-1", "-"), cause="test", now=NOON, ids=case.ctx.ids)
    until = NOON + timedelta(days=1)
    made = {"reason": "customer_asked", "made_by": "supervisor-1", "stream": Stream.PARTY, "account_id": ACCOUNT}
    contribute_suppression(change, {}, SOMEBODY_ELSE, "counterparty_risk", until, **made)  # type: ignore[arg-type]
    change.commit(case.store)
    assert [item["account_id"] for item in case.items("SUBJECT#PTY")] == [ACCOUNT, ACCOUNT]
    case.erase()
    case.rounds()
    assert [item.get("account_id") for item in case.items("SUBJECT#PTY")] == [None, None]


class Earlier:
    """Findings of an earlier release, which left no places where accounts are named, and a correction of each."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.about_payee = finding_of("f1", NOON, account_id=ACCOUNT, rule="counterparty_risk", stream=Stream.PARTY)
        found = finding_of("f000", NOON, account_id=ACCOUNT, stream=Stream.SOURCE)
        self.about_address = replace(found, subject="address-000", account_id=None)
        take_step(case.store, case.ctx.ids, NOON, Kind.RAISE, self.about_payee)
        case.be_named(1)
        places = [item for item in case.items("ACCOUNT#") if item["SK"].startswith("NAMED#")]
        gone = [Delete(hotline_key(item["PK"], item["SK"])) for item in places]
        case.store.transact(gone, token="earlier")

    def correct(self) -> None:
        for found in (self.about_payee, self.about_address):
            later = replace(found, window_end=NOON + MINUTE, facts={"failures": 11})
            take_step(self.case.store, self.case.ctx.ids, NOON + MINUTE, Kind.CORRECT, later)

    def accounts(self) -> list[list[str]]:
        """Those that the finding about the payee names, and those of the one about the address."""
        found = sorted(self.case.items("SUBJECT#"), key=lambda item: str(item["finding_id"]), reverse=True)
        return [[one for one in (item.get("account_id"), *item.get("accounts", ())) if one] for item in found]


def test_findings_of_an_earlier_release_that_are_corrected_forget_the_account(case: Case) -> None:
    earlier = Earlier(case)
    earlier.correct()
    assert earlier.accounts() == [[ACCOUNT], [ACCOUNT, "acct-other"]]
    case.erase()
    case.rounds()
    assert earlier.accounts() == [[], ["acct-other"]]


def test_a_payee_that_was_erased_before_its_finding_is_corrected_is_taken_out_then(case: Case) -> None:
    earlier = Earlier(case)
    case.erase()
    case.rounds()
    assert earlier.accounts()[0] == [ACCOUNT]
    earlier.correct()
    assert earlier.accounts()[0] == []
    assert [item for item in case.items(f"ACCOUNT#{ACCOUNT} NAMED#") if "PTY" in item["SK"]] == []


def test_corrections_note_all_accounts_that_findings_name_and_fit_into_their_transactions(case: Case) -> None:
    """Each finding names as many accounts as it may, and a correction one more, or none."""
    found = replace(finding_of("f", NOON, account_id=ACCOUNT, stream=Stream.SOURCE), account_id=None)
    each = [
        replace(found, id=f"f{n}", accounts=tuple(f"acct-{n}-{one}" for one in range(ACCOUNTS_MAX))) for n in range(5)
    ]
    for one in each[1:]:
        take_step(case.store, case.ctx.ids, NOON, Kind.RAISE, one)
    later = [replace(one, facts={"failures": 11}, accounts=("acct-new",) * (n % 2)) for n, one in enumerate(each)]
    steps = [Step(Kind.RAISE, replace(each[0], severity="high")), *(Step(Kind.CORRECT, one) for one in later[1:])]
    sizes = []
    for part in parts_of(steps):
        change = case.change()
        contribute_steps(change, case.store.batch_get(sorted(step_keys(part), key=str)), part)
        sizes.append(len(change))
        change.commit(case.store)
    # The watch is written beside them.
    assert 3 * ACCOUNTS_MAX < max(sizes) < TRANSACTION_ITEMS_MAX
    assert sum(item["SK"].startswith("NAMED#") for item in case.items("ACCOUNT#acct-")) == len(each) * ACCOUNTS_MAX


def test_a_finding_that_has_ended_holds_no_erasure_up(case: Case) -> None:
    case.be_named(1)
    (found,) = case.items("SUBJECT#")
    case.store.transact([Delete(hotline_key(found["PK"], found["SK"]))], token="ended")
    case.erase()
    case.rounds()
    assert case.items(f"ACCOUNT#{ACCOUNT} NAMED#") == []


@pytest.mark.parametrize("number", [erasure.STATE_AT_ONCE - 1, erasure.STATE_AT_ONCE, erasure.STATE_AT_ONCE + 1, 45])
def test_state_of_a_kind_that_nobody_thought_of_goes_too(case: Case, number: int) -> None:
    case.put_state(number)
    case.erase()
    case.rounds()
    assert {item["SK"] for item in case.items(f"ACCOUNT#{ACCOUNT} #")} == {"#ERASURE", *STAYS}


def test_a_part_is_never_more_than_a_transaction_holds(case: Case) -> None:
    case.write_notes(100)
    case.confirm_points(60)
    case.put_state(50)
    case.be_named(20)
    case.erase()
    assert max(case.rounds()) <= TRANSACTION_ITEMS_MAX
    assert (case.notes, case.items("POINT#")) == (0, [])


def test_writes_of_a_caller_who_was_on_the_line_go_with_the_last_look(case: Case) -> None:
    case.erase()
    case.rounds()
    case.write_notes(1)
    case.put_state(1)
    case.clock.advance(erasure.LAST_LOOK_AFTER - timedelta(milliseconds=1))
    assert case.tick().erased == 0
    case.clock.advance(timedelta(milliseconds=1))
    assert case.tick().erased == 1
    assert case.notes == 0
    assert [item["SK"] for item in case.items(f"ACCOUNT#{ACCOUNT} #")] == STAYS
    assert case.tick().due == 0


def test_of_two_runs_at_once_one_is_stale_and_nothing_is_lost(case: Case) -> None:
    case.write_notes(40)
    case.erase()
    change = case.change()
    erasure.contribute_due(change, erasure.look(case.store, ACCOUNT), ACCOUNT)
    case.one_round()
    with pytest.raises(Stale):
        change.commit(case.store)
    case.rounds()
    assert case.notes == 0


def test_an_entry_that_has_ended_meanwhile_holds_nothing_up(case: Case) -> None:
    case.write_notes(2)
    (first, *_) = [item for item in case.items("CASE#") if "note" in item]
    case.store.transact([Delete(hotline_key(first["PK"], first["SK"]))], token="ended")
    case.erase()
    case.rounds()
    assert (case.notes, case.items(f"ACCOUNT#{ACCOUNT} NOTE#")) == (0, [])


def test_an_account_of_which_nothing_is_known_is_erased_as_well(memory_store: MemoryStore) -> None:
    case = Case(memory_store)
    give(case.ctx, [Fact("erased", "account.erased", "wallet", NOON, "acct-unheard-of", AccountErased(1))])
    case.tick()
    case.clock.advance(erasure.LAST_LOOK_AFTER)
    assert case.tick().erased == 1


def test_a_refund_of_an_erased_account_is_escalated_to_nobody(memory_store: MemoryStore) -> None:
    life = WholeLife(memory_store)
    life.live()
    life.erase()
    cases = len([item for item in life.items(Table.HOTLINE) if item["PK"].startswith("CASE#")])
    life.clock.advance(timedelta(days=60))
    assert life.tick().escalated == 0
    assert len([item for item in life.items(Table.HOTLINE) if item["PK"].startswith("CASE#")]) == cases
    assert not [item for item in life.items(Table.HOTLINE) if "due_pk" in item]


def test_a_session_and_a_call_that_were_open_can_do_nothing_more(memory_store: MemoryStore) -> None:
    """ASVS 5.0, 7.4.2. A call that had proved its caller may still be told of records, for ten minutes at most."""
    case = Case(memory_store)
    client, phone = Client(case.ctx, ACCOUNT, signed_in_at=NOON), Phone(case.ctx, PHONE)
    client.prove("unlock")
    phone.press("start")
    phone.prove(goal="unlock")
    case.erase()
    assert client.ask("GET", "/v1/me/payments").code == "unknown_account"
    assert client.ask("POST", "/v1/me/freeze").code == "unknown_account"
    before = len(all_items(memory_store, Table.OUTBOX))
    assert phone.press("lock_status")["outcome"] == "CLOSED"
    for step in ("unlock", "reset", "end_pause"):
        assert phone.press(step)["outcome"] == "NEED_PROOF"
    assert phone.press("pause")["outcome"] == "ASKED"
    assert len(all_items(memory_store, Table.OUTBOX)) == before, "nothing was asked of the wallet, nobody was told"
    case.clock.advance(timedelta(minutes=10))
    assert phone.press("lock_status")["outcome"] == "NEED_PROOF"
