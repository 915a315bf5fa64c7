"""Work of agents that touches no account: cases, and the directory that supervisors edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hotline.cases import service as cases
from hotline.cases.model import Case
from hotline.directory import service as directory
from hotline.directory.model import Banner
from hotline.identity import service as identity
from hotline.identity.model import Operation
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.change.acts import perform_alone
from hotline.kit.doors import Context
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item

from .model import NO_CASE, AgentToken

type Contribute[Result] = Callable[[Change, Mapping[Key, Item]], Result]


@dataclass(frozen=True, slots=True)
class _Work[Result]:
    """An act by what it reads and what it adds."""

    keys: Iterable[Key]
    add: Contribute[Result]

    def read(self, store: Store, _now: datetime) -> Mapping[Key, Item]:
        return store.batch_get(list(self.keys))

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> Result:
        return self.add(change, read)


def work_on_case(ctx: Context, agent: AgentToken, case_id: str, cause: str, contribute: Contribute[Case]) -> Case:
    """Do one thing to a case in the agent's name, and give the case as it is then. `contribute` is one of the
    contribute functions of cases. Raises as that does, and Stale when others kept writing in between."""
    work = _Work(cases.agent_keys(case_id), contribute)
    return perform_alone(ctx, work, actor=Agent(agent.agent_id, case_id), cause=f"agent.{cause}")


def edit_hours(ctx: Context, agent: AgentToken, hours: directory.Hours, *, expected_version: int) -> int:
    """Put other opening hours in place of the version that the agent saw. Returns the new version; raises NotPossible
    `directory_changed`, and NeedProof for somebody who may not."""

    def add(change: Change, read: Mapping[Key, Item]) -> int:
        identity.require(change, Operation.MANAGE)
        return directory.contribute_hours(
            change, read, hours, expected_version=expected_version, editor=agent.agent_id
        )

    return _edit(ctx, agent, directory.HOURS_KEY, "agent.hours", add)


def edit_banner(ctx: Context, agent: AgentToken, banner: Banner | None, *, expected_version: int) -> int:
    """Put a banner up, or take it down (None). Otherwise as `edit_hours`."""

    def add(change: Change, read: Mapping[Key, Item]) -> int:
        identity.require(change, Operation.MANAGE)
        return directory.contribute_banner(
            change, read, banner, expected_version=expected_version, editor=agent.agent_id
        )

    return _edit(ctx, agent, directory.BANNER_KEY, "agent.banner", add)


def _edit(ctx: Context, agent: AgentToken, key: Key, cause: str, add: Contribute[int]) -> int:
    return perform_alone(ctx, _Work([key], add), actor=Agent(agent.agent_id, NO_CASE), cause=cause)
