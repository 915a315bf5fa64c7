"""What kind of document a flow is, where it does not say so itself: its blocks say which kinds it can be."""

import re

from hotline_local.flowlang.actions import spec_for
from hotline_local.flowlang.document import Flow, FlowKind

_BY_LIKELIHOOD = (
    FlowKind.INBOUND,
    FlowKind.AGENT_WHISPER,
    FlowKind.CUSTOMER_WHISPER,
    FlowKind.OUTBOUND_WHISPER,
    FlowKind.CUSTOMER_QUEUE,
    FlowKind.CUSTOMER_HOLD,
    FlowKind.AGENT_HOLD,
    FlowKind.QUEUE_TRANSFER,
    FlowKind.AGENT_TRANSFER,
)
"""Of several kinds that fit, the first: most flows take calls, and most flows in a queue play a loop of prompts."""


def likely_kind(flow: Flow) -> FlowKind:
    """The kind that the blocks of a flow fit best. Of several, one that its name tells, else the most likely."""
    specs = [spec for action in flow.actions if (spec := spec_for(action)) is not None]
    misfits = {kind: sum(kind not in spec.kinds for spec in specs) for kind in _BY_LIKELIHOOD}
    best = [kind for kind in _BY_LIKELIHOOD if misfits[kind] == min(misfits.values())]
    return next((kind for kind in best if kind is not FlowKind.INBOUND and _names(flow, kind)), best[0])


def _names(flow: Flow, kind: FlowKind) -> bool:
    """Whether a flow's name has the words of a kind in it: `agent_whisper`, `Default customer queue`."""
    declared = flow.metadata.get("name")
    name = f"{flow.name} {declared if isinstance(declared, str) else ''}".lower()
    return all(word.lower() in name for word in re.findall(r"[A-Z]?[a-z]+", kind.value))
