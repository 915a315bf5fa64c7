"""The type of the object to which a command adds its parser."""

import argparse

# argparse has no public name for it. Type checkers alone evaluate the alias.
type Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001
