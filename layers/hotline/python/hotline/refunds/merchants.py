"""Publishing a merchant's policy at the desk, and every version that was published there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hotline.contracts.limits import (
    ANSWER_DAYS_MAX,
    CATEGORIES_MAX,
    INTEGER_MAX,
    WINDOW_DAYS_MAX,
    WORD_CHARACTERS_MAX,
)
from hotline.contracts.model import FactVersion
from hotline.identity.model import Subject
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.errors import InvalidInput, NotPossible
from hotline.kit.retention import record_end
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.kit.text import is_printed_ascii

from . import items
from .model import MerchantPolicy, RefundError
from .offers import merchant_policy_of


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """The terms of a merchant's policy, see MerchantPolicy."""

    window_days: int
    partial: bool
    auto_approve_minor: int
    categories: tuple[str, ...]
    evidence_above_minor: int | None = None
    answer_days: int | None = None


def make_terms(
    *,
    window_days: int,
    partial: bool,
    auto_approve_minor: int,
    categories: tuple[str, ...],
    evidence_above_minor: int | None = None,
    answer_days: int | None = None,
) -> PolicyTerms:
    """Terms within the limits of the contract, each category once. Raises InvalidInput `policy_invalid`."""
    words = tuple(sorted(set(categories)))
    plain = all(is_printed_ascii(word, characters_max=WORD_CHARACTERS_MAX) for word in words)
    in_range = 0 <= window_days <= WINDOW_DAYS_MAX and 0 <= auto_approve_minor <= INTEGER_MAX
    in_range = in_range and (evidence_above_minor is None or 0 <= evidence_above_minor <= INTEGER_MAX)
    in_range = in_range and (answer_days is None or 1 <= answer_days <= ANSWER_DAYS_MAX)
    if not plain or not in_range or len(words) > CATEGORIES_MAX:
        raise InvalidInput(RefundError.POLICY_INVALID)
    return PolicyTerms(window_days, partial, auto_approve_minor, words, evidence_above_minor, answer_days)


def policy_keys(merchant_id: str) -> tuple[Key, ...]:
    """The keys to read before `contribute_policy`."""
    return (items.policy_key(merchant_id),)


def policy_in(read: Mapping[Key, Item], merchant_id: str) -> MerchantPolicy | None:
    """The policy as it was read; None for a merchant that has published none."""
    return merchant_policy_of(read.get(items.policy_key(merchant_id)))


def policy_subject(read: Mapping[Key, Item], merchant_id: str, terms: PolicyTerms) -> Subject:
    """The policy as it was read, and the terms that are to stand in its place. `removed` and `categories_removed` are
    what it has and they do not: a rule that goes away is a change like any other."""
    known = policy_in(read, merchant_id)
    content: dict[str, str | int] = {
        "window_days": terms.window_days,
        "partial": "yes" if terms.partial else "no",
        "auto_approve_minor": terms.auto_approve_minor,
        # A category may hold any sign but the space.
        "categories": " ".join(terms.categories),
    }
    also = {"evidence_above_minor": terms.evidence_above_minor, "answer_days": terms.answer_days}
    content |= {name: value for name, value in also.items() if value is not None}
    if known is not None:
        removed = [name for name in also if getattr(known, name) is not None and name not in content]
        categories = [category for category in known.categories if category not in terms.categories]
        if removed:
            content |= {"removed": " ".join(removed)}
        if categories:
            content |= {"categories_removed": " ".join(categories)}
    return Subject(f"policy#{merchant_id}", str(known.version if known is not None else 0), content)


def contribute_policy(
    change: Change,
    read: Mapping[Key, Item],
    merchant_id: str,
    terms: PolicyTerms,
    *,
    expected_version: int,
    editor: str,
) -> MerchantPolicy:
    """Publish terms as the next version of a merchant's policy. A version that the wallet tells later, or higher, takes
    its place (folds.fold_policy). Raises NotPossible `policy_changed` when the editor saw another version; NeedSecond;
    at commit Stale."""
    known = policy_in(read, merchant_id)
    version = known.version if known is not None else 0
    if version != expected_version:
        raise NotPossible(RefundError.POLICY_CHANGED, version=version)
    require(change, Operation.PUBLISH_POLICY, subject=policy_subject(read, merchant_id, terms))
    after = MerchantPolicy(
        merchant_id=merchant_id,
        version=version + 1,
        window_days=terms.window_days,
        partial=terms.partial,
        auto_approve_minor=terms.auto_approve_minor,
        categories=terms.categories,
        fact_version=FactVersion(version + 1, change.now, change.ids.new("policy")),
        evidence_above_minor=terms.evidence_above_minor,
        answer_days=terms.answer_days,
    )
    key, stored = items.policy_key(merchant_id), items.merchant_policy_item(after)
    change.replace(key, read.get(key), stored)
    kept = {**stored, "edited_by": editor, "edited_at": to_text(change.now), **record_end(change.now)}
    change.create(items.edition_key(merchant_id, after.version), kept)
    return after
