"""Loading the demo wallet into a running stack, the way every fact comes: bus, queue, function, table."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any, Final

from hotline.accounts import service as accounts
from hotline.kit.clock import to_text
from hotline.kit.store import BATCH_GET_KEYS_MAX
from hotline_local.bus import put_facts
from hotline_local.demo.wallet import drop_newest_movements, seed_facts
from hotline_local.errors import CommandError
from hotline_local.launcher.stack import Stack

FACTS_AT_ONCE: Final = 10
"""One batch of the function: more would only start more of it, each of which costs seconds on a small machine."""
WAIT_MAX_S: Final = 300.0
"""How long ten facts may take, however busy the machine is, before something must be wrong."""
POLL_S: Final = 0.05
_MERCHANT_FACT: Final = "merchant.policy_published.v1"


def seed(
    stack: Stack,
    *,
    progress: Callable[[str], None],
    now: datetime | None = None,
    remember: Callable[[Sequence[Mapping[str, Any]]], None] | None = None,
    drop: bool = False,
) -> int:
    """Load the demo wallet, moved to `now` (the present when None); return how many facts it has once they are all
    taken in. `remember` is given them first: a wallet that is asked has to know what it told. `drop`: the newest
    movement of each account is remembered and never told. Raises CommandError when some are not taken in within
    WAIT_MAX_S."""
    # A moment ago, so that no fact is of the future for a function whose clock is a little behind.
    facts: Sequence[Mapping[str, Any]] = seed_facts((now or datetime.now(UTC)) - timedelta(seconds=1))
    if remember is not None:
        remember(facts)
    if drop:
        facts = drop_newest_movements(facts)
    done = 0
    for some in batched(facts, FACTS_AT_ONCE, strict=False):
        put_facts(stack, some)
        _wait_until_taken_in(stack, some)
        done += len(some)
        progress(f"loading the demo wallet, {done} of {len(facts)} facts")
    return len(facts)


def _wait_until_taken_in(stack: Stack, facts: Sequence[Mapping[str, Any]]) -> None:
    """Until every account knows of its newest fact, and the queue holds nothing more."""
    newest: dict[str, str] = {}
    for fact in facts:
        if fact["type"] != _MERCHANT_FACT:
            newest[fact["subject"]] = max(fact["time"], newest.get(fact["subject"], ""))
    deadline = time.monotonic() + WAIT_MAX_S
    while not (_known(stack, newest) and _queue_is_empty(stack)):
        if time.monotonic() > deadline:
            raise CommandError("The demo wallet was not taken in within five minutes; ./hotline dlq list may say why.")
        time.sleep(POLL_S)


def _known(stack: Stack, newest: Mapping[str, str]) -> bool:
    store = stack.hotline_store()
    keys = [accounts.profile_key(account_id) for account_id in newest]
    found = store.batch_get(keys[:BATCH_GET_KEYS_MAX]) if keys else {}
    profiles = [accounts.profile_from(found.get(key)) for key in keys]
    return all(
        profile is not None and to_text(profile.facts_as_of) >= newest[profile.account_id] for profile in profiles
    )


def _queue_is_empty(stack: Stack) -> bool:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counted = stack.client("sqs").get_queue_attributes(QueueUrl=stack.facts_queue_url, AttributeNames=names)
    return all(counted["Attributes"][name] == "0" for name in names)
