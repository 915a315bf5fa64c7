"""The shipped flows, and the names of what they call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hotline_local.flowlang.document import load_flow
from hotline_local.launcher.paths import FLOWS

START_FLOW = "hotline-entry"
CONNECT_TOKEN = "ConnectFunctionArn"  # noqa: S105 - the name of a token in flows, not a secret


def flow_files() -> list[Path]:
    """All flows and modules that the template deploys."""
    return sorted(FLOWS.glob("*.json"))


def tokens(connect_function: str, entry_key: Mapping[str, str]) -> dict[str, str]:
    """Values for the tokens in the flows: the connect function and the tokens of the entry key as given; queues and
    hours by their token's name. Tokens that name another flow are resolved among the flows themselves."""
    files = flow_files()
    flows = {"".join(word.capitalize() for word in path.stem.split("-")) + "Arn" for path in files}
    named = {token for path in files for token in load_flow(path).tokens()} - flows
    return {token: token.removesuffix("Arn") for token in named} | {CONNECT_TOKEN: connect_function, **entry_key}
