"""Command-line arguments: the parser, options that commands share, and their values."""

import argparse
from collections.abc import Iterable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from connect_sim.errors import UsageError
from connect_sim.language.references import parse_token
from connect_sim.language.speech import SpeechRate
from connect_sim.linter.report import flow_files
from connect_sim.simulator.faults import Fault, FaultError, parse_fault
from connect_sim.simulator.state import End, EndReason, Waiting

# argparse has no public name for it. Type checkers alone evaluate the alias.
type Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001

NEVER = "never"
MAX_AGENT_AFTER_S = 3600


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    KEYS_OUT = 3
    INTERRUPTED = 130


_BY_REASON = {
    EndReason.ENDED: ExitCode.OK,
    EndReason.FAILED: ExitCode.FAILED,
    EndReason.STEP_CAP: ExitCode.FAILED,
    EndReason.KEYS_OUT: ExitCode.KEYS_OUT,
}


def exit_code(end: End) -> ExitCode:
    """Return OK for a call that ended by itself, KEYS_OUT when keys ran out, FAILED for anything else."""
    return _BY_REASON[end.reason]


class Parser(argparse.ArgumentParser):
    """A parser whose usage errors are one sentence, which asks about a misspelt name whether another one is meant."""

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2."""
        self.exit(ExitCode.USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def parse_known_args(  # type: ignore[override] # typeshed has overloads for the kinds of namespace
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Refuse an option that there is not. The parser of a command does so itself: it alone knows its options."""
        found, rest = super().parse_known_args(args, namespace)
        for option in (text.partition("=")[0] for text in rest if text.startswith("--")):
            close = find_close(option, self._option_string_actions)
            self.error(f"there is no option {option}" + (f"; did you mean {close}?" if close else ""))
        return found, rest

    def _check_value(self, action: argparse.Action, value: object) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError:
            close = find_close(str(value), map(str, action.choices or ()))
            if close is None:
                raise
            raise argparse.ArgumentError(action, f"there is no {value}; did you mean {close}?") from None


def read_file_name(text: str) -> Path:
    """The file that an argument names. An empty one is most likely a variable of the shell without a value; it would
    mean the folder that one is in."""
    if not text:
        raise argparse.ArgumentTypeError("the name of a file is needed")
    return Path(text)


def find_close(name: str, known: Iterable[str]) -> str | None:
    """The name that is closest to a misspelt one; None where none is close. Capitals are no difference."""
    # Only a wrong name needs it.
    from difflib import get_close_matches

    by_plain = {one.casefold(): one for one in known}
    return next((by_plain[one] for one in get_close_matches(name.casefold(), by_plain, 1)), None)


def join_keys(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with `--keys` joined to its value.

    argparse would take keys that begin with silence (`--keys -,1`) for another option.
    """
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--keys" and argument.startswith("-"):
            joined[-1] = f"--keys={argument}"
        else:
            joined.append(argument)
    return joined


def find_flow_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the flow files that are meant. Raises UsageError for a path that does not exist, and without any file."""
    for path in paths:
        if not path.exists():
            raise UsageError(f"There is no file or folder {path}.")
    files = flow_files(paths)
    if not files:
        raise UsageError("There are no flow files (*.json) in what was named.")
    return files


def add_rate_options(parser: argparse.ArgumentParser, default: SpeechRate) -> None:
    """Add the options by which a voice's speech rate is given."""
    parser.add_argument(
        "--characters-per-s",
        type=_rate,
        default=default.characters_per_s,
        metavar="RATE",
        help="Chinese characters that a voice says in a second (%(default)s)",
    )
    parser.add_argument(
        "--words-per-s",
        type=_rate,
        default=default.words_per_s,
        metavar="RATE",
        help="words of other languages, or digits, in a second (%(default)s)",
    )


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.1 <= rate <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0.1 to 100")
    return rate


def speech_rate(args: argparse.Namespace) -> SpeechRate:
    """Return the speech rate that the options say."""
    return SpeechRate(args.characters_per_s, args.words_per_s)


def add_call_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has that runs a call."""
    parser.add_argument(
        "--agent-after", metavar="SECONDS", help="go on in the queue until an agent accepts then, or the word never"
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FLOW/BLOCK=KIND[@VISIT]",
        help="let a block fail: timeout, exception, bad_json and so on, an error type, or hang_up",
    )


def parse_waiting(text: str | None) -> Waiting | None:
    """Return the value of `--agent-after`. Raises UsageError."""
    if text is None:
        return None
    if text == NEVER:
        return Waiting(agent_after_s=None)
    if text.isdecimal() and int(text) <= MAX_AGENT_AFTER_S:
        return Waiting(agent_after_s=float(text))
    raise UsageError(
        f"--agent-after {text!r} is neither a number of seconds up to {MAX_AGENT_AFTER_S} nor the word never."
    )


def parse_faults(texts: Sequence[str]) -> tuple[Fault, ...]:
    """Return the values of `--fault`. Raises UsageError."""
    try:
        return tuple(parse_fault(text) for text in texts)
    except FaultError as error:
        raise UsageError(f"--fault: {error}") from error


def parse_pairs(option: str, pairs: Iterable[str]) -> dict[str, str]:
    """Return the values of an option NAME=VALUE; a name may be written as a token. Raises UsageError."""
    found = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name or not value:
            raise UsageError(f"{option} {pair!r} is not NAME=VALUE.")
        found[parse_token(name) or name] = value
    return found
