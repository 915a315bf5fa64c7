"""That was not me: the reader of a notice about something they did not do freezes the account with the notice's token.

NIST SP 800-63B-4 4.6 asks for a way to repudiate in every notice of a recovery; 4.3 lets one factor be enough to
report. The notice went to a confirmed contact point, and wrongly frozen is better than wrongly not frozen. It is for
one use, and opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hotline.cases import service as cases
from hotline.cases.model import Priority
from hotline.identity import repudiation
from hotline.identity import service as identity
from hotline.kit.change import Change
from hotline.kit.clock import from_text, to_text
from hotline.kit.errors import HotlineError, NotPossible
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item, Missing

from .model import LockoutError, RepudiationOutcome
from .outgoing import Notice
from .self_service import CASE_TOPIC, acting_keys, contribute_pause_bar, contribute_repudiated_freeze

CASE_REASON: Final = "notice.repudiated"


def repudiation_of(store: Store, token: str, keyring: Keyring) -> Item | None:
    """The stored item of the notice that a token belongs to. None for a token that is not genuine, or whose notice is
    no longer kept. One read for a genuine one."""
    notice_id = repudiation.id_in(token, keyring)
    return store.get(identity.repudiation_key(notice_id)) if notice_id is not None else None


def repudiation_keys(repudiated: Item) -> tuple[Key, ...]:
    """The keys to read before `contribute_repudiation`."""
    account_id = str(repudiated["account_id"])
    of_pin = (identity.factors_key(account_id),) if repudiated["notice"] == identity.PIN_SET else ()
    return tuple(dict.fromkeys((*acting_keys(account_id), *cases.case_keys(account_id, CASE_TOPIC), *of_pin)))


def contribute_repudiation(change: Change, read: Mapping[Key, Item], repudiated: Item) -> RepudiationOutcome:
    """Freeze the account of a notice at once, and open an urgent case: somebody else acts in its owner's name. For a
    pause, which only shuts its owner out, it instead bars further ones without a factor for 30 days. A freeze would
    give the person who paused it more than the pause did. A PIN that was set is taken away too.

    Raises NotPossible `repudiation_over`, also at commit, for a notice that was repudiated before or is too old, and
    `account_closed`.
    """
    identity.require(change, identity.Operation.REPUDIATE)
    account_id, notice = str(repudiated["account_id"]), str(repudiated["notice"])
    if "used_at" in repudiated or change.now >= from_text(repudiated["until"]):
        raise NotPossible(LockoutError.REPUDIATION_OVER)
    if notice == Notice.PAUSE_ASKED:
        contribute_pause_bar(change, read, account_id)
        outcome = RepudiationOutcome.BARRED
    else:
        outcome = RepudiationOutcome(contribute_repudiated_freeze(change, read, account_id).value)
    if notice == identity.PIN_SET:
        identity.contribute_repudiated_pin(change, read, account_id, told_at=str(repudiated["told_at"]))
    key = identity.repudiation_key(str(repudiated["repudiation_id"]))
    change.update(key, set={"used_at": to_text(change.now)}, condition=Missing("used_at"), failed=_over)
    change.audit(account_id, CASE_REASON, notice=notice)
    cases.contribute_case(
        change,
        read,
        account_id=account_id,
        topic=CASE_TOPIC,
        reason=CASE_REASON,
        facts={"notice": notice, "told_at": str(repudiated["told_at"])},
        priority=Priority.URGENT,
    )
    return outcome


def _over(_: Item | None) -> HotlineError:
    return NotPossible(LockoutError.REPUDIATION_OVER)
