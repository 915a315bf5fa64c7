"""`./hotline build`: fill .build/aws, or .build/local, from template.yaml."""

import argparse

from hotline_local.subparsers import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "build",
        help="build template.yaml for AWS, or for this machine",
        description="Build the functions, the layers and the template. Parts that did not change are left alone.",
    )
    parser.add_argument(
        "--target", choices=("aws", "local"), default="aws", help="arm64 on AWS (default), or this machine"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Build and say where the result is."""
    from hotline_local.launcher.build import Target, build
    from hotline_local.launcher.progress import Lines

    built = build(Target[arguments.target.upper()], Lines())
    print(f"Built {built}")
    return 0
