"""How long a session lasts, and what of it is kept. Pure."""

from __future__ import annotations

from datetime import timedelta

RESUME_WITHIN = timedelta(minutes=10)
"""A transferred call keeps its level when its last step is younger than this."""
CALL_LIFE = timedelta(hours=24)
TURNS_KEPT = 4
OFFERS_KEPT = 3
