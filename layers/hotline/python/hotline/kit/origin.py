"""Whether a request to the HTTPS API has passed the front, CloudFront with its web ACL, where there is one.

The gateway behind it also answers under a name of its own, to anybody who has learned it. The gateway can neither hold
a web ACL nor ask for a header. So CloudFront adds a header whose value only it and the function know, and overwrites
one that a caller sends. A request without the header has gone past the web ACL and is refused.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from .keyring import Keyring

ORIGIN_HEADER: Final = "x-hotline-origin"
"""As in template.yaml. Payload format 2.0 of an HTTP API has the names of headers in small letters."""


def has_passed_the_front(headers: Mapping[str, str], keyring: Keyring) -> bool:
    """Whether the request's headers (names in small letters) hold one of the keys. Each version counts, so that a
    rotation refuses nobody; the time it takes says nothing about how much of a key was right."""
    sent = headers.get(ORIGIN_HEADER, "").encode("utf-8", "replace")
    found = [hmac.compare_digest(sent, key) for key in keyring.keys.values()]
    return any(found)
