"""A service of AWS as one call: the name of an operation and an object of JSON in, an object of JSON out.

`direct.DirectService` answers it on the standard library, `sdk.SdkService` by boto3. Neither sends a request again by
itself after a lost answer, so that the caller counts and bounds what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from hotline.kit.errors import HotlineError


class ServiceRefused(HotlineError):
    """The service answered with an error, and did nothing. `code` is its word for it, `status` is that of HTTP, and
    `answer` holds its members. The text of the service may quote keys and values, and is never part of the error."""

    code = "service_refused"

    def __init__(self, code: str, *, status: int, answer: Mapping[str, Any]) -> None:
        super().__init__()
        self.code = code
        self.status = status
        self.answer = answer

    def __str__(self) -> str:
        return self.code


class NoAnswer(HotlineError):
    """No answer came that can be read. Whether the request was carried out is not known. `code` is a closed word."""

    code = "no_answer"

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code

    def __str__(self) -> str:
        return self.code


class Service(Protocol):
    """One service. Binary values are bytes in a request, and bytes or the text of base64 in an answer."""

    def send(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send one request and read its answer. Raises ServiceRefused and NoAnswer."""
        ...
