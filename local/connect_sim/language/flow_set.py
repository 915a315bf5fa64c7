"""Flows and modules that belong together, and what refers to what among them."""

import re
from collections.abc import Iterable, Iterator, Mapping

from connect_sim.language.actions.catalogue import find_spec
from connect_sim.language.document import Action, Flow, FlowKind, FlowSyntaxError
from connect_sim.language.references import holds_reference, parse_token
from connect_sim.language.speech import NORMAL_RATE, SpeechRate

MAX_MODULE_DEPTH = 5
"""Modules may call modules this deep (Amazon Connect administrator guide, flow modules)."""
FLOW_PARAMETER: Mapping[str, str] = {
    "TransferToFlow": "ContactFlowId",
    "InvokeFlowModule": "FlowModuleId",
}
"""The parameter that names the document in which a call goes on, by action type."""
_LATER_PARAMETER: Mapping[str, str] = {
    "CreateCallbackContact": "ContactFlowId",
    "CreateTask": "ContactFlowId",
    "StartOutboundChatContact": "ContactFlowArn",
}
"""The parameter that names the flow of another contact, by action type."""
_HOOK_KINDS: Mapping[str, FlowKind] = {
    "AgentHold": FlowKind.AGENT_HOLD,
    "AgentWhisper": FlowKind.AGENT_WHISPER,
    "CustomerHold": FlowKind.CUSTOMER_HOLD,
    "CustomerQueue": FlowKind.CUSTOMER_QUEUE,
    "CustomerWhisper": FlowKind.CUSTOMER_WHISPER,
}
"""The kind of flow that an event hook runs; the others run flows of the usual kind."""

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


def collect_flow_references(action: Action) -> tuple[str, ...]:
    """Return the references to other documents in a block, whatever it does with them."""
    parameter = FLOW_PARAMETER.get(action.type) or _LATER_PARAMETER.get(action.type)
    named = [action.text(parameter)] if parameter else []
    hooks = action.mapping("EventHooks") if action.type == "UpdateContactEventHooks" else {}
    return tuple(text for text in [*named, *hooks.values()] if isinstance(text, str) and text)


_ALIAS = re.compile(r"(:\$LATEST|:[A-Za-z0-9_-]+)$")


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _name_keys(name: str) -> tuple[str, ...]:
    """Return the keys a name goes by: whole, and without what tokens append (`Arn`, `Id`, `Flow`, `Module`)."""
    whole = _key(name)
    without_kind = re.sub(r"(?<=.)(arn|id)$", "", whole)
    bare = re.sub(r"(?<=.)(flowmodule|flow|module)$", "", without_kind)
    return tuple(dict.fromkeys((whole, without_kind, bare)))


def guess_kind(flow: Flow) -> FlowKind:
    """Return the kind that the blocks of a flow fit best. Of several, one that its name tells, else the most likely."""
    specs = [spec for action in flow.actions if (spec := find_spec(action)) is not None]
    misfits = {kind: sum(kind not in spec.kinds for spec in specs) for kind in _BY_LIKELIHOOD}
    best = [kind for kind in _BY_LIKELIHOOD if misfits[kind] == min(misfits.values())]
    return next((kind for kind in best if kind is not FlowKind.INBOUND and _names(flow, kind)), best[0])


def _names(flow: Flow, kind: FlowKind) -> bool:
    """Return whether a flow's name has the words of a kind in it: `agent_whisper`, `Default customer queue`."""
    declared = flow.metadata.get("name")
    name = f"{flow.name} {declared if isinstance(declared, str) else ''}".lower()
    return all(word.lower() in name for word in re.findall(r"[A-Z]?[a-z]+", kind.value))


