"""`./hotline deploy`: build for AWS and hand over to `sam deploy --guided`."""

import argparse
import subprocess
from pathlib import Path

from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "deploy",
        help="deploy to AWS, guided",
        description="Build .build/aws and deploy it with the SAM command line, which asks for each parameter. "
        "The answers are kept in samconfig.toml.",
    )
    parser.add_argument(
        "--from", dest="folder", type=Path, help="deploy this folder as it is; only .build/aws is taken"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Build unless told otherwise, check what goes out, deploy; return the exit code of `sam deploy`."""
    from hotline_local.launcher.artefacts import foreign_libraries
    from hotline_local.launcher.build import TEMPLATE_NAME, Target, build
    from hotline_local.launcher.paths import ROOT
    from hotline_local.launcher.progress import Lines

    folder: Path = Target.AWS.folder
    if arguments.folder is None:
        build(Target.AWS, Lines())
    elif arguments.folder.resolve() != folder.resolve():
        raise CommandError(f"Only {folder} can be deployed: {arguments.folder} is not built for AWS; run make build.")
    template = folder / TEMPLATE_NAME
    if not template.exists():
        raise CommandError(f"{folder} holds no built template; run make build.")
    if foreign := foreign_libraries(folder):
        raise CommandError(f"{foreign[0]} is not built for arm64: remove {folder}, then run make build.")
    sam = ROOT / ".tools/sam/bin/sam"
    if not sam.exists():
        raise CommandError("The SAM command line is not installed: run make deploy, which installs it.")
    command = [
        *(str(sam), "deploy", "--guided", "--template-file", str(template)),
        *("--config-file", str(ROOT / "samconfig.toml"), "--capabilities", "CAPABILITY_IAM"),
    ]
    return subprocess.run(command, check=False).returncode
