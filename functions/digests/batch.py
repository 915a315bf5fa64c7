"""A digest of the queue: each of its accounts is compared by itself.

A digest that comes again is compared again, each time from a later place on: so accounts at its end have their turn.
An account that was compared changes nothing then, for its drift knows the digest's time. A digest that breaks the
contract is named in the log and passed over; the next one tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hotline.contracts.digests import AccountDigestTold, DigestEnvelope, SumTold, parse_digest
from hotline.drift import service as drift
from hotline.drift.model import EMPTY, AccountDigest, Digest, Kind, RangeDigest, digest_of
from hotline.kit.aws.queue_batches import name_failed, read_attempts, read_messages, read_object
from hotline.kit.doors import Context
from hotline.kit.errors import InvalidInput, Stale, Unavailable
from hotline.kit.logging import Event, log

SPARE_MS: Final = 5_000
"""So long before its end a run begins no further account."""
PLACES: Final = 5
"""A digest comes so often at most (template.yaml, DigestsQueue), each time from another of so many places on."""


def take_in(event: object, ctx: Context, *, left_ms: Callable[[], int]) -> dict[str, list[dict[str, str]]]:
    """Compare the digests of a batch; the answer is that of ReportBatchItemFailures. `left_ms` says how long the run
    may still last."""
    attempts = read_attempts(event)
    return name_failed(
        message_id
        for message_id, body in read_messages(event, "digests")
        if not _take_one(body, attempts[message_id], ctx, left_ms)
    )


def _take_one(body: object, attempt: int, ctx: Context, left_ms: Callable[[], int]) -> bool:
    """Whether a message is done with. `attempt`: how often it has come."""
    try:
        digest = _digest_from(parse_digest(read_object(body).get("detail"), ctx.clock.now()))
    except InvalidInput as error:
        log(Event.DIGEST_REJECTED, reason=error.code, kind=str(error.facts.get("field", "-")))
        return True
    results: Counter[drift.Comparison] = Counter()
    for account in _begin_at(digest.accounts, attempt):
        if left_ms() < SPARE_MS:
            log(Event.DIGEST_RETRIED, count=len(digest.accounts) - results.total(), error="time_is_over")
            return False
        try:
            results[drift.compare_account(ctx, account, digest)] += 1
        except (Stale, Unavailable) as error:
            log(Event.DIGEST_RETRIED, count=len(digest.accounts) - results.total(), error=error.code)
            return False
    for result, count in sorted(results.items()):
        log(Event.DIGEST_COMPARED, outcome=result.value, count=count)
    return True


def _begin_at(accounts: Sequence[AccountDigest], attempt: int) -> Sequence[AccountDigest]:
    """The accounts from the place of this attempt on, and then those before it."""
    place = len(accounts) * ((attempt - 1) % PLACES) // PLACES
    return (*accounts[place:], *accounts[:place])


def _digest_from(told: DigestEnvelope) -> RangeDigest:
    data = told.data
    accounts = tuple(AccountDigest(one.id, dict(_kinds_of(one))) for one in data.accounts)
    return RangeDigest(told.subject, data.as_of, data.since, accounts)


def _kinds_of(told: AccountDigestTold) -> Iterator[tuple[Kind, Digest]]:
    for kind, version in ((Kind.ACCOUNT, told.account), (Kind.FUNDS, told.funds)):
        if kind.value in told.model_fields_set:
            yield kind, EMPTY if version is None else digest_of([(told.id, version)])
    sums: dict[Kind, SumTold | None] = {
        Kind.MOVEMENTS: told.movements,
        Kind.REFUNDS: told.refunds,
        Kind.BILLS: told.bills,
    }
    for kind, one in sums.items():
        if one is not None:
            yield kind, Digest(one.count, one.digest)
