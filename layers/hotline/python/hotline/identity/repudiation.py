"""Tokens by which the reader of a notice says: that was not me. Pure; see kit.tokens."""

from __future__ import annotations

from typing import Final

from hotline.kit import tokens
from hotline.kit.ids import IdSource
from hotline.kit.keyring import Keyring

TOKEN_CHARACTERS_MAX: Final = tokens.TOKEN_CHARACTERS_MAX
_PURPOSE: Final = "repudiation"
_GROUP: Final = 4


def new_id(ids: IdSource) -> str:
    """An id for a notice."""
    return tokens.new_token_id(ids)


def token_of(notice_id: str, keyring: Keyring) -> str:
    """The token of a notice, in groups of four signs, as people read it out and type it."""
    signs = tokens.token_of(notice_id, keyring, purpose=_PURPOSE)
    return "-".join(signs[start : start + _GROUP] for start in range(0, len(signs), _GROUP))


def id_in(token: str, keyring: Keyring) -> str | None:
    """The notice's id in a token as somebody typed it; None for one that is not genuine."""
    return tokens.id_in(token, keyring, purpose=_PURPOSE)
