"""Cursors: where the next page of a list begins, signed for one caller, list and filter.

A cursor is `<key version>.<position>.<signature>`; the position is a sort key of the caller's own things. It tells its
holder nothing that the page did not, and moved to another caller, list or filter it is none.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from functions.http.problems import problem_in
from hotline.kit.errors import Unavailable
from hotline.kit.keyring import Keyring

CURSOR_CHARACTERS_MAX: Final = 512
CURSOR_PATTERN: Final = r"^[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]+\.[0-9a-f]{32}$"
"""Base64 for URLs without padding (RFC 4648, 5) between the key's version and a signature of 128 bits."""


def cursor_of(position: str | None, keyring: Keyring, *context: str) -> str | None:
    """The cursor of a position; None where the list ends. `context`: account, list and filter."""
    if position is None:
        return None
    version = keyring.current
    encoded = base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")
    return f"{version}.{encoded}.{_signature(keyring, version, position, context)}"


def position_of(cursor: str | None, keyring: Keyring, *context: str) -> str | None:
    """The position of a cursor that was made for this very context; None without a cursor, where the list begins.

    Raises Problem `malformed_request` for any other cursor."""
    if cursor is None:
        return None
    try:
        version, encoded, signature = cursor.split(".")
        position = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        wanted = _signature(keyring, version, position, context)
    except (ValueError, binascii.Error, Unavailable):
        raise problem_in("cursor", "invalid") from None
    if not hmac.compare_digest(wanted.encode(), signature.encode()):
        raise problem_in("cursor", "invalid")
    return position


def _signature(keyring: Keyring, version: str, position: str, context: tuple[str, ...]) -> str:
    return keyring.mac_text(version, "cursor", position, *context)
