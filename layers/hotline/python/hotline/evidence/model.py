"""Evidence for a refund: its states, its limits, and what may be sent. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hotline.kit.aws.buckets import Scan

LINK_LIFE: Final = timedelta(minutes=15)
"""For so long after it was asked for a link can be used, and an upload begun."""
BYTES_MAX: Final = 15 * 1024 * 1024
"""A picture of a present phone has two to eight megabytes, one of its largest sensors up to twelve."""
ASKED_PER_DAY_MAX: Final = 6
"""So many pictures an account may ask to send in 24 hours: as many messages of one kind as a number gets in a day."""
LINKS_PER_REFUND_MAX: Final = 3
"""So many links go out for one refund in 24 hours. More would not help a customer whose pictures do not arrive, and
teach customers to expect such messages."""
KEPT_DAYS: Final = 180
"""An object of the bucket ends by itself after so many days: card disputes may take 120, and a case some weeks."""
SCAN_PATIENCE: Final = timedelta(hours=1)
"""A scan takes seconds to minutes. A picture that waits for longer is brought to a person."""
READING_LIFE: Final = timedelta(seconds=60)
"""For so long an agent's browser may begin to read a picture."""
OBJECTS_MAX: Final = 5
"""So many objects may be uploaded for one piece of evidence: an upload that breaks off is repeated. Each one more makes
entries in the audit trail."""
LISTED_MAX: Final = 50
"""As many pictures of an account are listed, the newest first."""
LOOKED_AT_MAX: Final = 1000
"""As many are read to find the newest: their ids tell nothing of when they were asked for. An account that asks for as
many as it may every day has so many after five months."""


class ContentType(StrEnum):
    """The types of files that may be sent."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    HEIC = "image/heic"
    PDF = "application/pdf"

    @property
    def ending(self) -> str:
        return self.name.lower()


class EvidenceState(StrEnum):
    """The life of a piece of evidence. One that was refused is over. One that expired may still come: its upload may
    have begun."""

    ASKED = "asked"
    """Its link is on its way, and nobody has used it."""
    OPENED = "opened"
    """Somebody may upload it now."""
    UPLOADED = "uploaded"
    """It is in the bucket, and its scan has no result yet."""
    CLEAN = "clean"
    REFUSED = "refused"
    """It is infected, cannot be scanned or was replaced too often, and was deleted."""
    EXPIRED = "expired"
    """Nothing was uploaded while the link could be used."""


class Refusal(StrEnum):
    """Why a picture was refused."""

    INFECTED = "infected"
    UNREADABLE = "unreadable"
    REPLACED = "replaced"
    """By others, more often than OBJECTS_MAX allows."""


class EvidenceError(StrEnum):
    """Why evidence cannot be sent or seen."""

    LINK_OVER = "link_over"
    """The token is wrong, used, or too old: which one is not said."""
    NOT_AWAITED = "evidence_not_awaited"
    TOO_MANY = "evidence_limit"
    NO_POINT = "evidence_no_contact_point"
    NO_SUCH_EVIDENCE = "no_such_evidence"
    """Also: no such refund that it could be for."""
    NOT_CLEAN = "evidence_not_clean"
    TYPE_REFUSED = "evidence_type"
    TOO_LARGE = "evidence_too_large"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One picture for one refund. `evidence_id` is in its link; `expires_at` is when the link and the upload end."""

    evidence_id: str
    account_id: str
    refund_id: str
    state: EvidenceState
    asked_at: datetime
    expires_at: datetime
    state_at: datetime
    content_type: ContentType | None = None
    bytes_long: int | None = None
    """As the bucket tells it; before that, as the sender announced."""
    etag: str | None = None
    """Of the object that `state` is about."""
    objects: int = 0
    """So many different objects came for it."""
    received_at: datetime | None = None
    """The time at which the first clean object came, of which people and the customer were told."""
    refusal: Refusal | None = None
    brought: bool = False
    """A person was told that its scan has no result."""

    @property
    def awaits_upload(self) -> bool:
        return self.state in (EvidenceState.ASKED, EvidenceState.OPENED)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to send a picture: when, for which refund, and whether by a link in a message."""

    at: datetime
    refund_id: str
    by_link: bool


@dataclass(frozen=True, slots=True)
class ScanResult:
    """An event of the scanner: the object that it looked at, and the result. `scan` is None for an unknown word."""

    etag: str
    scan: Scan | None


@dataclass(frozen=True, slots=True)
class LinkSent:
    """The result of asking for a link: by which channel it goes."""

    evidence_id: str
    channel: str
    expires_at: datetime
