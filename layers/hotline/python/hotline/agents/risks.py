"""The risk of an account as agents see it: with access to the account alone, and its customer never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hotline.accounts import service as accounts
from hotline.accounts.service import RiskBand
from hotline.cases.model import Case
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item

from .grounds import Ground
from .model import AgentToken


@dataclass(frozen=True, slots=True)
class ToldRisk:
    """The band now, and when it was found. `parts`: points from 1 to 100 by what they measure, the largest first; none
    at low risk, and none while the risk is not known."""

    band: RiskBand
    as_of: datetime | None = None
    parts: tuple[tuple[str, int], ...] = ()


def find_risk(ground: Ground) -> ToldRisk | None:
    """The risk of the account, for an agent with access to it; None for any other. Nothing is read that the ground has
    not read."""
    request = ground.request
    if request is None or request.account is None:
        return None
    return _tell(request.fetch((accounts.risk_key(request.account),)), request.account, request.now)


def find_risks(store: Store, token: AgentToken, cases: Sequence[Case], now: datetime) -> Mapping[str, ToldRisk]:
    """The risks of a page of cases by their ids, of those that the agent has claimed and that are open. One read, none
    without such a case. A page of the queue has cases that anybody may read, and so no risks."""
    owned = {
        one.case_id: one.account_id
        for one in cases
        if one.account_id is not None and one.owner == token.agent_id and not one.is_closed
    }
    if not owned:
        return {}
    read = store.batch_get([accounts.risk_key(account_id) for account_id in sorted(set(owned.values()))])
    return {case_id: _tell(read, account_id, now) for case_id, account_id in owned.items()}


def _tell(read: Mapping[Key, Item], account_id: str, now: datetime) -> ToldRisk:
    risk = accounts.risk_from(read.get(accounts.risk_key(account_id)))
    band = RiskBand.UNKNOWN if risk is None else risk.band(now)
    if risk is None or band not in (RiskBand.RAISED, RiskBand.HIGH):
        return ToldRisk(band)
    return ToldRisk(band, risk.as_of, tuple(risk.parts.items()))
