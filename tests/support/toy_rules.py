"""Rules that are small enough to be seen through, and say in tests what the scan does with rules of every kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from hotline.security.detectors import Detector, Event, History, Hit, Severity, Signal, State, Stream
from hotline.security.rules import RuleSet

HOUR_MS: Final = 3_600_000


@dataclass(frozen=True)
class Limits:
    """Limits of a rule that has none that matters."""

    count: int = 1


def _every(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """Every event is a finding."""
    return (Hit(event.at_ms, event.at_ms, {"seen": 1}, (event.id,)),)


def _excluded(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """A new password is a finding, unless a code was sent in the hour before. Another device within the hour corrects
    it, and a contact point that changes then withdraws it. Another password within the hour belongs to it."""
    if signal == Signal.CODE_SENT:
        state["code"] = event.at_ms
        return ()
    begun: int = state.get("begun", -HOUR_MS)
    is_open = event.at_ms <= begun + HOUR_MS
    if signal == Signal.PASSWORD_CHANGED:
        if is_open or event.at_ms <= state.get("code", -HOUR_MS) + HOUR_MS:
            return ()
        state["begun"], state["devices"] = event.at_ms, 0
        return (Hit(event.at_ms, event.at_ms, {"devices": 0}, (event.id,)),)
    if not is_open:
        return ()
    if signal == Signal.POINT_CHANGED:
        del state["begun"]
        return (Hit(begun, begun, {"devices": state["devices"]}, withdrawn=True),)
    state["devices"] += 1
    return (Hit(begun, event.at_ms, {"devices": state["devices"]}, (event.id,)),)


def _moved(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """A login from another place than the last one is a finding. One from the same place leaves no trace."""
    place, known = event.values.get("device", ""), state.get("place")
    if place == known:
        return ()
    state["place"] = place
    return () if known is None else (Hit(event.at_ms, event.at_ms, {"moved": 1}, (event.id,)),)


def _spread(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """Three accounts that fail or pay at one subject are a finding, once."""
    accounts = state.setdefault("accounts", [])
    account = event.values.get("account", "")
    if account in accounts:
        return ()
    accounts.append(account)
    return (Hit(event.at_ms, event.at_ms, {"accounts": 3}, (event.id,)),) if len(accounts) == 3 else ()


def toy(
    step: Any,
    *signals: Signal,
    name: str = "",
    severity: Severity = Severity.MEDIUM,
    holds: bool = False,
    version: int = 1,
    stream: Stream = Stream.ACCOUNT,
) -> Detector[Limits]:
    """A detector around a step."""
    return Detector(
        rule=name or step.__name__.strip("_"),
        version=version,
        severity=severity,
        stream=stream,
        listens=frozenset(signals),
        limits=Limits(),
        is_published=True,
        holds=holds,
        runbook="",
        step=step,
        examples=(),
    )


def every(**more: Any) -> Detector[Limits]:
    """Every new password is a finding."""
    return toy(_every, Signal.PASSWORD_CHANGED, **more)


def excluded(**more: Any) -> Detector[Limits]:
    """See `_excluded`."""
    heard = (Signal.PASSWORD_CHANGED, Signal.CODE_SENT, Signal.POINT_CHANGED, Signal.DEVICE_REGISTERED)
    return toy(_excluded, *heard, **more)


def moved(**more: Any) -> Detector[Limits]:
    """See `_moved`."""
    return toy(_moved, Signal.LOGIN_SUCCEEDED, **more)


def spread(stream: Stream, *signals: Signal, **more: Any) -> Detector[Limits]:
    """See `_spread`."""
    return toy(_spread, *signals, stream=stream, name=f"spread_{stream.name.lower()}", **more)


def rules_of(*detectors: Detector[Any]) -> RuleSet:
    """A set of detectors with the limits that they ship with."""
    return RuleSet.of((detector, detector.limits) for detector in detectors)
