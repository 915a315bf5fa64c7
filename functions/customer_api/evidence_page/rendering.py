"""The page on which a customer sends a picture, by the link in a message.

It is one answer without further files: words of the catalogue, one style and one script. Its policy (CSP level 3) names
both by their hash, so that nothing else runs. The page may ask our own address and the bucket, and nobody else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

from hotline.evidence.model import BYTES_MAX, KEPT_DAYS, ContentType
from hotline.kit.languages import LANGUAGES
from hotline.refunds.model import Evidence as Needed
from hotline.wording.catalogue import fill, find
from hotline.wording.rendering import write_phone

_FOLDER: Final = Path(__file__).parent
_WORDS: Final = ("link_over", "evidence_type", "evidence_too_large", "evidence_not_awaited", "network", "failed")
"""Refusals that the script tells, by their codes."""
MEGABYTE: Final = 1024 * 1024
LANGUAGE_PARAMETER: Final = "lang"


def write_form(language: str, *, wallet: str, number: str, needed: Needed | None = None) -> str:
    """The page behind a link that may be used. `number`: the official number, E.164. `needed`: what the picture has to
    show, None: the goods."""
    said = _Words(language, number)
    words: dict[str, object] = {code: said.of(f"error.{code}") for code in _WORDS}
    words |= {"types": [kind.value for kind in ContentType], "bytes_max": BYTES_MAX}
    content = _read("form.html").substitute(
        **{name: escape(said.of(name)) for name in ("noscript", "camera", "choose", "sending", "again", "sent")},
        lead=escape(said.of(f"lead.{(needed or Needed.PHOTO).value}")),
        **{name: escape(said.of(name)) for name in ("happens", "checked", "seen", "kept", "once", "formats")},
        accept=",".join(kind.value for kind in ContentType),
        words=json.dumps(words, ensure_ascii=False).replace("<", "\\u003c"),
    )
    return _write(language, wallet, escape(said.of("title")), content, f"<script>{_text('page.js')}</script>")


def write_over(language: str, *, wallet: str, number: str) -> str:
    """The page behind a link that is wrong, used or too old: one answer for all of them."""
    said = _Words(language, number)
    return _write(language, wallet, escape(said.of("over.title")), f"<p>{escape(said.of('error.link_over'))}</p>", "")


def make_policy(origin: str) -> str:
    """The Content-Security-Policy of the pages. `origin`: where pictures go to."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash('page.js')}'",
            f"style-src '{_hash('page.css')}'",
            f"connect-src 'self' {origin}",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


class _Words:
    """The page's words in one language."""

    def __init__(self, language: str, number: str) -> None:
        self._language = language
        self._facts: dict[str, Any] = {
            "days": KEPT_DAYS,
            "megabytes": BYTES_MAX // MEGABYTE,
            "number": write_phone(number),
        }

    def of(self, name: str) -> str:
        return fill(f"page.evidence.{name}", self._language, **self._facts)


def _write(language: str, wallet: str, title: str, content: str, script: str) -> str:
    others = [tag for tag in LANGUAGES if tag != language]
    names = {tag: escape(find("page.language", tag) or tag) for tag in others}
    links = (
        f'<a href="?{LANGUAGE_PARAMETER}={tag}" lang="{tag}" hreflang="{tag}">{name}</a>' for tag, name in names.items()
    )
    return _read("page.html").substitute(
        language=language,
        title=title,
        style=_text("page.css"),
        wallet=escape(wallet),
        languages="".join(links),
        content=content,
        script=script,
    )


@cache
def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _read(name: str) -> Template:
    return Template(_text(name))


@cache
def _hash(name: str) -> str:
    digest = hashlib.sha256(_text(name).encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
