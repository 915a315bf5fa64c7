"""The deployed stack as other commands see it: where it is and what its parts are called."""

import json
import os
import socket
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from hotline_local.entry_keys import CERTIFICATE_TOKEN, KEY_ID_TOKEN
from hotline_local.errors import CommandError
from hotline_local.launcher.paths import LOCAL

if TYPE_CHECKING:
    from hotline.kit.store.dynamodb import DynamoStore

# Names the file of another stack, as tests do that run beside a stack of the developer's.
FILE_VARIABLE: Final = "HOTLINE_STACK_FILE"
CREDENTIAL: Final = "local"
"""Access key and secret: MiniStack takes any, and no AWS account takes this one."""
NO_STACK: Final = "no stack is running; start it with make run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack on MiniStack: its endpoint and the names of what it deployed."""

    endpoint: str
    region: str
    access_key_id: str
    secret_access_key: str
    name: str
    hotline_table: str
    activity_table: str
    outbox_table: str
    bus_name: str
    wallet_event_source: str
    facts_queue_url: str
    facts_dead_letters_url: str
    import_queue_url: str
    import_dead_letters_url: str
    import_refusals_url: str
    outbox_failures_url: str
    reference_wallet_queue_url: str
    connect_function_arn: str
    wallet_events_function_arn: str
    messenger_function_arn: str
    decisions_function_arn: str
    deadlines_function_arn: str
    scan_state_machine_arn: str
    backtest_bucket: str
    backtest_state_machine_arn: str
    lookup_key_secret: str
    code_key_secret: str
    api_id: str
    issuer: str
    issuer_key_file: str
    agent_api_id: str
    staff_pool_id: str
    staff_client_id: str
    staff_issuer: str
    evidence_bucket: str
    report_time_zone: str

    @property
    def api_url(self) -> str:
        """The address at which the API answers: MiniStack's path for an HTTP API."""
        return f"{self.endpoint}/_aws/execute-api/{self.api_id}"

    @property
    def agent_api_url(self) -> str:
        """The address at which the agents' API answers."""
        return f"{self.endpoint}/_aws/execute-api/{self.agent_api_id}"

    entry_key_secret: str
    entry_key_id: str
    entry_certificate: str

    @property
    def entry_tokens(self) -> dict[str, str]:
        """Values of the flows' tokens for encrypted entry, under the key that was made for this stack."""
        return {KEY_ID_TOKEN: self.entry_key_id, CERTIFICATE_TOKEN: self.entry_certificate}

    def client(self, service: str) -> Any:
        """Return a client of this stack's endpoint; one per service, with bounded waits and a few retries."""
        return client(service, self.endpoint, self.region)

    def hotline_store(self) -> "DynamoStore":
        """Return the store on this stack's hotline table, and on no other."""
        from hotline.kit.aws.sdk import SdkService
        from hotline.kit.config import TableNames
        from hotline.kit.store import Table
        from hotline.kit.store.dynamodb import DynamoStore

        return DynamoStore(SdkService(self.client("dynamodb")), TableNames({Table.HOTLINE: self.hotline_table}))

    def save(self, path: Path | None = None) -> None:
        """Write the stack to the file that `load` reads."""
        path = path or stack_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


@cache
def client(service: str, endpoint: str, region: str) -> Any:
    """Return a client with credentials that no AWS account takes, so that it can never reach a real one."""
    import boto3
    from botocore.config import Config

    make_client: Any = boto3.session.Session().client
    return make_client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=CREDENTIAL,
        aws_secret_access_key=CREDENTIAL,
        config=Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 3}),
    )


def stack_file() -> Path:
    """Return the path of the file that describes the running stack."""
    return Path(os.environ.get(FILE_VARIABLE) or LOCAL / "stack.json")


def load() -> Stack:
    """Return the running stack. Raises CommandError (exit code 2) when none runs."""
    try:
        stack = Stack(**json.loads(stack_file().read_text(encoding="utf-8")))
        address = urlsplit(stack.endpoint)
        socket.create_connection((address.hostname, address.port or 80), timeout=2).close()
    except (OSError, ValueError, TypeError):
        raise CommandError(NO_STACK, exit_code=2) from None
    return stack
