"""Secrets that only the caller may know, as an entry brings them: keys, or Amazon Connect's encryption of them.

An entry with a security key arrives as a message of the AWS Encryption SDK. The libraries that open one are imported
when the first message comes, so that steps and calls without secrets do without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from functions.connect.envelope import STAR, ZERO
from functions.connect.step import Step
from hotline.kit.doors import Context
from hotline.kit.errors import KitError, Unavailable, Unreadable
from hotline.kit.keyring import Keyring

KEYPAD: Final = frozenset("0123456789*#")
SILENCE: Final = "Timeout"
"""The text that Amazon Connect stores after silence, encrypted or not (Store customer input block)."""
_ASIDE: Final = {"0": ZERO, "*": STAR}


class EntryError(StrEnum):
    """Why an encrypted entry cannot be read."""

    NO_ENTRY_KEYS = "no_entry_keys"
    TOO_LONG = "too_long"
    NOT_BASE64 = "not_base64"
    UNKNOWN_KEY = "unknown_key"
    BAD_KEY = "bad_key"
    NOT_DECRYPTED = "not_decrypted"


def readable(step: Step, inputs: Mapping[str, str], ctx: Context) -> dict[str, str]:
    """The inputs with the secret ones as they were keyed in; one that holds nothing is left out.

    An input that is keys already stays: a stack may be without a key, or between two deployments. Raises Unreadable.
    """
    read = dict(inputs)
    for name in step.secret_inputs:
        entered = read.pop(name, "")
        if entered and entered != SILENCE and not KEYPAD.issuperset(entered):
            entered = _decrypt(entered, ctx)
        if entered:
            read[name] = entered
    return read


def aside(step: Step, inputs: Mapping[str, str]) -> str | None:
    """The outcome that takes the step's place when a key with a meaning of its own is all that was keyed in."""
    return next((_ASIDE[inputs[name]] for name in step.secret_inputs if inputs.get(name) in _ASIDE), None)


def _decrypt(message: str, ctx: Context) -> str:
    from functions.connect.decryption import decrypt

    return decrypt(message, _keys(ctx))


def _keys(ctx: Context) -> Keyring:
    if ctx.entry_keys is None:
        raise Unreadable(EntryError.NO_ENTRY_KEYS)
    try:
        return ctx.entry_keys.get()
    except Unavailable as error:
        raise Unreadable(KitError(error.code)) from None
