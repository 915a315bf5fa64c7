"""Every word of a person upon a finding in every state, also after other words and other events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Final

import pytest

from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.errors import Stale
from hotline.kit.store.condition import Item
from hotline.security import service as security
from hotline.security.detectors import Stream
from hotline.security.findings import Kind
from hotline.security.items import ATTENTION, LISTED, finding_key, state_of
from hotline.security.model import FINDING_LIFE, FindingState, Verdict
from tests.support import found
from tests.support.lock_desk import ACCOUNT, NOON
from tests.support.scan_runs import ScanWorld
from tests.support.sweeps import sweep

S, V = FindingState, Verdict
HOUR: Final = timedelta(hours=1)
NOW: Final = timedelta()
RULE: Final = "failed_login_burst"
STREAMS: Final = (Stream.ACCOUNT, Stream.SOURCE)


class Life:
    """One finding that the scan and people act upon. `said`: the word of a person that a history is about."""

    def __init__(self, stream: Stream, said: Verdict) -> None:
        self.said = said
        self.world = ScanWorld()
        self.world.desk.open_account(points=2)
        self.of = found.finding_of("f1", NOON, account_id=ACCOUNT, rule=RULE, stream=stream)

    def begin_step(self, kind: Kind, after: timedelta = NOW, *, holds: bool = False) -> Change:
        """A step of the scan, before its commit. `after`: the newest event of the pattern behind the first one."""
        grown = replace(self.of, window_end=NOON + after, event_ids=(f"event-{after}",), holds=holds)
        return found.begin_step(self.world.store, self.world.ids, self.world.clock.now(), kind, grown)

    def raise_(self, after: timedelta = NOW, *, holds: bool = False) -> None:
        self.begin_step(Kind.RAISE, after, holds=holds).commit(self.world.store)

    def correct(self, after: timedelta) -> None:
        self.begin_step(Kind.CORRECT, after).commit(self.world.store)

    def withdraw(self) -> None:
        self.begin_step(Kind.WITHDRAW).commit(self.world.store)

    def suppress(self) -> None:
        """Suppress the rule for an hour."""
        world, stream = self.world, self.of.stream
        now = world.clock.now()
        found.suppress(
            world.store, world.ids, RULE, account_id=ACCOUNT, now=now, since=NOON, until=NOON + HOUR, stream=stream
        )

    def expire(self) -> None:
        self.world.clock.advance(FINDING_LIFE + HOUR)

    def begin_word(self, verdict: Verdict) -> Change:
        """A word of a person, before its commit."""
        subject, finding_id, stream = self.of.subject, self.of.id, self.of.stream
        change = Change(actor=Agent("agent-1", "-"), cause="judge", now=self.world.clock.now(), ids=self.world.ids)
        read = self.world.store.batch_get(list(security.verdict_keys(subject, finding_id, stream)))
        security.contribute_verdict(
            change, read, subject, finding_id, verdict, judged_by="agent-1", zone="UTC", stream=stream
        )
        return change

    def judge(self, verdict: Verdict | None = None) -> None:
        """Say the word, `said` by default."""
        self.begin_word(verdict or self.said).commit(self.world.store)

    @property
    def stored(self) -> Item:
        item = self.world.store.get(finding_key(self.of))
        assert item is not None
        return item

    @property
    def state(self) -> FindingState:
        return state_of(self.stored, self.world.clock.now())


DEEDS: Final[Mapping[str, Callable[[Life], None]]] = {
    "raised": Life.raise_,
    "more": lambda life: life.correct(HOUR / 2),
    "gone on": lambda life: life.correct(2 * HOUR),
    "withdrawn": Life.withdraw,
    "suppressed": Life.suppress,
    "expired": Life.expire,
    "judged": Life.judge,
    "dismissed": lambda life: life.judge(V.FALSE_ALARM),
    "unclear": lambda life: life.judge(V.UNCLEAR),
}
RAISED: Final = {
    "raised": S.OPEN,
    "raised, unclear": S.ACKNOWLEDGED,
    "raised, judged": S.RESOLVED,
    "raised, expired": S.EXPIRED,
    "raised, withdrawn, judged, raised": S.RESOLVED,
    "raised, judged, withdrawn, raised": S.RESOLVED,
    "suppressed, raised, judged, gone on": S.RESOLVED,
}
"""The lives of a finding whose pattern holds and is not suppressed, with the state that it has then."""
WITHDRAWN: Final = {
    "raised, withdrawn": S.WITHDRAWN,
    "raised, unclear, withdrawn": S.WITHDRAWN,
    "raised, withdrawn, judged": S.RESOLVED,
    "raised, judged, withdrawn": S.RESOLVED,
    "raised, judged, withdrawn, withdrawn": S.RESOLVED,
    "suppressed, raised, judged, withdrawn": S.RESOLVED,
    "raised, withdrawn, judged, unclear, judged": S.RESOLVED,
}
"""The same of one whose pattern does not hold."""
SUPPRESSED: Final = {
    "suppressed, raised": S.SUPPRESSED,
    "suppressed, raised, judged": S.RESOLVED,
    "suppressed, raised, dismissed, judged": S.RESOLVED,
    "suppressed, raised, judged, unclear, judged": S.RESOLVED,
    "suppressed, raised, judged, more": S.RESOLVED,
    "raised, withdrawn, suppressed, raised, judged": S.RESOLVED,
    "raised, withdrawn, judged, suppressed, raised": S.RESOLVED,
}
"""The same of one whose pattern is suppressed."""
LEFT: Final = (
    dict.fromkeys(RAISED, S.ACKNOWLEDGED)
    | dict.fromkeys(WITHDRAWN, S.WITHDRAWN)
    | dict.fromkeys(SUPPRESSED, S.SUPPRESSED)
)
"""The state in which the word `unclear` leaves each."""
BEFORE: Final = RAISED | WITHDRAWN | SUPPRESSED
SAID: Final = (V.CONFIRMED, V.FALSE_ALARM)


def live(happened: str, stream: Stream, said: Verdict) -> Life:
    life = Life(stream, said)
    for deed in happened.split(", "):
        DEEDS[deed](life)
    assert life.state is BEFORE[happened]
    return life


@sweep(("happened", "stream", "said", "verdict"), [*product(BEFORE, STREAMS, SAID, Verdict)])
def test_a_word_leads_to_its_state_and_unclear_leaves_what_nobody_is_told_of(
    happened: str, stream: Stream, said: Verdict, verdict: Verdict
) -> None:
    life = live(happened, stream, said)
    life.judge(verdict)
    assert life.state is (LEFT[happened] if verdict is V.UNCLEAR else S.RESOLVED)
    assert life.stored["verdict"] == verdict.value
    place = LISTED if stream is Stream.ACCOUNT else ATTENTION
    assert (place[0] in life.stored) is (life.state is S.ACKNOWLEDGED)
    assert security.list_told_findings(life.world.store, ACCOUNT, life.world.clock.now()) == ()


def test_one_that_was_told_with_its_hold_waits_as_any_other() -> None:
    for verdict, state in ((V.CONFIRMED, S.RESOLVED), (V.FALSE_ALARM, S.RESOLVED), (V.UNCLEAR, S.ACKNOWLEDGED)):
        life = Life(Stream.ACCOUNT, verdict)
        life.raise_(holds=True)
        told = life.state
        life.judge()
        assert (told, life.state) == (S.TOLD, state)


def test_every_state_is_judged() -> None:
    assert {*BEFORE.values(), S.TOLD} == {*FindingState}


@sweep(("happened", "stream", "said"), [*product(WITHDRAWN | SUPPRESSED, STREAMS, SAID)])
def test_a_finding_that_is_left_is_raised_when_it_comes_back_or_goes_on(
    happened: str, stream: Stream, said: Verdict
) -> None:
    life = live(happened, stream, said)
    life.judge(V.UNCLEAR)
    life.raise_(after=2 * HOUR)
    assert ATTENTION[0] in life.stored
    raised = life.state
    life.judge(V.UNCLEAR)
    assert (raised, life.state) == (S.OPEN, S.ACKNOWLEDGED)


# ---------------------------------------------------------------- at the same time


@pytest.mark.parametrize(
    ("happened", "kind", "after"),
    [
        ("raised, judged", Kind.WITHDRAW, NOW),
        ("raised, withdrawn, judged", Kind.RAISE, NOW),
        ("suppressed, raised, judged", Kind.CORRECT, 2 * HOUR),
        ("suppressed, raised, judged", Kind.WITHDRAW, NOW),
    ],
)
def test_a_word_and_a_step_that_do_not_know_of_each_other_are_not_both_made(
    happened: str, kind: Kind, after: timedelta
) -> None:
    first = live(happened, Stream.ACCOUNT, V.CONFIRMED)
    word = first.begin_word(V.UNCLEAR)
    first.begin_step(kind, after).commit(first.world.store)
    with pytest.raises(Stale):
        word.commit(first.world.store)
    second = live(happened, Stream.ACCOUNT, V.CONFIRMED)
    step = second.begin_step(kind, after)
    second.judge(V.UNCLEAR)
    with pytest.raises(Stale):
        step.commit(second.world.store)


def test_a_finding_that_is_suppressed_meanwhile_is_judged_anew() -> None:
    life = live("raised, withdrawn", Stream.ACCOUNT, V.CONFIRMED)
    life.suppress()
    word = life.begin_word(V.CONFIRMED)
    life.raise_()
    assert life.state is S.SUPPRESSED
    with pytest.raises(Stale):
        word.commit(life.world.store)
