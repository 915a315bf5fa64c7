"""An account's own history: what is usual for it, kept in a few numbers. Pure.

Every rule about money measures against it. It also reads movements: the wallet tells a movement several times, and the
history says once that money left, came, or came back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

OUTWARD_KINDS: Final = frozenset({"payment", "transfer", "bill_payment", "withdrawal"})
LEFT: Final = frozenset({"authorised", "succeeded", "unknown"})
"""Money has left, is held to leave, or may have left."""
CAME: Final = frozenset({"succeeded"})
"""Money that is only on its way has not come."""

MOVEMENTS_MAX: Final = 64
"""So many movements are known again when the wallet tells them a second time."""
PARTIES_MAX: Final = 64
DEVICES_MAX: Final = 16
SPENDING_MAX: Final = 64
"""So many movements of the last day are kept for the sums of an hour and of a day."""
SEVERAL: Final = 3
"""Fewer movements of a day are nobody's haste, and most days have fewer: their sums are not computed."""
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
HALF_LIFE_MS: Final = 30 * DAY_MS
"""The weight of an amount in what is usual halves in a month: habits change."""
LEARNED_RATIO_MAX: Final = 3.0
"""An amount teaches at most this multiple of what is usual. A thief must not make large amounts usual in one go."""
HOURS_MAX: Final = 240
"""The counts of hours are halved at this sum, so that old habits fade."""
RECORD_HALF_LIFE_MS: Final = 3 * DAY_MS
"""Of a record all counts half after three days: a terminal is repaired, a leaked card replaced. Labels come a week late
already, so what they tell is old."""
LABELS_MAX: Final = 64
"""So many confirmed frauds are known again when the wallet tells them a second time."""


