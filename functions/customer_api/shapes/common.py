"""The forms that several routes share."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

from hotline.contracts import limits

PAGE_MAX: Final = 50
PAGE_DEFAULT: Final = 20


Id = Annotated[str, StringConstraints(max_length=limits.ID_CHARACTERS_MAX, pattern=limits.ID_PATTERN)]


class Body(BaseModel):
    """A client's body: fields that the form does not have are refused, and nothing is guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class Answer(BaseModel):
    """An answer of the API."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Amount(Answer):
    """Whole minor units of a currency."""

    minor: int
    currency: str
