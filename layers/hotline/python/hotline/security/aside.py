"""Subjects that no rule can judge: they hold their shard for some runs, and are set aside. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hotline.kit.clock import from_text, to_text
from hotline.kit.store.condition import Item

TRIES_MAX: Final = 9
"""How often a subject that cannot be judged holds its shard: three runs, of three attempts each (the state machine)."""
ASIDE_MAX: Final = 20
"""So many subjects of a shard's stream are set aside. Where more of them fail a rule is broken, and the shard waits."""
AGAIN_AFTER: Final = timedelta(days=1)
"""How long a subject that is set aside waits for its next try, unless the rules change before."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A subject that could not be judged: its unread rows lie behind the position `after`. `rules`: the digest of the
    set of rules that failed last, at `tried_at`. `failed_at`: the position of the last row that it failed with, missing
    in older cursors."""

    after: str
    tries: int
    rules: str
    tried_at: datetime
    failed_at: str = ""

    @property
    def is_set_aside(self) -> bool:
        """Whether the shard goes on without it."""
        return self.tries >= TRIES_MAX

    def is_due(self, rules: str, now: datetime) -> bool:
        """Whether it is to be judged again."""
        return self.is_set_aside and (rules != self.rules or now - self.tried_at >= AGAIN_AFTER)

    def is_over(self, through: str) -> bool:
        """Whether it was judged in the end, where its shard has gone on as far as this. A row that it failed with is
        the proof: good rows before it, read again, are none."""
        return not self.is_set_aside and self.failed_at <= through

    def move_to(self, after: str) -> Aside:
        """The same, with rows judged up to a position."""
        return replace(self, after=max(self.after, after))

    def to_store(self) -> list[str | int]:
        """The stored form."""
        return [self.after, self.tries, self.rules, to_text(self.tried_at), self.failed_at]


def aside_from(cursor: Item | None) -> dict[str, Aside]:
    """Those of a stored cursor, by subject."""
    stored = {} if cursor is None else cursor.get("aside", {})
    return {
        subject: Aside(after, int(tries), rules, from_text(tried_at), *failed_at)
        for subject, (after, tries, rules, tried_at, *failed_at) in stored.items()
    }
