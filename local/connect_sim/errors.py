"""The errors of this package.

    ConnectSimError
    +-- UsageError          a command cannot do what it was asked
    +-- FlowSyntaxError     a file is no flow document (language.document)
    +-- SsmlError           a prompt is no well-formed SSML (language.speech)
    +-- UnknownFlowError    the start flow is not among the flows (simulator.engine)
    +-- KeysError           a text is no sequence of key tokens (simulator.keys)
    +-- FaultError          a fault cannot happen in these flows (simulator.faults)
    +-- StubFileError       a file of stubs cannot be used (simulator.stubs)
    +-- MissingStubError    a function was called that has no stub (simulator.stubs)
    +-- MissingHookError    an event hook names an unknown flow (simulator.stages)
    +-- SetupFileError      a set-up file cannot be used (simulator.setup_file)
    +-- NoGraphviz          drawing needs Graphviz (drawing.layout)
    +-- NotACertificate     the key of an encrypted entry is no certificate (simulator.encryption)

Each text is one sentence for the person who wrote the flow, the file or the option.
"""


class ConnectSimError(Exception):
    """Any error of this package."""


class UsageError(ConnectSimError):
    """A command cannot do what it was asked; the text names the remedy."""
