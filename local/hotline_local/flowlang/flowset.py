"""Flows and modules that belong together, and what refers to what among them."""

import re
from collections.abc import Iterable, Iterator, Mapping

from hotline_local.flowlang.document import Action, Flow, FlowKind, FlowSyntaxError
from hotline_local.flowlang.references import token_name

MAX_MODULE_DEPTH = 5
"""Modules may call modules this deep (Amazon Connect administrator guide, flow modules)."""
FLOW_PARAMETER: Mapping[str, str] = {
    "TransferToFlow": "ContactFlowId",
    "InvokeFlowModule": "FlowModuleId",
}
"""The parameter that names another document, by action type."""

_ALIAS = re.compile(r"(:\$LATEST|:[A-Za-z0-9_-]+)$")


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _name_keys(name: str) -> tuple[str, ...]:
    """The keys a name goes by: whole, and without what tokens append (`Arn`, `Id`, `Flow`, `Module`)."""
    whole = _key(name)
    without_kind = re.sub(r"(?<=.)(arn|id)$", "", whole)
    bare = re.sub(r"(?<=.)(flowmodule|flow|module)$", "", without_kind)
    return tuple(dict.fromkeys((whole, without_kind, bare)))


class FlowSet:
    """Flows by name; a reference finds its flow by file stem, `Metadata.name`, token name, id or ARN.

    Names are compared without case and punctuation, and a token may carry `Flow`, `Module`, `Arn` or `Id` at its end:
    `${LockedAccountModuleArn}` is the file `locked_account.json` or `locked-account.json`. Of a token with dots, one
    part may be the name: `{{modules.locked_account.arn}}`. `tokens` are values of tokens; a value of a token that
    names a flow leads to that flow too. Raises FlowSyntaxError when two files have one name.
    """

    def __init__(self, flows: Iterable[Flow], tokens: Mapping[str, str] | None = None) -> None:
        self.flows = tuple(flows)
        self.tokens = dict(tokens or {})
        self.by_name: dict[str, Flow] = {}
        for flow in self.flows:
            if flow.name in self.by_name:
                other = self.by_name[flow.name].source
                raise FlowSyntaxError(flow.source, f"has the same name as {other}; a reference could mean either.")
            self.by_name[flow.name] = flow
        self._keys = self._index()
        self._values = {value: named for name, value in self.tokens.items() if (named := self._find_name(name))}
        self._called_as_modules = {
            target.name
            for flow in self.flows
            for action in flow.actions
            if action.type == "InvokeFlowModule" and (target := self.target(action)) is not None
        }

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
        """The flow that a static reference means, or None when it is not in this set (or is a JSONPath)."""
        if reference.startswith("$."):
            return None
        token = token_name(_ALIAS.sub("", reference))
        if token is not None:
            parts = token.split(".") if "." in token else ()
            return next((found for name in (token, *parts) if (found := self._find_name(name))), None)
        for candidate in (reference, _ALIAS.sub("", reference)):
            if candidate in self._values:
                return self._values[candidate]
        return self._find_name(_ALIAS.sub("", reference).rsplit("/", 1)[-1])

    def target(self, action: Action) -> Flow | None:
        """The flow that a transfer or a module call goes to, None when it is not in this set or not static."""
        parameter = FLOW_PARAMETER.get(action.type)
        return self.find(action.text(parameter)) if parameter else None

    def kind_of(self, flow: Flow) -> FlowKind:
        """What a flow is, its callers considered: what is called as a module is one."""
        declared = flow.metadata.get("type")
        if flow.name in self._called_as_modules and not (isinstance(declared, str) and declared in FlowKind):
            return FlowKind.MODULE
        return flow.kind

    def modules_called_by(self, flow: Flow) -> Iterator[tuple[Action, Flow]]:
        """The blocks of a flow that call a module of this set, with the module."""
        for action in flow.actions:
            if action.type == "InvokeFlowModule" and (target := self.target(action)) is not None:
                yield action, target
