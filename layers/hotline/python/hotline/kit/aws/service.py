"""A service of AWS as one call: the name of an operation and an object of JSON in, an object of JSON out.

`direct.DirectService` answers it on the standard library, `sdk.SdkService` by boto3. Neither sends a request again by
itself after a lost answer, so that the caller counts and bounds what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from hotline.kit.errors import HotlineError


class Loss(StrEnum):
    """Why no answer came that can be read."""

    ANSWER_TOO_LONG = "answer_too_long"
    CHECKSUM_DIFFERS = "checksum_differs"
    CONNECTION_LOST = "connection_lost"
    CONNECT_TIMEOUT = "connect_timeout"
    CREDENTIALS_UNAVAILABLE = "credentials_unavailable"
    NOT_CONNECTED = "not_connected"
    READ_TIMEOUT = "read_timeout"
    TLS_FAILED = "tls_failed"
    UNREADABLE_ANSWER = "unreadable_answer"


class ServiceRefused(HotlineError):
    """The service answered with an error, and did nothing. `code` is its word for it, `status` is that of HTTP, and
    `answer` holds its members. The text of the service may quote keys and values, and is never part of the error."""

    code = "service_refused"

    def __init__(self, *, service_code: str, status: int, answer: Mapping[str, Any]) -> None:
        self.code = service_code
        super().__init__()
        self.status = status
        self.answer = answer


class NoAnswer(HotlineError):
    """No answer came that can be read. Whether the request was carried out is not known. The code is a Loss."""

    code = "no_answer"


class Service(Protocol):
    """One service. Binary values are bytes in a request, and bytes or the text of base64 in an answer."""

    def send(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send one request and read its answer. Raises ServiceRefused and NoAnswer."""
        ...
