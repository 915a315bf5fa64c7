"""Build the template, run MiniStack, deploy to it, and take everything down again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotline_local.launcher.build import Progress
    from hotline_local.launcher.ministack import MiniStack
    from hotline_local.launcher.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningStack:
    """A stack that runs until its context ends: the stack, its MiniStack, and the file that describes it."""

    stack: "Stack"
    ministack: "MiniStack"
    stack_file: Path


def silent(_: str) -> None:
    """Report no progress."""


@contextmanager
def start(
    port: int = 0, progress: "Progress" = silent, *, schedules: bool = False, demo: bool = True
) -> Iterator[RunningStack]:
    """Build, start MiniStack and deploy; take it all down at the end. Port 0 takes a free one.

    The stack is empty: no demo customers, no reference wallet. With `schedules` what falls due is worked off each
    minute; without, only by `./hotline tick`. `demo` gives the reference wallet a queue of decisions. `stack_file` is
    what `HOTLINE_STACK_FILE` has to name for a command that is to use this stack. Raises CommandError when a step
    fails.
    """
    # Here, since each command imports a part of this package, and few of them build or deploy.
    from hotline_local.launcher.build import Target, build
    from hotline_local.launcher.deploy import deploy
    from hotline_local.launcher.ministack import MiniStack, refuse_taken

    if port:
        refuse_taken(port)
    built = build(Target.LOCAL, progress)
    progress("starting MiniStack")
    with MiniStack(port) as ministack:
        stack = deploy(built, ministack.endpoint, ministack.folder, progress, schedules=schedules, demo=demo)
        stack_file = ministack.folder / "stack.json"
        stack.save(stack_file)
        yield RunningStack(stack=stack, ministack=ministack, stack_file=stack_file)
