"""A stack on AWS as commands see it: named by their arguments, read by the credentials of the AWS command line."""

import argparse
from typing import TYPE_CHECKING, Any

from hotline_local.errors import CommandError

if TYPE_CHECKING:
    from hotline.kit.store import Store


def add_arguments(parser: argparse.ArgumentParser, *, default: str | None = None) -> None:
    """Add `--stack` and `--region`. Without a `default` the stack of this machine is meant."""
    otherwise = f"default {default}" if default is not None else "default: the one that runs on this machine"
    parser.add_argument("--stack", metavar="NAME", default=default, help=f"a stack on AWS ({otherwise})")
    parser.add_argument("--region", help="the region of that stack (default: that of the AWS settings)")


def open_session(arguments: argparse.Namespace) -> Any:
    """A session of the AWS SDK in the region of the arguments."""
    import boto3

    return boto3.session.Session(region_name=arguments.region)


def describe(session: Any, name: str) -> tuple[dict[str, str], dict[str, str]]:
    """The outputs and the parameters of a stack, by name. Raises CommandError when there is no such stack."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        (stack,) = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"The stack {name} could not be read: {error}") from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return outputs, {given["ParameterKey"]: given["ParameterValue"] for given in stack.get("Parameters", [])}


def open_hotline_store(arguments: argparse.Namespace) -> "Store":
    """The store on the hotline table of the stack that is meant, and on no other table. Raises CommandError without
    such a stack."""
    if arguments.stack is None:
        from hotline_local.launcher.stack import load

        return load().hotline_store()
    from hotline.kit.aws.sdk import SdkService
    from hotline.kit.config import TableNames
    from hotline.kit.store import Table
    from hotline.kit.store.dynamodb import DynamoStore

    session = open_session(arguments)
    outputs, _ = describe(session, arguments.stack)
    if "HotlineTableName" not in outputs:
        raise CommandError(f"The stack {arguments.stack} is no hotline.")
    return DynamoStore(SdkService(session.client("dynamodb")), TableNames({Table.HOTLINE: outputs["HotlineTableName"]}))
