"""The shipped flows, and the names of what they call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from connect_sim.language.document import Flow, parse_flow
from connect_sim.language.flow_set import FlowSet
from hotline_local.launcher.flow_embedding import resource_name, without_encryption
from hotline_local.launcher.paths import FLOWS
from hotline_local.speech_rate import SPEECH_RATE
from hotline_local.worlds.environment import LOCAL_WALLET

START_FLOW = "hotline-entry"
OUTBOUND_FLOW = "hotline-outbound-code"
"""The flow in which a call begins that the hotline makes, to read a code out."""
AGENT_TRANSFER_FLOW = "hotline-agent-transfer"
"""The flow of a caller whom an agent sends to be verified."""
SURVEY_FLOW = "hotline-survey"
"""The flow of a call when the agent has hung up and the caller is still there."""
TASK_FLOW = "hotline-task"
"""The flow of the task of a case that nobody has claimed."""
CONNECT_TOKEN = "ConnectFunctionArn"  # noqa: S105 - the name of a token in flows, not a secret
WALLET_TOKEN = "WalletName"  # noqa: S105 - likewise


def flow_set(flows: Iterable[Flow], tokens: Mapping[str, str]) -> FlowSet:
    """Return flows as a set whose prompts take as long as the functions expect."""
    return FlowSet(flows, tokens, speech_rate=SPEECH_RATE)


def load_flow_set(paths: Iterable[Path], tokens: Mapping[str, str]) -> FlowSet:
    """Return flow files with the values of their tokens. The same files and tokens give the same object, because a
    search makes very many calls over it."""
    texts = tuple((path, path.read_text(encoding="utf-8")) for path in paths)
    return _make_flow_set(texts, tuple(sorted(tokens.items())))


@lru_cache(maxsize=4)
def _make_flow_set(texts: tuple[tuple[Path, str], ...], tokens: tuple[tuple[str, str], ...]) -> FlowSet:
    return flow_set((_parse(path, text) for path, text in texts), dict(tokens))


@lru_cache(maxsize=64)
def _parse(path: Path, text: str) -> Flow:
    return parse_flow(text, name=path.stem, path=path)


def flow_files() -> list[Path]:
    """All flows and modules that the template deploys."""
    return sorted(FLOWS.glob("*.json"))


def flows_without_key() -> list[Flow]:
    """The same flows as an instance without an entry key gets them."""
    documents = {path.stem: without_encryption(json.loads(path.read_text(encoding="utf-8"))) for path in flow_files()}
    return [parse_flow(json.dumps(document), name=name) for name, document in documents.items()]


def tokens(connect_function: str, entry_key: Mapping[str, str]) -> dict[str, str]:
    """Values for the tokens in the flows. The connect function and the tokens of the entry key are as given, the
    wallet's name is as on this machine. Queues and hours have their token's name. Tokens that name another flow are
    resolved among the flows themselves."""
    files = flow_files()
    flows = {f"{resource_name(path.name)}Arn" for path in files}
    named = {token for path in files for token in _parse(path, path.read_text(encoding="utf-8")).tokens} - flows
    return {token: token.removesuffix("Arn") for token in named} | {
        CONNECT_TOKEN: connect_function,
        WALLET_TOKEN: LOCAL_WALLET,
        **entry_key,
    }
