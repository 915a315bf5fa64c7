"""The API's settings from its environment: how tokens of this issuer are to be read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hotline.kit.config import read_setting


@dataclass(frozen=True, slots=True)
class Settings:
    """How a token is read. `account_claim` names the claim with the account's id; scopes begin with `scope_prefix`.
    `trusted_acr_values` are ways of signing in that count as a factor however long ago (RFC 9470, `acr`)."""

    account_claim: str = "sub"
    scope_prefix: str = ""
    trusted_acr_values: frozenset[str] = frozenset()


@cache
def settings_from_environment() -> Settings:
    """The settings of a deployed function."""
    trusted = (value.strip() for value in read_setting("API_TRUSTED_ACR_VALUES", "").split(","))
    return Settings(
        account_claim=read_setting("API_ACCOUNT_CLAIM", "sub"),
        scope_prefix=read_setting("API_SCOPE_PREFIX", ""),
        trusted_acr_values=frozenset(value for value in trusted if value),
    )
