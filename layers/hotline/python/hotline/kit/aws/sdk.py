"""Clients of AWS by its SDK, and requests whose trouble becomes an error of the hotline's own.

The SDK's own errors stay here: their text may repeat a phone number or an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hotline.kit.config import patience_s
from hotline.kit.errors import Unavailable

from .service import Loss, NoAnswer, ServiceRefused

CONNECT_TIMEOUT_S: Final = 2.0
READ_TIMEOUT_S: Final = 5.0


def make_client(
    service: Any, *, attempts: int, connect_timeout_s: float = CONNECT_TIMEOUT_S, read_timeout_s: float = READ_TIMEOUT_S
) -> Any:
    """A client of the service, which sends a request so often at most. Timeouts are in seconds."""
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    config = Config(
        connect_timeout=connect_timeout_s,
        read_timeout=patience_s(read_timeout_s),
        retries=retries,
        tcp_keepalive=True,
    )
    return boto3.client(service, config=config)


class SdkClient:
    """A client of the service that is made when it is first asked for, unless one is given. A function that sends by
    one carrier of several loads no other."""

    def __init__(self, service: str, *, attempts: int, given: Any = None) -> None:
        self._service = service
        self._attempts = attempts
        self._made = given

    def get(self) -> Any:
        """The client, the same each time."""
        if self._made is None:
            self._made = make_client(self._service, attempts=self._attempts)
        return self._made


def request(send: Any, **given: Any) -> Any:
    """Make the request. Raises Unavailable with the service's word for its refusal, without the text of what was
    raised."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return send(**given)
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
    except BotoCoreError as error:
        code = type(error).__name__
    raise Unavailable(service_code=code)


class SdkService:
    """A service by a client of boto3, which is to send each request once."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def send(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """See Service.send."""
        from botocore import xform_name
        from botocore.exceptions import ClientError, ConnectTimeoutError, HTTPClientError, ReadTimeoutError
        from botocore.exceptions import ConnectionError as NoConnection
        from botocore.parsers import ResponseParserError

        try:
            answer: Mapping[str, Any] = getattr(self.client, xform_name(operation))(**request)
        except ClientError as error:
            told: Any = error.response
            status = told["ResponseMetadata"]["HTTPStatusCode"]
            raise ServiceRefused(service_code=str(told["Error"]["Code"]), status=status, answer=told) from None
        except ConnectTimeoutError:
            raise NoAnswer(Loss.CONNECT_TIMEOUT) from None
        except ReadTimeoutError:
            raise NoAnswer(Loss.READ_TIMEOUT) from None
        except ResponseParserError:
            raise NoAnswer(Loss.UNREADABLE_ANSWER) from None
        except (NoConnection, HTTPClientError):
            raise NoAnswer(Loss.CONNECTION_LOST) from None
        return answer
