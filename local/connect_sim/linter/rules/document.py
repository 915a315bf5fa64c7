"""Rules about the document as a whole.

Source: Amazon Connect developer guide, "Flow language", document and action envelopes; settings of modules as
CreateContactFlowModule asks for them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from connect_sim.language.document import LANGUAGE_VERSION, Flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.linter.rule import Problem, rule

MAX_ACTIONS = 250
MAX_CONTENT_CHARS = 256_000
MAX_IDENTIFIER_CHARS = 50
FORBIDDEN_IN_IDENTIFIERS = frozenset("%:(\\/)=$,;[]{}")
RESERVED_IDENTIFIERS = frozenset(
    {
        "__proto__",
        "constructor",
        "__defineGetter__",
        "__defineSetter__",
        "toString",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "valueOf",
    }
)
_SETTINGS = ("InputParameters", "OutputParameters", "Transitions")


@rule("E101", "The language version is 2019-10-30")
def check_version(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, Flow language, "Version"."""
    if flow.version != LANGUAGE_VERSION:
        yield Problem(None, f'Version is {flow.version!r}; the service takes only "{LANGUAGE_VERSION}".')


@rule("E102", "StartAction names a block")
def check_start(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, Flow language, "StartAction"."""
    if flow.start_action not in flow.by_identifier:
        yield Problem(None, f"StartAction {flow.start_action!r} is no block of this flow.")


@rule("E103", "Identifiers are short and free of reserved characters")
def check_identifiers(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, Flow language, "Identifier"."""
    for action in flow.actions:
        name = action.identifier
        if not name or len(name) > MAX_IDENTIFIER_CHARS:
            yield Problem(name, f"The identifier has {len(name)} characters; 1 to {MAX_IDENTIFIER_CHARS} are allowed.")
        if bad := sorted(set(name) & FORBIDDEN_IN_IDENTIFIERS):
            yield Problem(name, f"The identifier holds {' '.join(bad)}, which is not allowed.")
        if name in RESERVED_IDENTIFIERS:
            yield Problem(name, "The identifier is a reserved word.")


@rule("E104", "Identifiers are unique")
def check_unique(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, Flow language, "Identifier"."""
    for name, count in Counter(action.identifier for action in flow.actions).items():
        if count > 1:
            yield Problem(name, f"{count} blocks have this identifier.")


@rule("E105", "A flow has at most 250 blocks")
def check_size(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, Flow language, "Actions"."""
    if len(flow.actions) > MAX_ACTIONS:
        yield Problem(
            None, f"There are {len(flow.actions)} blocks; {MAX_ACTIONS} are allowed. Move a topic to a module."
        )


@rule("E106", "The content has at most 256,000 characters")
def check_length(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: CloudFormation, AWS::Connect::ContactFlow and ContactFlowModule, `Content`."""
    if flow.size_chars > MAX_CONTENT_CHARS:
        yield Problem(None, f"The content has {flow.size_chars} characters; {MAX_CONTENT_CHARS} are allowed.")


@rule("E107", "A module has Settings")
def check_module_settings(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: CreateContactFlowModule refuses content without them (seen by publishing)."""
    if not flows.kind_of(flow).is_module:
        return
    if not isinstance(flow.settings, Mapping):
        yield Problem(None, f"A module needs Settings with {', '.join(_SETTINGS)}.")
    elif missing := [name for name in _SETTINGS if not isinstance(flow.settings.get(name), list)]:
        yield Problem(None, f"Settings need the lists {', '.join(missing)}.")


@rule("E108", "A flow has no Settings")
def check_flow_settings(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: CreateContactFlow refuses content with them (seen by publishing)."""
    if flow.has_settings and not flows.kind_of(flow).is_module:
        yield Problem(None, "Settings belong to modules; the service refuses a flow that has them.")
