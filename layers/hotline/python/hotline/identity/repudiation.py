"""Tokens by which the reader of a notice says: that was not me. Pure.

A notice has an id. The token in the message is that id and a part that only a reader of the code key can compute. So no
table, bus or log holds a token, like a one-time code. It has twenty-four signs of Crockford's base 32, which has no
letters that are taken for digits. They are 80 bits of id (not to be guessed) and 40 of the keyed hash.
"""

from __future__ import annotations

import hmac
from typing import Final

from hotline.kit.ids import IdSource
from hotline.kit.keyring import Keyring

ID_HEX_DIGITS: Final = 20
_PROOF_HEX_DIGITS: Final = 10
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SIGNS: Final = 24
_GROUP: Final = 4
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
TOKEN_CHARACTERS_MAX: Final = 64


def new_id(ids: IdSource) -> str:
    """An id for a notice: 80 random bits in hex digits."""
    return ids.new("rep")[-ID_HEX_DIGITS:]


def token_of(notice_id: str, keyring: Keyring) -> str:
    """The token of a notice, in groups of four signs."""
    number = int(notice_id + _proof(notice_id, keyring, keyring.current), 16)
    signs = "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_SIGNS)))
    return "-".join(signs[start : start + _GROUP] for start in range(0, _SIGNS, _GROUP))


def id_in(token: str, keyring: Keyring) -> str | None:
    """The notice's id in a token as somebody typed it, if the token is genuine under a key that is kept; else None."""
    signs = token.upper().translate(_READ_AS)
    if len(token) > TOKEN_CHARACTERS_MAX or len(signs) != _SIGNS or any(sign not in _ALPHABET for sign in signs):
        return None
    number = 0
    for sign in signs:
        number = number << 5 | _ALPHABET.index(sign)
    digits = f"{number:0{ID_HEX_DIGITS + _PROOF_HEX_DIGITS}x}"
    notice_id, proof = digits[:ID_HEX_DIGITS], digits[ID_HEX_DIGITS:]
    genuine = [hmac.compare_digest(proof, _proof(notice_id, keyring, version)) for version in keyring.versions()]
    return notice_id if any(genuine) else None


def _proof(notice_id: str, keyring: Keyring, version: str) -> str:
    return keyring.mac_text(version, "repudiation", notice_id)[:_PROOF_HEX_DIGITS]