class History:
    """The history of one account up to and with the event that was taken last.

    The attributes below `# of the event` speak of that event alone and are not stored.
    """

    __slots__ = (
        "amount_minor",
        "balance_before_minor",
        "balances",
        "born_ms",
        "came_ms",
        "currency",
        "day_count",
        "day_minor",
        "devices",
        "frauds",
        "hour_before",
        "hour_count",
        "hour_minor",
        "hours",
        "is_balance_told",
        "is_first_device",
        "is_first_party",
        "known_party_count",
        "labels",
        "movements",
        "parties",
        "per_day_before",
        "spending",
        "usual",
        "usual_before",
    )

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        stored = stored or {}
        self.born_ms: int = stored.get("born", 0)
        self.movements: dict[str, list[int]] = stored.get("movements", {})
        """Movement id to [version, whether its money has moved]."""
        self.parties: dict[str, int] = stored.get("parties", {})
        """Payee or merchant to the time of the last movement to it, the longest unpaid first."""
        self.devices: dict[str, int] = stored.get("devices", {})
        self.usual: dict[str, list[float]] = stored.get("usual", {})
        """Currency to [weight, mean, mean square, mean of the logarithm, its mean square, time, largest amount]."""
        self.balances: dict[str, list[int]] = stored.get("balances", {})
        """Currency to [balance in minor units, its time]."""
        self.spending: list[list[Any]] = stored.get("spending", [])
        """[time, amount, currency, party] of the outward movements of the last day."""
        self.came_ms: int = stored.get("came", 0)
        self.hours: list[int] = stored.get("hours", [])
        """Outward movements by the hour of the day (UTC), and their sum as a 25th number; empty before the first."""
        self.frauds: list[float] = stored.get("frauds", [])
        """[weight of confirmed frauds, time]; empty without any."""
        self.labels: dict[str, int] = stored.get("labels", {})
        """Movements that are confirmed as fraud, to the time of the label."""
        # of the event
        self.amount_minor = 0
        self.currency = ""
        self.is_first_party = False
        self.is_first_device = False
        self.known_party_count = 0
        self.balance_before_minor: int | None = None
        self.is_balance_told = False
        """The balance before the movement was known without the movement's own figures."""
        self.hour_count = 0
        """Outward movements of the last hour in the currency of this one, and with it; 0 below SEVERAL in a day."""
        self.hour_minor = 0
        self.day_count = 0
        self.day_minor = 0
        self.per_day_before = 0.0
        """So many movements usually leave in a day, by those before; 0 below SEVERAL in a day."""
        self.hour_before = 0.0
        """The share of earlier movements in the hour of this one and its two neighbours, from 0 to 1."""
        self.usual_before: list[float] | None = None

    def store(self) -> dict[str, Any]:
        """The stored form: a JSON value that shares nothing that this object changes later, once it is written out."""
        stored = {
            "born": self.born_ms,
            "movements": self.movements,
            "parties": self.parties,
            "devices": self.devices,
            "usual": self.usual,
            "balances": self.balances,
            "spending": self.spending,
            "came": self.came_ms,
            "hours": self.hours,
            "frauds": self.frauds,
            "labels": self.labels,
        }
        return {name: value for name, value in stored.items() if value}

    def take(self, type_: str, at_ms: int, values: Mapping[str, Any]) -> str | None:
        """Take in an event. Returns the signal that it is, or None when it tells nothing new."""
        if not self.born_ms:
            self.born_ms = at_ms
        if "movement_id" in values:
            # A refund has the id of its movement and a status too, but no kind.
            if "kind" in values:
                return self._take_movement(at_ms, values)
            if type_ == "transaction.confirmed_fraud":
                return type_ if self._take_label(at_ms, values["movement_id"]) else None
            return type_
        device = values.get("device")
        if device is not None and type_ != "login.failed":
            self.is_first_device = device not in self.devices
            _remember(self.devices, device, at_ms, DEVICES_MAX)
        if type_ == "funds.balance_changed":
            self.balances[values["currency"]] = [values["balance_minor"], at_ms]
            return None
        return type_

    def _take_movement(self, at_ms: int, values: Mapping[str, Any]) -> str | None:
        movement_id, version, status = values["movement_id"], values["version"], values["status"]
        known = self.movements.get(movement_id)
        if known is not None and version <= known[0]:
            return None
        is_outward = values["kind"] in OUTWARD_KINDS and values.get("direction") != "in"
        moves = status in (LEFT if is_outward else CAME)
        had_moved = known is not None and bool(known[1])
        if known is None and len(self.movements) >= MOVEMENTS_MAX:
            del self.movements[next(iter(self.movements))]
        self.movements[movement_id] = [version, int(moves or (had_moved and status in LEFT))]
        if had_moved:
            return None if status in LEFT else "money.undone"
        if not moves:
            return "money.failed" if status == "failed" and is_outward else None
        self._count(at_ms, values, is_outward=is_outward)
        return "money.left" if is_outward else "money.came"

    def _take_label(self, at_ms: int, movement_id: str) -> bool:
        """Count a confirmed fraud; whether it is a new one."""
        labels = self.labels
        if movement_id in labels:
            return False
        if len(labels) >= LABELS_MAX:
            del labels[next(iter(labels))]
        labels[movement_id] = at_ms
        self.frauds = [self.fraud_weight(at_ms) + 1.0, at_ms]
        return True

    def fraud_weight(self, at_ms: int) -> float:
        """How many frauds were confirmed up to the moment. Each counts half after RECORD_HALF_LIFE_MS."""
        frauds = self.frauds
        return frauds[0] * math.exp2((frauds[1] - at_ms) / RECORD_HALF_LIFE_MS) if frauds else 0.0

    def _count(self, at_ms: int, values: Mapping[str, Any], *, is_outward: bool) -> None:
        self.amount_minor = amount = values["amount_minor"]
        self.currency = currency = values["currency"]
        after = values.get("balance_after_minor")
        sign = -amount if is_outward else amount
        known = self.balances.get(currency)
        # The wallet's own figure of a moment ago beats what is computed back from the one after.
        self.is_balance_told = known is not None
        self.balance_before_minor = known[0] if known is not None else None if after is None else after - sign
        if after is not None:
            self.balances[currency] = [after, at_ms]
        elif known is not None:
            self.balances[currency] = [known[0] + sign, at_ms]
        if not is_outward:
            self.came_ms = at_ms
            return
        party = values.get("party")
        self.is_first_party = party is not None and party not in self.parties
        self.known_party_count = len(self.parties)
        if party is not None:
            _remember(self.parties, party, at_ms, PARTIES_MAX)
        spending = self.spending
        spending.append([at_ms, amount, currency, party])
        drop = max(0, len(spending) - SPENDING_MAX)
        while spending[drop][0] < at_ms - DAY_MS:
            drop += 1
        if drop:
            del spending[:drop]
        self._learn_hour(at_ms // HOUR_MS % 24)
        self._learn(at_ms, amount, currency)
        if len(spending) < SEVERAL:
            self.hour_count = self.day_count = self.hour_minor = self.day_minor = 0
            self.per_day_before = 0.0
        else:
            self._add_up(at_ms, currency)

    def _add_up(self, at_ms: int, currency: str) -> None:
        hour_ms = at_ms - HOUR_MS
        hour_count = day_count = hour_minor = day_minor = 0
        for when_ms, amount, of, _ in self.spending:
            if of == currency:
                day_count += 1
                day_minor += amount
                if when_ms >= hour_ms:
                    hour_count += 1
                    hour_minor += amount
        self.hour_count, self.day_count = hour_count, day_count
        self.hour_minor, self.day_minor = hour_minor, day_minor
        self.per_day_before = self.left_per_day(at_ms)

    def _learn_hour(self, hour: int) -> None:
        hours = self.hours
        if not hours:
            hours = self.hours = [0] * 25
        total = hours[24]
        near = hours[(hour - 1) % 24] + hours[hour] + hours[(hour + 1) % 24]
        self.hour_before = near / total if total else 0.0
        hours[hour] += 1
        hours[24] = total + 1
        if total >= HOURS_MAX:
            hours[:24] = [count >> 1 for count in hours[:24]]
            hours[24] = sum(hours[:24])

    def _learn(self, at_ms: int, amount: int, currency: str) -> None:
        """Blend the amount into what is usual; keep what was usual before it for whoever judges the movement."""
        usual = self.usual.get(currency)
        self.usual_before = usual
        if usual is None:
            log = math.log(amount) if amount > 0 else 0.0
            self.usual[currency] = [1.0, float(amount), float(amount) * amount, log, log * log, at_ms, amount]
            return
        weight, mean, square, mean_log, square_log, last_ms, largest = usual
        weight *= 0.5 ** ((at_ms - last_ms) / HALF_LIFE_MS)
        total = weight + 1.0
        share = 1.0 / total
        learned = min(amount, mean * LEARNED_RATIO_MAX)
        log = math.log(learned) if learned > 0 else 0.0
        self.usual[currency] = [
            total,
            mean + (learned - mean) * share,
            square + (learned * learned - square) * share,
            mean_log + (log - mean_log) * share,
            square_log + (log * log - square_log) * share,
            at_ms,
            max(largest, amount),
        ]

    def left_per_day(self, at_ms: int) -> float:
        """How many movements usually leave in a day in the event's currency, by those before the event."""
        before = self.usual_before
        if before is None:
            return 0.0
        weight = before[0] * math.exp2((before[5] - at_ms) / HALF_LIFE_MS)
        age = max(at_ms - self.born_ms, DAY_MS) / HALF_LIFE_MS
        return weight * math.log(2) * DAY_MS / (HALF_LIFE_MS * (1.0 - math.exp2(-age)))

    def count_left(self, at_ms: int, span_ms: int) -> int:
        """How many movements left within the span before the moment, at most SPENDING_MAX."""
        return sum(1 for entry in self.spending if entry[0] >= at_ms - span_ms)

    def sum_left(self, at_ms: int, span_ms: int, currency: str) -> int:
        """The money that left within the span before the moment in one currency, in its minor unit."""
        oldest_ms = at_ms - span_ms
        return sum(entry[1] for entry in self.spending if entry[0] >= oldest_ms and entry[2] == currency)

    def ratio_to_usual(self) -> float | None:
        """The amount of the event by the mean of those before it; None without any."""
        before = self.usual_before
        return None if before is None or before[1] <= 0 else self.amount_minor / before[1]

    def deviations_from_usual(self, *, floor: float = 0.25) -> float | None:
        """How many standard deviations the logarithm of the event's amount lies above the mean of those before it. The
        deviation counts as at least `floor`. None without any amount before."""
        before = self.usual_before
        if before is None or self.amount_minor <= 0:
            return None
        spread = math.sqrt(max(0.0, before[4] - before[3] * before[3]))
        return (math.log(self.amount_minor) - before[3]) / max(spread, floor)


def _remember(known: dict[str, int], name: str, at_ms: int, kept_max: int) -> None:
    known.pop(name, None)
    if len(known) >= kept_max:
        del known[next(iter(known))]
    known[name] = at_ms


class PartyHistory(History):
    """The history of whoever gets the money: how much was paid, and what of it is confirmed as fraud.

    Of the attributes of an account's history it keeps movements, labels and frauds alone.
    """

    __slots__ = ("payments", "payments_before")

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        super().__init__(stored)
        self.payments: list[float] = (stored or {}).get("payments", [])
        """[weight of the movements to the party, time]; empty before the first."""
        self.payments_before = 0.0

    def store(self) -> dict[str, Any]:
        """See `History.store`."""
        stored = super().store()
        return {**stored, "payments": self.payments} if self.payments else stored

    def _count(self, at_ms: int, values: Mapping[str, Any], *, is_outward: bool) -> None:
        self.amount_minor = values["amount_minor"]
        self.currency = values["currency"]
        if is_outward:
            payments = self.payments
            before = payments[0] * math.exp2((payments[1] - at_ms) / RECORD_HALF_LIFE_MS) if payments else 0.0
            self.payments_before = before
            self.payments = [before + 1.0, at_ms]
