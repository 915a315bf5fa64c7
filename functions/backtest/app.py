"""One step of a backtest over objects in S3: Step Functions -> here."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.backtest.settings import settings_from_environment
from functions.backtest.step import answer
from hotline.kit.aws.objects import S3Objects
from hotline.kit.start import make_at_start


def handler(event: object, _context: object) -> dict[str, Any]:
    """Take the step that the event names. Raises what the state machine is to try again, or to report."""
    return answer(event, _objects_of_start())


@cache
def _objects_of_start() -> S3Objects:
    return S3Objects(settings_from_environment().bucket)


make_at_start(settings_from_environment)
