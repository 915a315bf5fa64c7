"""Cases and the agents who work on them, on a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.cases import service as cases
from hotline.cases.items import case_key
from hotline.cases.model import Case, CaseEntry, CaseRef, Priority
from hotline.kit.actor import Actor, Agent, System
from hotline.kit.change import Change
from hotline.kit.ids import IdSource
from hotline.kit.store import Store, Table
from hotline.kit.store.condition import Item
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from tests.support.stores import NOON

ACCOUNT: Final = "acc_1"
ANNA: Final = "agent_anna"
BO: Final = "agent_bo"
SECOND: Final = timedelta(seconds=1)


@dataclass(slots=True)
class CaseWorld:
    """`now` is when the next change is made."""

    store: Store
    now: datetime = NOON
    ids: IdSource = field(default_factory=SeededIds)

    def change(self, actor: Actor | None = None) -> Change:
        return Change(actor=actor or System("test", "test"), cause="test", now=self.now, ids=self.ids)

    def add(
        self,
        account_id: str | None = ACCOUNT,
        *,
        topic: str = "refund",
        reason: str = "test",
        priority: Priority = Priority.NORMAL,
        facts: Mapping[str, str | int] | None = None,
        **more: Any,
    ) -> CaseRef:
        """Open a case, or add to the one that is open."""
        read = self.store.batch_get(sorted(cases.case_keys(account_id, topic, more.get("case_id")), key=repr))
        change = self.change()
        ref = cases.contribute_case(
            change,
            read,
            account_id=account_id,
            topic=topic,
            reason=reason,
            facts=facts or {},
            priority=priority,
            **more,
        )
        change.commit(self.store)
        return ref

    def begin(self, act: Callable[..., Case], case_id: str, *, agent: str = ANNA, **given: Any) -> Change:
        """An act of an agent, read and not yet committed."""
        change = self.change(Agent(agent, case_id))
        act(change, self.store.batch_get(sorted(cases.agent_keys(case_id), key=repr)), case_id, **given)
        return change

    def act(self, act: Callable[..., Case], case_id: str, *, agent: str = ANNA, **given: Any) -> Case:
        """An act of an agent, committed; the case as it is stored afterwards."""
        self.begin(act, case_id, agent=agent, **given).commit(self.store)
        return self.case(case_id)

    def claim(self, case_id: str, *, agent: str = ANNA, version: int | None = None) -> Case:
        return self.act(cases.contribute_claim, case_id, agent=agent, agent_name=agent.title(), version=version)

    def wake(self, case_id: str) -> bool:
        """Work off the case's date; whether there was anything to do."""
        duty = cases.duty_at(case_key(case_id))
        assert duty is not None
        change = self.change(System("deadlines", "case"))
        done = duty.contribute(change, duty.read(self.store, self.now))
        change.commit(self.store)
        return bool(done)

    def case(self, case_id: str) -> Case:
        return self.view(case_id)[0]

    def timeline(self, case_id: str) -> tuple[CaseEntry, ...]:
        return self.view(case_id)[1]

    def view(self, case_id: str) -> tuple[Case, tuple[CaseEntry, ...]]:
        found = cases.read_case(self.store, case_id)
        assert found is not None
        return found

    def queue(self, *skills: str, limit: int = 50, after: str | None = None) -> list[str]:
        page = cases.list_queue(self.store, skills or cases.all_skills(), limit=limit, after=after, at_once=1)
        return [case.case_id for case in page.cases]

    def owned(self, agent: str = ANNA) -> list[str]:
        return [case.case_id for case in cases.list_owned(self.store, agent, limit=50).cases]

    def sent(self) -> list[Item]:
        """The decisions in the outbox, in the order of versions. On a store in memory."""
        assert isinstance(self.store, MemoryStore)
        decisions = [item for item in self.store.items(Table.OUTBOX) if item["kind"].startswith("case.")]
        return sorted(decisions, key=lambda row: int(row["subject_version"]))
