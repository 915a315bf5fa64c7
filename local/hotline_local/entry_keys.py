"""Key pairs for encrypted entries, made for one machine and thrown away with what runs on it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from connect_sim.simulator.certificates import make_key_pair

KEY_ID_TOKEN: Final = "EntryKeyId"  # noqa: S105 - the name of a token in flows, not a secret
CERTIFICATE_TOKEN: Final = "EntryCertificate"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True)
class EntryKey:
    """A security key as Amazon Connect would know it, with both its halves. `certificate` and `private_key` are PEM."""

    key_id: str
    certificate: str
    private_key: str = field(repr=False)

    @property
    def tokens(self) -> dict[str, str]:
        """Values for the tokens of an encrypted entry."""
        return {KEY_ID_TOKEN: self.key_id, CERTIFICATE_TOKEN: self.certificate}

    @property
    def secret(self) -> str:
        """The content of the functions' secret."""
        return json.dumps({"current": self.key_id, self.key_id: self.private_key})


def make_entry_key() -> EntryKey:
    """Return a fresh key pair with a certificate that it signed itself, under a fresh id."""
    pair = make_key_pair("wallet hotline on one machine")
    return EntryKey(str(uuid.uuid4()), pair.certificate, pair.private_key)


@cache
def key_of_this_process() -> EntryKey:
    """The key pair that everything in this process shares: made on first use, gone with the process."""
    return make_entry_key()
