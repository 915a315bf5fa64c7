"""Pictures for a refund: from the app, and by the page behind a link in a message."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.customer_api.evidence_page.rendering import LANGUAGE_PARAMETER, make_policy, write_form, write_over
from functions.customer_api.shapes.refunds import Evidence, EvidenceAsked, EvidenceGiven, EvidenceList, LinkUsed, Upload
from functions.customer_api.visits import Desk, Visit, attempt, desk, router
from functions.http import quota
from functions.http.problems import Problem
from functions.http.routes import id_from
from hotline.directory import service as directory
from hotline.evidence import service as evidence
from hotline.evidence.model import Evidence as KnownEvidence
from hotline.identity.service import Operation
from hotline.kit.aws.buckets import Upload as SignedUpload
from hotline.kit.languages import ENGLISH, find_language
from hotline.refunds import service as refunds

_TAGS: Final = ["refunds"]
_STEP: Final = "evidence"
CREATED: Final = 201
GONE: Final = 410
_HTML: Final = "text/html; charset=utf-8"
_PAGE_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
"""The address of the page is a secret: nobody is told it, and nobody keeps it. Further headers are those of every
answer."""


@router.post("/v1/me/refunds/<id>/evidence", tags=_TAGS, operation_id="send_evidence", status_code=CREATED)
def send_evidence(id: str, body: EvidenceAsked) -> EvidenceGiven:  # noqa: A002 - the name of the path's parameter
    """Send a picture for a refund in review: post the form of `upload`, with the picture as its last field `file`,
    before `expires_at`. A post that broke off may be repeated."""
    refund_id, at = id_from(id), desk()
    return attempt(lambda: _begin(at.visit(), refund_id, body))


def _begin(visit: Visit, refund_id: str, body: EvidenceAsked) -> EvidenceGiven:
    visit.allow(Operation.EVIDENCE)
    found = visit.perform(evidence.BeginUpload(refund_id, body.content_type, body.size), _STEP).result
    upload = evidence.sign_upload(visit.desk.ctx, found)
    return EvidenceGiven(id=found.evidence_id, upload=_upload(upload), expires_at=found.expires_at)


@router.get("/v1/me/refunds/<id>/evidence", tags=_TAGS, operation_id="list_evidence")
def list_evidence(id: str) -> EvidenceList:  # noqa: A002 - the name of the path's parameter
    """The pictures for a refund and their states, the newest first. The pictures themselves are for our staff."""
    visit = desk().visit()
    visit.allow(Operation.READ)
    refund_id, store = id_from(id), visit.desk.ctx.store
    if refunds.find(store, visit.account_id, refund_id) is None:
        raise Problem("not_found")
    found = evidence.list_evidence(store, visit.account_id, refund_id)
    return EvidenceList(evidence=[_evidence_of(one) for one in found])


@router.get("/e/<token>", tags=_TAGS, operation_id="show_evidence_page")
def show_page(
    token: str, lang: Annotated[str | None, Query(alias=LANGUAGE_PARAMETER, max_length=35)] = None
) -> Response[str]:
    """The page behind a link. It uses nothing up: programs that show previews of messages read it, too."""
    at = desk()
    _count(at, unquote(token))
    found = evidence.find_page(at.ctx, unquote(token))
    wished = find_language(lang) if lang is not None else None
    language = wished or (found.language if found is not None else at.language) or ENGLISH
    wallet, number = at.ctx.wallet, _official_number(at)
    if found is None:
        status, body = GONE, write_over(language, wallet=wallet, number=number)
    else:
        status, body = 200, write_form(language, wallet=wallet, number=number, needed=found.needed)
    headers = {
        **_PAGE_HEADERS,
        "Content-Language": language,
        "Content-Security-Policy": make_policy(at.ctx.pictures.find_origin()),
    }
    return Response(status, _HTML, body, headers)


@router.post("/e/<token>", tags=_TAGS, operation_id="use_evidence_link")
def use_link(token: str, body: EvidenceAsked) -> LinkUsed:
    """Use a link up, and give leave to upload until its end."""
    at = desk()
    _count(at, unquote(token))
    found, upload = evidence.use_link(at.ctx, unquote(token), body.content_type, body.size)
    return LinkUsed(upload=_upload(upload), expires_at=found.expires_at)


def _count(at: Desk, token: str) -> None:
    """Count the request against the quota of its source, and of the link. A source that has used its own up costs one
    read, whatever it asks. Raises Problem."""
    if at.source is not None:
        quota.count_source(at.ctx, at.source)
    evidence_id = evidence.find_link(at.ctx, token)
    if evidence_id is not None:
        quota.count_request(at.ctx, f"evidence#{evidence_id}")


def _official_number(at: Desk) -> str:
    return directory.read_numbers(at.ctx.store, at.ctx.official_numbers).content[0]


def _upload(upload: SignedUpload) -> Upload:
    return Upload(url=upload.url, fields=dict(upload.fields))


def _evidence_of(one: KnownEvidence) -> Evidence:
    return Evidence(
        id=one.evidence_id,
        status=one.state.value,
        content_type=one.content_type.value if one.content_type is not None else None,
        size=one.bytes_long,
        asked_at=one.asked_at,
        expires_at=one.expires_at,
        refusal=one.refusal.value if one.refusal is not None else None,
    )
