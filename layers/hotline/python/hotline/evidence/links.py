"""Links to the page where evidence is sent, and the names of objects. Pure; see kit.tokens for the tokens."""

from __future__ import annotations

import re
from typing import Final

from hotline.kit import tokens
from hotline.kit.keyring import Keyring

PATH: Final = "/e/"
_PURPOSE: Final = "evidence"
_FOLDER: Final = "evidence/"
_OBJECT: Final = re.compile(rf"{_FOLDER}([0-9a-f]{{{tokens.ID_HEX_DIGITS}}})")


def token_of(evidence_id: str, keyring: Keyring) -> str:
    """The token in the link to a piece of evidence."""
    return tokens.token_of(evidence_id, keyring, purpose=_PURPOSE)


def id_in(token: str, keyring: Keyring) -> str | None:
    """The id of the evidence in a token; None for one that is not genuine."""
    return tokens.id_in(token, keyring, purpose=_PURPOSE)


def link_of(evidence_id: str, keyring: Keyring, *, base: str) -> str:
    """The address of the page. `base` is where the API answers, without a slash at its end."""
    return f"{base}{PATH}{token_of(evidence_id, keyring)}"


def object_name(evidence_id: str) -> str:
    """The key of the object in the bucket; one piece of evidence is one object."""
    return f"{_FOLDER}{evidence_id}"


def id_of_object(name: str) -> str | None:
    """The id of the evidence that an object's key names; None for any other key."""
    found = _OBJECT.fullmatch(name)
    return found[1] if found is not None else None
