"""The phone: Amazon Connect flows call this function with a step and its inputs, and speak the words it answers."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.connect.envelope import request_from
from functions.connect.runner import answer
from functions.connect.settings import settings_from_environment
from hotline.kit import deadline
from hotline.kit.aws.macs import KmsMacs
from hotline.kit.doors import Context, make_store, secret_loader
from hotline.kit.start import make_at_start


def handler(event: Any, context: object) -> dict[str, str]:
    """One step of a call. Takes the contact event of Amazon Connect, gives a flat map of strings (STRING_MAP)."""
    with deadline.invocation(context):
        return answer(request_from(event), _context_of_start())


@cache
def _context_of_start() -> Context:
    settings = settings_from_environment()
    return Context(
        make_store(settings.tables),
        lookup_keys=secret_loader(settings.lookup_key_secret),
        code_keys=secret_loader(settings.code_key_secret),
        entry_keys=secret_loader(settings.entry_key_secret),
        pin_macs=KmsMacs(settings.pin_key_id),
        home_region=settings.home_region,
        time_zone=settings.time_zone,
        voice_codes=settings.voice_codes,
        wallet=settings.wallet,
        official_numbers=settings.official_numbers,
        limits=settings.limits,
        skill_queues=settings.skill_queues,
        seniors_first=settings.seniors_first,
    )


make_at_start(_context_of_start)
