"""`./hotline refund explain`: a decision made again from its record, and as it would be today."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from hotline.contracts.model import MovementStatus, Purchase
from hotline.refunds.model import RefundReason
from hotline.refunds.outgoing import reference_of
from hotline.refunds.reproductions import reproduce
from hotline_local import cli
from hotline_local.commands import refund as command
from hotline_local.errors import CommandError
from hotline_local.testing.memory_store import MemoryStore
from tests.support.money_world import ACCOUNT, NOON, MoneyWorld, moved, published


class StackInMemory:
    """Stands for a running stack."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def hotline_store(self) -> MemoryStore:
        return self.store


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> MoneyWorld:
    made = MoneyWorld(MemoryStore())
    made.tell(moved(MovementStatus.SUCCEEDED, purchase=Purchase(sold_remotely=True)))
    made.tell(published(auto_approve_minor=10**6))
    monkeypatch.setattr("hotline_local.launcher.stack.load", lambda: StackInMemory(made.store))  # type: ignore[arg-type]
    return made


def explained(refund_id: str, capsys: pytest.CaptureFixture[str], *, code: int = 0) -> dict[str, Any]:
    assert cli.main(["refund", "explain", refund_id, "--account", ACCOUNT, "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_decision_is_made_again_from_its_record(world: MoneyWorld, capsys: pytest.CaptureFixture[str]) -> None:
    refund_id = world.ask().refund_id or ""
    told = explained(refund_id, capsys)
    assert (told["outcome"], told["reproduced"]) == ("APPROVED", True)
    assert told["policy_version"] == "wallet-1/merchant-1/law-cn-1/providers-2"
    assert {"rule": "merchant.window", "outcome": None, "inputs": {"age_days": 0, "window_days": 30}} in told["rules"]


def test_the_answer_of_today_names_the_rule_that_has_changed(world: MoneyWorld) -> None:
    refund_id = world.ask().refund_id or ""
    same = reproduce(world.store, ACCOUNT, refund_id, NOON + timedelta(days=1))
    assert same is not None
    assert (same.today and same.today.outcome, same.changed_rules) == (same.outcome, ())
    world.tell(published(version=2, auto_approve_minor=0, window_days=0))
    found = reproduce(world.store, ACCOUNT, refund_id, NOON + timedelta(days=1))
    assert found is not None
    assert found.is_reproduced
    told = command.as_json(found)
    assert (told["differs_today"], told["today"]["outcome"]) == (True, "IN_REVIEW")
    assert [one["rule"] for one in told["changed"]] == ["merchant.window", "merchant.auto_approve", "wallet.approve"]
    assert told["today"]["policy_version"].startswith("wallet-1/merchant-2/")
    words = command.describe(told)
    assert "another answer" in words
    assert "The record gives the same decision again." in words


def test_a_refund_that_nobody_asked_for_here_has_no_decision(
    world: MoneyWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["refund", "explain", "nothing", "--account", ACCOUNT]) != 0
    assert "There is no such refund" in capsys.readouterr().err


def test_each_language_tells_the_ways_to_another_decision(
    world: MoneyWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.tell(published(version=2, auto_approve_minor=10**6, categories=("food",)))
    told = explained(world.ask(RefundReason.PRICE_ADJUSTMENT).refund_id or "", capsys)
    assert (told["outcome"], told["decided_by"], told["reproduced"]) == ("DENIED", "merchant.category", True)
    (remedy,) = told["remedies"]
    assert remedy["remedy"] == "merchant"
    assert "merchant" in remedy["en-US"]
    assert "商家" in remedy["zh-CN"]
    assert "Would change it: merchant" in command.describe(told)


class Pages:
    """A table that a scan reads in pages; the last one holds the refund."""

    hotline_table = "hotline"

    def __init__(self, count: int, refund_id: str = "refund_1") -> None:
        self.count = count
        self.refund_id = refund_id
        self.read = 0

    def client(self, _name: str) -> Any:
        return SimpleNamespace(scan=self.scan)

    def scan(self, **asked: Any) -> dict[str, Any]:
        assert asked.get("ExclusiveStartKey") == (self.read or None)
        self.read += 1
        if self.read < self.count:
            return {"Items": [], "LastEvaluatedKey": self.read}
        return {"Items": [{"PK": {"S": "ACCOUNT#acc_1"}, "SK": {"S": f"REFUND#{self.refund_id}"}}]}


def test_a_refund_is_searched_in_so_many_pages_and_no_more() -> None:
    limit = command.SCAN_PAGES_MAX
    assert command.find_in_table(Pages(limit), "refund_1") == ("acc_1", "refund_1")  # type: ignore[arg-type]
    larger = Pages(limit + 1)
    with pytest.raises(CommandError, match="--account ID"):
        command.find_in_table(larger, "refund_1")  # type: ignore[arg-type]
    assert larger.read == limit


@pytest.mark.parametrize("separator", ["", " ", "-", ","])
def test_a_refund_is_found_by_the_six_digits_that_its_customer_heard(
    world: MoneyWorld, capsys: pytest.CaptureFixture[str], separator: str
) -> None:
    refund_id = world.ask().refund_id or ""
    digits = reference_of(refund_id)
    heard = separator.join((digits[:3], digits[3:]))
    assert explained(heard, capsys)["refund_id"] == refund_id
    assert command.find_in_table(Pages(1, refund_id), heard) == ("acc_1", refund_id)  # type: ignore[arg-type]
    other = f"{(int(digits) + 1) % 10**6:06}"
    assert command.find_in_table(Pages(1, refund_id), other) is None  # type: ignore[arg-type]
    assert cli.main(["refund", "explain", other, "--account", ACCOUNT]) != 0


def test_on_aws_the_account_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["refund", "explain", "refund_1", "--stack", "hotline"]) == 2
    assert "--account ID" in capsys.readouterr().err
