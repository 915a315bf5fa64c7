"""The users of Amazon Connect: the agents who answer, by the ARN that its events name them with."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from hotline.kit.errors import HotlineError, Unavailable

from .sdk import make_client, request

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient


class UserError(StrEnum):
    """Why an ARN is nobody's."""

    MALFORMED = "malformed_arn"
    OTHER_INSTANCE = "other_instance"
    NO_SUCH_USER = "no_such_user"


CONNECT_TIMEOUT_S: Final = 0.5
READ_TIMEOUT_S: Final = 1.0
ATTEMPTS: Final = 2
RESTS_S: Final = 5.0
"""So long nobody is asked after a request that failed. A batch of ten messages waits once and not ten times, and a
service that throttles is left alone."""
RESTING: Final = "resting"
NAMES_MAX: Final = 1000
"""Names that a warm process keeps, those asked for last. A user keeps their name for life."""
_INSTANCE_ARN: Final = re.compile(r"arn:[a-z-]+:connect:[a-z0-9-]+:[0-9]{12}:instance/[^/:]{1,100}")
_USER_ARN: Final = re.compile(rf"({_INSTANCE_ARN.pattern})/agent/([^/:]{{1,100}})")
_NOBODY: Final = frozenset({"ResourceNotFoundException", "InvalidRequestException", "InvalidParameterException"})
"""Amazon Connect's answers about the user itself."""


def is_instance_arn(text: str) -> bool:
    """Whether a text is the ARN of an instance of Amazon Connect."""
    return _INSTANCE_ARN.fullmatch(text) is not None


class UnknownUser(HotlineError):
    """There is no such user; asking again is of no use. The code is a UserError."""


class Users(Protocol):
    """Knows users by their ARN."""

    def find_name(self, user_arn: str) -> str:
        """The user's name. Raises UnknownUser, or Unavailable when it may be asked again."""
        ...


class ConnectUsers:
    """The users of one instance of Amazon Connect, by its ARN. `seconds` is a clock that only goes on."""

    def __init__(
        self, instance_arn: str, *, client: ConnectClient | None = None, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._instance_arn = instance_arn
        self._client = client
        self._seconds = seconds
        self._rests_until_s = 0.0
        self._name_of = lru_cache(NAMES_MAX)(self._ask)

    def find_name(self, user_arn: str) -> str:
        """See Users.find_name."""
        instance_arn, user_id = _parts(user_arn)
        if instance_arn != self._instance_arn:
            raise UnknownUser(UserError.OTHER_INSTANCE)
        return self._name_of(user_id)

    def _ask(self, user_id: str) -> str:
        if self._seconds() < self._rests_until_s:
            raise Unavailable(service_code=RESTING)
        if self._client is None:
            self._client = make_client(
                "connect", attempts=ATTEMPTS, connect_timeout_s=CONNECT_TIMEOUT_S, read_timeout_s=READ_TIMEOUT_S
            )
        instance_id = self._instance_arn.rpartition("/")[2]
        try:
            answer = request(self._client.describe_user, InstanceId=instance_id, UserId=user_id)
        except Unavailable as error:
            if error.code in _NOBODY:
                raise UnknownUser(UserError.NO_SUCH_USER) from None
            self._rests_until_s = self._seconds() + RESTS_S
            raise
        return str(answer["User"]["Username"])


class SimulatedUsers:
    """The users of a simulator, whose ARNs hold the name in the place of the id. For events that AWS has not sent."""

    def find_name(self, user_arn: str) -> str:
        """See Users.find_name."""
        return _parts(user_arn)[1]


def _parts(user_arn: str) -> tuple[str, str]:
    found = _USER_ARN.fullmatch(user_arn)
    if found is None:
        raise UnknownUser(UserError.MALFORMED)
    return found[1], found[2]
