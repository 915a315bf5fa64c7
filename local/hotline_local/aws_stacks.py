"""A stack on AWS as commands see it: named by their arguments, read by the credentials of the AWS command line."""

import argparse
from typing import Any

from hotline_local.errors import CommandError


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
