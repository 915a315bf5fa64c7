"""One-time codes are derived, never stored: a reader of the code key can compute one, a reader of a table cannot.

Code = first 8 bytes of HMAC-SHA256(key[v], length-prefixed(challenge id, purpose, contact point key)) mod 10^6, written
with six digits. NIST SP 800-63B: at least six digits, valid ten minutes, used once.
"""

from __future__ import annotations

import hmac

from hotline.kit.keyring import Keyring

from .model import Challenge

CODE_DIGITS = 6


def derive(keyring: Keyring, challenge: Challenge) -> str:
    """The six digits of a challenge. Raises Unavailable when its key version has been retired."""
    mac = keyring.mac(challenge.key_version, challenge.id, challenge.purpose.value, challenge.point)
    return f"{int.from_bytes(mac[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def matches(keyring: Keyring, challenge: Challenge, entered: str) -> bool:
    """Whether the entered digits are the challenge's code; always false for a decoy, in the same time."""
    equal = hmac.compare_digest(derive(keyring, challenge), entered)
    return equal and not challenge.decoy


def is_code(text: str) -> bool:
    """Whether a text is six plain digits."""
    return len(text) == CODE_DIGITS and text.isascii() and text.isdigit()
