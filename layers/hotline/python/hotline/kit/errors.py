"""The errors of the hotline, one small tree.

    HotlineError
    ├── Refused            the request is understood and must not happen (rule, limit, missing proof)
    │   ├── NeedProof      the caller has not proved enough for the operation
    │   └── NotPossible    the state of the thing does not allow it
    ├── InvalidInput       the request itself is malformed
    │   └── Unreadable     what was keyed in came encrypted, and cannot be decrypted
    ├── Stale              somebody else changed what this change was based on; read again and retry
    ├── StaleTurn          the call has moved on since this request was made
    └── Unavailable        the store or a key service did not answer; whether anything changed is not known

Errors carry opaque ids and facts only, never a phone number, name, address or code, and know no HTTP.
"""

from __future__ import annotations


class HotlineError(Exception):
    """Base of every expected error; `code` is stable and may be logged."""

    code = "error"

    def __init__(self, code: str | None = None, **facts: str | int | None) -> None:
        super().__init__(code or type(self).code)
        if code is not None:
            self.code = code
        self.facts = facts


class Refused(HotlineError):
    """The request is understood and must not happen."""

    code = "refused"


class NeedProof(Refused):
    """The operation needs factors that the caller has not proved; `needs` lists the factor kinds that would do."""

    code = "need_proof"

    def __init__(self, *, operation: str, needs: tuple[str, ...]) -> None:
        super().__init__(operation=operation)
        self.operation = operation
        self.needs = needs


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
