"""`./hotline desk publish`: the page of the desk, put where a deployed stack serves it."""

import argparse
import json
from typing import Any, Final

from hotline_local.aws_stacks import add_arguments, describe, open_session
from hotline_local.counts import count_things
from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

CACHE: Final = "no-cache"
"""Kept by a browser, and asked for again each time: a desk is never older than its API for long."""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("desk", help="the page of the desk, for AWS", description="The page of the desk.")
    commands = parser.add_subparsers(dest="desk_command", metavar="COMMAND", required=True)
    publish_parser = commands.add_parser(
        "publish",
        help="put the page into the bucket of a deployed stack",
        description="Put the files of desk/ and their config.json into the bucket of a deployed stack, and have "
        "CloudFront fetch them anew. The credentials are those of the AWS command line.",
    )
    add_arguments(publish_parser, default="hotline")
    publish_parser.add_argument(
        "--client-id", help="the desk's client at the sign-in (default: AgentAudience, as with Amazon Cognito)"
    )
    publish_parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Publish the page; return 0. Raises CommandError without such a stack, or when the stack serves no desk."""
    session = open_session(arguments)
    outputs, parameters = describe(session, arguments.stack)
    if "DeskBucketName" not in outputs:
        raise CommandError(f"The stack {arguments.stack} serves no desk: deploy it with DeskDomainName.")
    count = publish(session, outputs, parameters, client_id=arguments.client_id)
    print(f"{count_things(count, 'file is', 'files are')} at https://{parameters['DeskDomainName']}")
    return 0


def config_of(outputs: dict[str, str], parameters: dict[str, str], client_id: str | None) -> dict[str, object]:
    """The document config.json for a stack with these outputs and parameters. The API is on the page's own origin; the
    endpoints are those of a Cognito domain."""
    from hotline_local.desk_server import DeskSettings

    sign_in = f"{parameters['DeskSignInOrigin']}/oauth2"
    settings = DeskSettings(
        "",
        parameters["AgentIssuer"],
        client_id or parameters["AgentAudience"],
        authorization_endpoint=f"{sign_in}/authorize",
        token_endpoint=f"{sign_in}/token",
        revocation_endpoint=f"{sign_in}/revoke",
        proof_quick_connect=outputs.get("ProofQuickConnectName"),
    )
    return settings.config()


def publish(session: Any, outputs: dict[str, str], parameters: dict[str, str], *, client_id: str | None) -> int:
    """Put the page and its config.json into the bucket, the page's first file last; return how many files it has."""
    from uuid import uuid4

    from hotline_local.desk_server import TYPES, page_files

    s3 = session.client("s3")
    files = {path.removeprefix("/"): file for path, file in page_files().items()}
    bodies = {name: (TYPES[file.suffix], file.read_bytes()) for name, file in files.items()}
    bodies["config.json"] = (TYPES[".json"], json.dumps(config_of(outputs, parameters, client_id)).encode())
    # The first file goes last: a page that is loaded meanwhile begins with the old one.
    for name in sorted(bodies, key=lambda name: (name == "index.html", name)):
        kind, body = bodies[name]
        s3.put_object(Bucket=outputs["DeskBucketName"], Key=name, Body=body, ContentType=kind, CacheControl=CACHE)
    session.client("cloudfront").create_invalidation(
        DistributionId=outputs["DeskDistributionId"],
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": uuid4().hex},
    )
    return len(bodies)
