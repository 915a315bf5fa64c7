"""Text messages and e-mail. Both say the same sentences; an e-mail has a subject and a line for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hotline.kit.languages import LANGUAGES

from .catalogue import find, sentences
from .rendering import render_written
from .values import Locale


@dataclass(frozen=True, slots=True)
class Email:
    """Plain text; the subject has one line."""

    subject: str
    body: str


def is_known(message: str, language: str) -> bool:
    """Whether the catalogue has this message."""
    return find(f"message.{message}", language) is not None


def text_message(message: str, facts: Mapping[str, object], locale: Locale) -> str:
    """A text message, the wallet's name first and the official number last. Raises LookupError for an unknown one."""
    return _gap(locale).join([*_say("message.sender", facts, locale), *_content(message, facts, locale)])


def email(message: str, facts: Mapping[str, object], locale: Locale) -> Email:
    """An e-mail in plain text: no links, since nobody should learn to follow them. Raises LookupError."""
    subject = _gap(locale).join(
        [*_say("message.sender", facts, locale), *_say(f"message.{message}.subject", facts, locale)]
    )
    return Email(subject, "\n\n".join(_content(message, facts, locale)) + "\n")


def plain_text(key: str, facts: Mapping[str, object], locale: Locale) -> str:
    """Any message of the catalogue as written text, with the sentences whose facts are known; empty for a key that the
    catalogue does not have."""
    return _gap(locale).join(_say(key, facts, locale)) if find(key, locale.language) is not None else ""


def join(texts: Iterable[str], locale: Locale) -> str:
    """Several texts as one, without the empty ones."""
    return _gap(locale).join(text for text in texts if text)


def _gap(locale: Locale) -> str:
    return LANGUAGES[locale.language].gap


def _content(message: str, facts: Mapping[str, object], locale: Locale) -> list[str]:
    """The sentences of a message, what all have, and before that `message.last` where no more of its kind follow. Its
    family may have a sentence of its own for that, such as `message.last.bill`."""
    own = f"message.last.{message.partition('.')[0]}"
    last = own if find(own, locale.language) is not None else "message.last"
    return [
        *_say(f"message.{message}", facts, locale),
        *_say(last, facts, locale),
        *_say("message.footer", facts, locale),
    ]


def _say(key: str, facts: Mapping[str, object], locale: Locale) -> list[str]:
    text = find(key, locale.language)
    if text is None:
        raise LookupError(key)

    def words(name: str) -> str | None:
        value = facts.get(name)
        return None if value is None else render_written(value, locale)

    return list(sentences(text, words))
