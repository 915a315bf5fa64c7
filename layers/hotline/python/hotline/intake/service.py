"""The face of intake: taking in the wallet's facts about one subject."""

from __future__ import annotations

from .folding import fold

__all__ = ["fold"]
