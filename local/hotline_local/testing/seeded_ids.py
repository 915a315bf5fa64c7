"""Ids that repeat."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class SeededIds:
    """A `hotline.kit.ids.IdSource`: the same seed gives the same ids. Never for ids that somebody could guess."""

    seed: int = 0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable on purpose, see the class

    def new(self, prefix: str) -> str:
        return f"{prefix}_{self._random.getrandbits(128):032x}"
