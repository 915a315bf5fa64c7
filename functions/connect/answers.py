"""Words that flows and steps share: what stands in an answer of any step."""

from __future__ import annotations

from typing import Final

EMPTY: Final = "-"
"""Stands for "nothing" in inputs and answers, since Amazon Connect refuses empty values."""
COMMON_KEYS: Final = ("outcome", "prompt", "turn", "account_ref")
"""Keys of every answer; `prompt` is SSML that is ready to be spoken."""
MORE_PROMPTS: Final = ("prompt_2", "prompt_3")
"""Keys of steps that have more to say than ten seconds: what follows `prompt`, `EMPTY` when nothing does."""
TRY_LATER: Final = "TRY_LATER"
"""Any step may answer that it cannot be done now; nothing was done."""
INVALID: Final = "INVALID"
"""A step with inputs may answer that one makes no sense; the prompt says what was expected, and no try is spent."""
NEED_PROOF: Final = "NEED_PROOF"
"""A step that asks for proof answers that more is needed; `needs` says what."""
ZERO: Final = "ZERO"
STAR: Final = "STAR"
"""A step with a secret input answers that `0`, or `*`, was all that was keyed in. The flow, which compares these keys
itself where it can, cannot see them in an entry that is encrypted; it knows what they mean there."""
PHONE_OR_EMAIL: Final = "phone_or_email"
PHONE_OR_PERSON: Final = "phone_or_person"
NEEDS: Final = ("sms", "email", "pin", "agent", PHONE_OR_EMAIL, PHONE_OR_PERSON)
"""The values of `needs` beside `EMPTY`: the code that would satisfy the step next, or that only a person can help.

Callers from elsewhere are asked before a code goes to the account's phone. The value is `PHONE_OR_EMAIL` where e-mail
would do as well, else `PHONE_OR_PERSON`."""
