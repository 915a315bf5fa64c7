"""The ports of `./hotline run`, tried before anything is installed or built.

The command line runs this file as a script with the system's Python, 3.9 or newer, before it sets up the environment.
The command is `python3 local/hotline_local/ports.py run --port 4566`. So it imports the standard library alone.
"""

import socket
import sys

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
DEFAULT_PAGES_PORT = 4567
DEFAULT_DESK_PORT = 4568
OPTIONS = {"--port": DEFAULT_PORT, "--pages-port": DEFAULT_PAGES_PORT, "--desk-port": DEFAULT_DESK_PORT}
"""Each option that names a port of loopback, and its default."""


def taken_sentence(option: str, port: int) -> "str | None":
    """Return what to tell when somebody listens on the port of loopback, None while it is free. 0 is always free."""
    if port == 0:
        return None
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) != 0:
            return None
    example = " ".join(f"{name} N" for name in OPTIONS)
    return (
        f"Port {port} ({option}) is taken: stop what listens there, or choose other ports (make run ARGS='{example}')."
    )


def asked_ports(arguments: "list[str]") -> "dict[str, int]":
    """Return the port of each option as the arguments name it, else its default. A text that is no port is left to the
    command, which says so."""
    ports = dict(OPTIONS)
    for place, argument in enumerate(arguments):
        option, given, value = argument.partition("=")
        if option in ports:
            text = value if given else "".join(arguments[place + 1 : place + 2])
            ports[option] = int(text) if text.isdecimal() and int(text) < 65536 else 0
    return ports


def main(arguments: "list[str]") -> int:
    """Try the ports of `run`; return 1, with one sentence for each port that is taken, else 0."""
    if arguments[:1] != ["run"] or {"-h", "--help"} & set(arguments):
        return 0
    found = [taken_sentence(option, port) for option, port in asked_ports(arguments[1:]).items()]
    sentences = [sentence for sentence in found if sentence is not None]
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
