"""The errors of the hotline, one small tree.

    HotlineError
    ├── Refused            the request is understood and must not happen (rule, limit, missing proof)
    │   ├── NeedProof      the caller has not proved enough for the operation
    │   ├── NeedSecond     an agent needs the approval of a second person for the operation
    │   └── NotPossible    the state of the thing does not allow it
    ├── InvalidInput       the request itself is malformed
    │   └── Unreadable     what was keyed in came encrypted, and cannot be decrypted
    ├── Stale              somebody else changed what this change was based on; read again and retry
    ├── StaleTurn          the call has moved on since this request was made
    ├── ServiceRefused     a service of AWS answered with an error (kit.aws.service); never leaves the kit
    ├── NoAnswer           a service of AWS gave no answer that can be read; never leaves the kit
    └── Unavailable        the store or a key service did not answer; whether anything changed is not known

Errors carry opaque ids and facts only, never a phone number, name, address or code, and know no HTTP.
"""

from __future__ import annotations

from enum import StrEnum


class KitError(StrEnum):
    """Why a key, a secret or the store cannot be used. Each room has such a list of its own."""

    BUCKET_UNAVAILABLE = "bucket_unavailable"
    MAC_UNAVAILABLE = "mac_unavailable"
    KEY_VERSION_RETIRED = "key_version_retired"
    KEYRING_MALFORMED = "keyring_malformed"
    NOT_MARKED = "not_marked"
    SECRET_UNAVAILABLE = "secret_unavailable"  # noqa: S105 - a word
    TOO_MANY_CONFLICTS = "too_many_conflicts"


class HotlineError(Exception):
    """Base of every expected error. `code` is stable and may be logged: a member of its room's list as plain text, or
    the class's own."""

    code = "error"

    def __init__(self, code: StrEnum | None = None, **facts: str | int | None) -> None:
        if code is not None:
            self.code = code.value
        super().__init__(self.code)
        self.facts = facts


class Refused(HotlineError):
    """The request is understood and must not happen."""

    code = "refused"


class NeedProof(Refused):
    """The operation needs factors that the caller has not proved; `needs` lists the factor kinds that would do.
    `for_agent`: they are proved so that an agent may do it."""

    code = "need_proof"

    def __init__(self, *, operation: str, needs: tuple[str, ...], for_agent: bool = False) -> None:
        super().__init__(operation=operation)
        self.operation = operation
        self.needs = needs
        self.for_agent = for_agent


class NeedSecond(Refused):
    """The operation takes a second person, and there is no approval that may be spent on it; the code says why."""

    code = "need_second"

    def __init__(self, code: StrEnum | None = None, *, operation: str) -> None:
        super().__init__(code, operation=operation)
        self.operation = operation


class NotPossible(Refused):
    """The state of the thing does not allow it."""

    code = "not_possible"


class InvalidInput(HotlineError):
    """The request itself is malformed; the code says how."""

    code = "invalid_input"


class Unreadable(InvalidInput):
    """The keyed-in input came encrypted and cannot be decrypted; the code is a closed word and says nothing of it."""

    code = "unreadable"


class Stale(HotlineError):
    """Somebody else changed what this change was based on."""

    code = "stale"


class StaleTurn(HotlineError):
    """The call has moved on since this request was made."""

    code = "stale_turn"


class Unavailable(HotlineError):
    """The store or a key service did not answer; it is not known whether anything changed."""

    code = "unavailable"

    def __init__(
        self, code: StrEnum | None = None, *, service_code: str | None = None, **facts: str | int | None
    ) -> None:
        """`service_code`: the word of a service of AWS for its refusal. It becomes the code."""
        if service_code is not None:
            self.code = service_code
        super().__init__(code, **facts)