class FlowSet:
    """Flows by name; a reference finds its flow by file stem, `Metadata.name`, token name, id or ARN.

    Names are compared without case and punctuation, and a token may carry `Flow`, `Module`, `Arn` or `Id` at its end.
    So `${LockedAccountModuleArn}` is the file `locked_account.json` or `locked-account.json`. Of a token with dots, one
    part may be the name: `{{modules.locked_account.arn}}`. `tokens` are values of tokens; a value of a token that names
    a flow leads to that flow too. `speech_rate` is that of the voices. Raises FlowSyntaxError when two files have one
    name.
    """

    def __init__(
        self,
        flows: Iterable[Flow],
        tokens: Mapping[str, str] | None = None,
        *,
        speech_rate: SpeechRate = NORMAL_RATE,
    ) -> None:
        self.speech_rate = speech_rate
        self.flows = tuple(flows)
        self.tokens = dict(tokens or {})
        self.by_name: dict[str, Flow] = {}
        for flow in self.flows:
            if flow.name in self.by_name:
                other = self.by_name[flow.name].source
                raise FlowSyntaxError(flow.source, f"has the same name as {other}; a reference could mean either.")
            self.by_name[flow.name] = flow
        self._found: dict[str, Flow | None] = {}
        self._keys = self._index()
        self._values = {value: named for name, value in self.tokens.items() if (named := self._find_name(name))}
        self._called_as_modules = {
            target.name
            for flow in self.flows
            for action in flow.actions
            if action.type == "InvokeFlowModule" and (target := self.target(action)) is not None
        }
        self._hooked = {
            target.name: _HOOK_KINDS[hook]
            for flow in self.flows
            for action in flow.actions
            if action.type == "UpdateContactEventHooks"
            for hook, reference in action.mapping("EventHooks").items()
            if hook in _HOOK_KINDS and (target := self.find(str(reference))) is not None
        }
        self._kinds: dict[str, FlowKind] = {}

    def _index(self) -> Mapping[str, Flow]:
        index: dict[str, Flow] = {}
        ambiguous: set[str] = set()
        for strength in range(3):
            for flow in self.flows:
                declared = flow.metadata.get("name")
                for name in (flow.name, declared if isinstance(declared, str) else ""):
                    keys = _name_keys(name)
                    key = keys[min(strength, len(keys) - 1)]
                    if key and index.setdefault(key, flow) is not flow and strength == 2:
                        ambiguous.add(key)
        whole_names = {_key(flow.name) for flow in self.flows}
        return {key: flow for key, flow in index.items() if key in whole_names or key not in ambiguous}

    def _find_name(self, name: str) -> Flow | None:
        return next((self._keys[key] for key in _name_keys(name) if key in self._keys), None)

    def find(self, reference: str) -> Flow | None:
        """Return the flow that a static reference means, or None when it is not in this set (or is a JSONPath)."""
        if reference not in self._found:
            self._found[reference] = self._find(reference)
        return self._found[reference]

    def _find(self, reference: str) -> Flow | None:
        if holds_reference(reference):
            return None
        token = parse_token(_ALIAS.sub("", reference))
        if token is not None:
            parts = token.split(".") if "." in token else ()
            return next((found for name in (token, *parts) if (found := self._find_name(name))), None)
        for candidate in (reference, _ALIAS.sub("", reference)):
            if candidate in self._values:
                return self._values[candidate]
        return self._find_name(_ALIAS.sub("", reference).rsplit("/", 1)[-1])

    def target(self, action: Action) -> Flow | None:
        """Return the flow that a transfer or a module call goes to, None when it is not in this set or not static."""
        parameter = FLOW_PARAMETER.get(action.type)
        return self.find(action.text(parameter)) if parameter else None

    def kind_of(self, flow: Flow) -> FlowKind:
        """Return the kind that a flow declares, else that of its use by others, else that which its blocks fit."""
        if flow.name not in self._kinds:
            self._kinds[flow.name] = self._kind_of(flow)
        return self._kinds[flow.name]

    def _kind_of(self, flow: Flow) -> FlowKind:
        if flow.declared_kind is not None:
            return flow.declared_kind
        if flow.is_module or flow.name in self._called_as_modules:
            return FlowKind.MODULE
        return self._hooked.get(flow.name) or guess_kind(flow)

    def modules_called_by(self, flow: Flow) -> Iterator[tuple[Action, Flow]]:
        """Yield the blocks of a flow that call a module of this set, with the module."""
        for action in flow.actions:
            if action.type == "InvokeFlowModule" and (target := self.target(action)) is not None:
                yield action, target
