"""The address on the network that a request comes from, as far as it may be relied on."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any, Final

IPV6_BITS: Final = 64
"""One customer has as many addresses of IPv6 as they like, all with these first bits."""
_FORWARDED: Final = "x-forwarded-for"


def source_of(event: Mapping[str, Any], *, behind_front: bool) -> str | None:
    """The address of a request (HTTP API, payload format 2.0) in one form; of IPv6 its network. None where it names no
    address.

    With a front the gateway sees the front's address. The front adds that of its caller to the end of a header, whose
    beginning anybody may write. The request must have shown that it passed the front (`kit.origin`).
    """
    near = str(event["requestContext"]["http"].get("sourceIp", ""))
    if not behind_front:
        return _normal(near)
    passed = [part.strip() for part in str(event["headers"].get(_FORWARDED, "")).split(",")]
    # The gateway adds the front's own address once more.
    if passed[-1] == near:
        passed.pop()
    return _normal(passed[-1]) if passed else None


def _normal(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if address.version == 4:
        return str(address)
    return str(ip_network((address, IPV6_BITS), strict=False))
