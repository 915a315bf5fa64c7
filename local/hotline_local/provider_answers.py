"""Answers of payment providers as they came, in JSON, and the codes in them that a wallet sends as `failure.code`.

The hotline reads no code out of an answer: the wallet does (docs/contracts.md). Somebody who has an answer before them
learns here which code that is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hotline.contracts.vocabulary import Scheme, scheme_of


@dataclass(frozen=True, slots=True)
class Answer:
    """The codes of an answer, the one that says most first, and its words, None without any."""

    codes: tuple[str, ...]
    message: str | None


_CODES: Final[Mapping[str, tuple[str, ...]]] = {
    # `reason` is that of a charge's `outcome`, which says more than its `failure_code`.
    Scheme.STRIPE: ("decline_code", "reason", "code", "failure_reason", "failure_code"),
    Scheme.ADYEN: ("refusalReasonCode",),
    Scheme.PAYPAL: ("response_code", "issue"),
    Scheme.ALIPAY: ("sub_code", "resultStatus"),
    Scheme.ANTOM: ("resultCode",),
    Scheme.WECHAT: ("err_code",),
    Scheme.WECHAT_V3: ("code", "fail_reason"),
    Scheme.UNIONPAY: ("respCode",),
}
"""The fields of each scheme that hold a code (docs/contracts.md), the one that says most first."""
_WORDS: Final = ("message", "failure_message", "seller_message", "refusalReason", "description", "sub_msg", "memo",
                 "resultMessage", "err_code_des", "respMsg")  # fmt: skip
"""The fields that hold words."""
_IN_WORDS: Final = re.compile(r"\bdecline[ _]code\W{1,4}([a-z][a-z0-9_]+)")
"""A code within words, as in Stripe's `seller_message`."""
DEPTH_MAX: Final = 20
"""No provider nests an answer so deeply."""


def read_answer(scheme: str, text: str | None) -> Answer | None:
    """The codes and words of an answer: a JSON object, or of Stripe words that name a decline code. None for any other
    text, for an answer without a code and words, and for a scheme whose fields are not known."""
    named = scheme_of(scheme.partition(":")[0])
    if text is None or named is None or named not in _CODES:
        return None
    body = _parse(text)
    if body is None:
        found = _IN_WORDS.findall(text) if named == Scheme.STRIPE else []
        return Answer(tuple(found), text) if found else None
    fields = list(_walk(body))
    words = [value for name in _WORDS for key, value in fields if key == name]
    codes = [value for name in _CODES[named] for key, value in fields if key == name]
    if named == Scheme.STRIPE:
        codes[:0] = [code for value in words for code in _IN_WORDS.findall(value)]
    return Answer(tuple(dict.fromkeys(codes)), next(iter(words), None)) if codes or words else None


def _parse(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _walk(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields with a text that is not empty, or a whole number, those of the outer objects first."""
    level: list[Any] = [body]
    for _ in range(DEPTH_MAX):
        inner: list[Any] = []
        for one in level:
            for key, value in one.items():
                if isinstance(value, str) and value.strip():
                    yield key, value.strip()
                elif isinstance(value, int) and not isinstance(value, bool):
                    yield key, str(value)
                elif isinstance(value, dict):
                    inner.append(value)
                elif isinstance(value, list):
                    inner += [each for each in value if isinstance(each, dict)]
        level = inner
