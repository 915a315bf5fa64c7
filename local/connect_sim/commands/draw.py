"""The command `draw`: flows as pictures."""

import argparse
import sys
from pathlib import Path

from connect_sim.commands.parsing import Subparsers, find_flow_files
from connect_sim.errors import UsageError
from connect_sim.language.document import load_flow

EPILOG = """\
A picture shows each block with its name, its type and a few words about it. Arrows are the edges that a call can take,
with their conditions; those of errors are dashed. Where an error leads to the same block as success, or to a block that
many errors lead to, it stands below a dashed line in the block instead. The same flow gives the same file each time.

exit codes:
  0  drawn
  2  a path cannot be used, or Graphviz is missing

examples:
  draw main.json -o main.svg
  draw flows --to pictures
"""


def register(subparsers: Subparsers) -> None:
    """Add `draw`."""
    parser = subparsers.add_parser(
        "draw",
        help="draw flows as pictures (SVG)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EPILOG,
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a flow file, or a folder of them")
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "-o", "--output", type=Path, metavar="FILE.svg", help="where the picture of one flow goes; else standard output"
    )
    target.add_argument("--to", type=Path, metavar="FOLDER", help="where pictures of several flows go, one file each")
    parser.set_defaults(run=run_draw)


def run_draw(args: argparse.Namespace) -> int:
    """Draw flows. Raises UsageError for a path that cannot be used, FlowSyntaxError and NoGraphviz."""
    from connect_sim.drawing import draw_flow

    files = find_flow_files(args.paths)
    if args.to is None and len(files) > 1:
        raise UsageError(f"{len(files)} flows were named: give a folder for their pictures with --to.")
    pictures = {file.stem: draw_flow(load_flow(file)) for file in files}
    if len(pictures) < len(files):
        raise UsageError("Two of the flows have the same name; their pictures would have, too.")
    if args.to is not None:
        for name, picture in pictures.items():
            _write(args.to / f"{name}.svg", picture)
    elif args.output is not None:
        _write(args.output, pictures[files[0].stem])
    else:
        sys.stdout.write(pictures[files[0].stem])
    return 0


def _write(file: Path, picture: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.__class__.__name__}).") from error
