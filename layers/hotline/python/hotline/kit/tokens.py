"""Tokens in messages, which no table, bus or log holds. Pure.

A thing has an id. Its token is that id and a part that only a reader of the code key can compute, for one purpose. So a
token is computed when its message is sent, like a one-time code. It has twenty-four signs of Crockford's base 32, which
has no letters that are taken for digits. They are 80 bits of id (not to be guessed) and 40 of the keyed hash.
"""

from __future__ import annotations

import hmac
from typing import Final

from .ids import IdSource
from .keyring import Keyring

ID_HEX_DIGITS: Final = 20
_PROOF_HEX_DIGITS: Final = 10
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SIGNS: Final = 24
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
TOKEN_CHARACTERS_MAX: Final = 64


def new_token_id(ids: IdSource) -> str:
    """An id for a thing that gets a token: 80 random bits in hex digits."""
    return ids.new("token")[-ID_HEX_DIGITS:]


def token_of(token_id: str, keyring: Keyring, *, purpose: str) -> str:
    """The token of a thing, in its twenty-four signs."""
    number = int(token_id + _proof(token_id, keyring, keyring.current, purpose), 16)
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_SIGNS)))


def id_in(token: str, keyring: Keyring, *, purpose: str) -> str | None:
    """The id in a token as somebody typed it, if the token is genuine for the purpose under a key that is kept; else
    None."""
    signs = token.upper().translate(_READ_AS)
    if len(token) > TOKEN_CHARACTERS_MAX or len(signs) != _SIGNS or any(sign not in _ALPHABET for sign in signs):
        return None
    number = 0
    for sign in signs:
        number = number << 5 | _ALPHABET.index(sign)
    digits = f"{number:0{ID_HEX_DIGITS + _PROOF_HEX_DIGITS}x}"
    token_id, proof = digits[:ID_HEX_DIGITS], digits[ID_HEX_DIGITS:]
    versions = keyring.versions()
    genuine = [hmac.compare_digest(proof, _proof(token_id, keyring, version, purpose)) for version in versions]
    return token_id if any(genuine) else None


def _proof(token_id: str, keyring: Keyring, version: str, purpose: str) -> str:
    return keyring.mac_text(version, purpose, token_id)[:_PROOF_HEX_DIGITS]
