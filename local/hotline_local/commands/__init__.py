"""The commands of the project's command line, one module each.

A module offers `register(subparsers)`: it adds its parser and sets `run`, which takes the parsed arguments and returns
the exit code. Heavy imports belong inside `run`, so that `--help` stays quick.
"""

import argparse

# What a command's `register` gets. argparse has no public name for it; the alias is evaluated by type checkers only.
type Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001


class CommandError(Exception):
    """Something that the person at the terminal can put right, said in one sentence that names the remedy."""

    def __init__(self, sentence: str, *, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code
