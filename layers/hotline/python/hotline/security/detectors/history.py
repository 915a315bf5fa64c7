"""An account's own history: what is usual for it, kept in a few numbers. Pure.

Every rule about money measures against it. It also reads movements: the wallet tells a movement several times, and the
history says once that money left, came, or came back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .marks import mark

OUTWARD_KINDS: Final = frozenset({"payment", "transfer", "bill_payment", "withdrawal"})
LEFT: Final = frozenset({"authorised", "succeeded", "unknown"})
"""Money has left, is held to leave, or may have left."""
SUCCEEDED: Final = "succeeded"
CAME: Final = frozenset({SUCCEEDED})
"""Money that is only on its way has not come."""
LEFT_SIGNAL: Final = "money.left"
CAME_SIGNAL: Final = "money.came"
UNDONE_SIGNAL: Final = "money.undone"
FAILED_SIGNAL: Final = "money.failed"
TOLD_AGAIN: Final = "money.told_again"
"""A movement whose money has left, or come, is told once more."""
CHANGED_SIGNAL: Final = "money.changed"
"""A movement was authorised with one amount, and now has another one: two signals, that it is undone and that money has
left."""
LOST_SIGNAL: Final = "money.lost"
"""A movement that is not known, or not any more, has failed: two signals, that it is undone and that it has failed."""
CONFIRMED_SIGNAL: Final = "transaction.confirmed_fraud"
RETRACTED_SIGNAL: Final = "transaction.fraud_retracted"
BY_PEOPLE: Final = "by_people"
"""Marks a label that comes from a verdict on a finding, not from the wallet's facts."""

MOVEMENTS_MAX: Final = 26
"""So many movements of an account are known again when the wallet tells them a second time. Each is five bytes that
every write of a watch pays for, and twice as many made most writes two units."""
PARTY_MOVEMENTS_MAX: Final = 64
"""The same of a party. A merchant has as many in a day."""
PARTIES_MAX: Final = 64
PAYEES_MAX: Final = PARTIES_MAX // 2
"""So many of them are people and agents who were sent money, while there are as many shops. Somebody pays more shops in
a month than that, and one landlord."""
PAYEE_KINDS: Final = frozenset({"transfer", "withdrawal"})
"""Movements whose other side is a payee, where they name one, also beside a merchant."""
SPENDING_MAX: Final = 64
"""So many movements of the last day are kept for the sums of an hour and of a day."""
AMENDED_RATIO: Final = 1.25
"""An amount that ends up to a quarter higher or lower than it was authorised counts as it was: a tip, a fee, a rate."""
SEVERAL: Final = 3
"""Fewer movements of a day are nobody's haste, and most days have fewer: their sums are not computed."""
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
HALF_LIFE_MS: Final = 30 * DAY_MS
"""The weight of an amount in what is usual halves in a month: habits change."""
LEARNED_RATIO_MAX: Final = 3.0
"""An amount teaches at most this multiple of what is usual. A thief must not make large amounts usual in one go."""
WEIGHT_MIN: Final = 0.01
"""Less than this is left of a history without any other movement, by rounding."""
EXCESS_RATIO: Final = 2.0
"""Less than this multiple of the mean is no excess: EXCESS_FROM deviations of SPREAD_FLOOR of the mean each."""
EXCESS_FROM: Final = 2.5
"""So many deviations above the account's own mean are no excess yet."""
EXCESS_MAX: Final = 9.0
"""The most that one amount counts. So one alone, however large, is not as much as several."""
SPREAD_FLOOR: Final = 0.4
"""The deviation of an account's amounts counts as at least this multiple of the mean."""
EXCESS_WEIGHT_MIN: Final = 16.0
"""The weight of earlier movements from which on an amount can be an excess. The mean of an account that began with tiny
amounts grows slowly (LEARNED_RATIO_MAX), and is small until then."""
EXCESS_HALF_LIFE_MS: Final = DAY_MS
"""A stolen card is used up within a day or two, before its owner looks."""
_PAYEE: Final = 6
"""The place of the payee's mark in an entry of `spending`."""
EXCESS_MIN: Final = 0.1
"""Less than this is forgotten."""
HOURS_MAX: Final = 240
"""The counts of hours are halved at this sum, so that old habits fade."""
RECORD_HALF_LIFE_MS: Final = 3 * DAY_MS
"""Of a record all counts half after three days: a terminal is repaired, a leaked card replaced. Labels come a week late
already, so what they tell is old."""
LABELS_MAX: Final = 64
"""So many confirmed frauds are known again when the wallet tells them a second time."""
FRAUD_MIN: Final = 1e-6
"""Less weight than this is a rounding error, or two months old."""


class FraudRecord:
    """The part of a history that is confirmed as fraud, and who says so. Accounts and parties have one each.

    It is a base and no part of its own: one object less for each subject, and attributes that are read at once.
    """

    __slots__ = ("frauds", "labels", "words")

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.frauds: list[float] = stored.get("frauds", [])
        """[weight of confirmed frauds, time]; empty without any."""
        self.labels: dict[str, int] = stored.get("labels", {})
        """Movements that are confirmed as fraud, to the time of the label."""
        self.words: dict[str, int] = stored.get("words", {})
        """Movement id to the authors of its label: 1 for the wallet, and 2 for each confirmed finding. A label of the
        wallet alone is not listed."""

    def _read_label(self, type_: str, at_ms: int, values: Mapping[str, Any]) -> str | None:
        """The signal that an event without a kind is; None of a label, or its end, that changes no count."""
        if type_ == CONFIRMED_SIGNAL:
            is_new = self._take_label(at_ms, values["movement_id"], by_people=BY_PEOPLE in values)
        elif type_ == RETRACTED_SIGNAL:
            is_new = self._end_label(at_ms, values["movement_id"], by_people=BY_PEOPLE in values)
        else:
            is_new = True
        return type_ if is_new else None

    def _take_label(self, at_ms: int, movement_id: str, *, by_people: bool) -> bool:
        """Count a confirmed fraud; whether it is a new one. Its authors are known, since each may take it back."""
        labels, words = self.labels, self.words
        is_new = movement_id not in labels
        said = 0 if is_new else words.get(movement_id, 1)
        said = said + 2 if by_people else said | 1
        if is_new:
            if len(labels) >= LABELS_MAX:
                oldest = next(iter(labels))
                del labels[oldest]
                words.pop(oldest, None)
            labels[movement_id] = at_ms
            self.frauds = [self.fraud_weight(at_ms) + 1.0, at_ms]
        if said != 1:
            words[movement_id] = said
        return is_new

    def _end_label(self, at_ms: int, movement_id: str, *, by_people: bool) -> bool:
        """Take back somebody's word that a movement was fraud; whether nobody else says so, so that it counts no more.
        The weight that is left of it goes. Words that were never given end nothing."""
        labels, words = self.labels, self.words
        if movement_id not in labels:
            return False
        said = words.pop(movement_id, 1)
        said = said - 2 if by_people and said > 1 else said if by_people else said & ~1
        if said:
            if said != 1:
                words[movement_id] = said
            return False
        since_ms = labels.pop(movement_id)
        left = self.fraud_weight(at_ms) - math.exp2((since_ms - at_ms) / RECORD_HALF_LIFE_MS)
        self.frauds = [left, at_ms] if left > FRAUD_MIN else []
        return True

    def fraud_weight(self, at_ms: int) -> float:
        """How many frauds were confirmed up to the moment. Each counts half after RECORD_HALF_LIFE_MS."""
        frauds = self.frauds
        return frauds[0] * math.exp2((frauds[1] - at_ms) / RECORD_HALF_LIFE_MS) if frauds else 0.0


class History(FraudRecord):
    """The history of one account up to and with the event that was taken last.

    The attributes below `# of the event` speak of that event alone and are not stored.
    """

    __slots__ = (
        "_days",
        "_hour",
        "amount_minor",
        "balance_before_minor",
        "balances",
        "born_ms",
        "came_ms",
        "currency",
        "day_count",
        "day_minor",
        "excess",
        "excess_before",
        "excess_own",
        "held",
        "hours",
        "is_balance_told",
        "is_first_party",
        "known_party_count",
        "movements",
        "parties",
        "spending",
        "usual",
        "usual_before",
    )

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        super().__init__(stored or {})
        self.born_ms = 0
        self.movements: dict[str, int] = {}
        """Movement id to twice its version, and one more once its money has moved."""
        self.held: dict[str, int] = {}
        """The amounts of those whose money has left and that have not succeeded yet."""
        self.parties: dict[str, bool] = {}
        """The parties that were paid, the longest unpaid first, and whether they are payees: were sent money."""
        self.usual: dict[str, Sequence[float]] = {}
        """Currency to [weight, mean, mean square, mean of the logarithm, its mean square, time]."""
        self.balances: dict[str, list[int]] = {}
        """Currency to [balance in minor units, its time]."""
        self.spending: list[Sequence[Any]] = []
        """[time, amount, currency, movement, what it taught] of the outward movements of the last day. Its excess where
        it has one, and then the mark of a payee that was sent nothing else."""
        self._days: dict[str, list[int]] = {}
        """Currency to [number, sum] of `spending`. A currency without any may stay."""
        self.came_ms = 0
        # A list is read faster, and is slower in all: the cache of the processor holds fewer memories.
        self.hours = bytearray()
        """Outward movements by the hour of the day (UTC), and their sum as a 25th number; empty before the first."""
        self.excess: list[float] = []
        """[sum, time]: by how many deviations amounts of late lay above what is usual, beyond EXCESS_FROM each. Half of
        it counts after EXCESS_HALF_LIFE_MS; empty without any."""
        if stored:
            self._read_stored(stored)
        # of the event
        self.amount_minor = 0
        self.currency = ""
        self.is_first_party = False
        self.known_party_count = 0
        self.balance_before_minor: int | None = None
        self.is_balance_told = False
        """The balance before the movement was known without the movement's own figures."""
        self.day_count = 0
        """Outward movements of the last day in the currency of this one, and with it; 0 below SEVERAL in the day. Their
        sum means nothing then."""
        self.day_minor = 0
        self._hour = 0
        self.usual_before: Sequence[float] | None = None
        self.excess_before = 0.0
        """The excess of the movements before it, as it counts at its time."""
        self.excess_own = 0.0
        """Its own excess; 0 for a transfer to somebody who was paid before, since rent is far above all else."""

    def _read_stored(self, stored: Mapping[str, Any]) -> None:
        self.born_ms = stored.get("born", 0)
        self.movements = stored.get("movements", {})
        self.held = stored.get("held", {})
        self.parties = dict.fromkeys(stored.get("parties", ()), False) | dict.fromkeys(stored.get("to", ()), True)
        self.usual = stored.get("usual", {})
        self.balances = stored.get("balances", {})
        self.spending = stored.get("spending", [])
        for entry in self.spending:
            day = self._days.setdefault(entry[2], [0, 0])
            day[0] += 1
            day[1] += entry[1]
        self.came_ms = stored.get("came", 0)
        self.hours = bytearray(stored.get("hours", ()))
        self.excess = stored.get("excess", [])

    def store(self) -> dict[str, Any]:
        """The stored form: a JSON value that shares nothing that this object changes later, once it is written out."""
        stored = {
            "born": self.born_ms,
            "movements": self.movements,
            "held": self.held,
            "parties": [party for party, is_payee in self.parties.items() if not is_payee],
            # A short name: a longer one made some writes two units.
            "to": [party for party, is_payee in self.parties.items() if is_payee],
            "usual": self.usual,
            "balances": self.balances,
            "spending": self.spending,
            "came": self.came_ms,
            "hours": list(self.hours),
            "excess": self.excess,
            "frauds": self.frauds,
            "labels": self.labels,
            "words": self.words,
        }
        return {name: value for name, value in stored.items() if value}

    def take(self, type_: str, at_ms: int, values: Mapping[str, Any]) -> str | None:
        """Take in an event. Returns the signal that it is, or None when it tells nothing new."""
        if not self.born_ms:
            self.born_ms = at_ms
        if "movement_id" in values:
            # A refund has the id of its movement and a status too, but no kind.
            if "kind" in values:
                signal = read_movement(self.movements, values, MOVEMENTS_MAX, self.held)
                if signal == LEFT_SIGNAL:
                    self.count_left(at_ms, values)
                elif signal == CAME_SIGNAL:
                    self._count_came(at_ms, values)
                elif signal == TOLD_AGAIN:
                    return self._take_again(values)
                elif signal in (UNDONE_SIGNAL, LOST_SIGNAL):
                    self._undo(values)
                return signal
            return self._read_label(type_, at_ms, values)
        if type_ == "funds.balance_changed":
            self.balances[values["currency"]] = [values["balance_minor"], at_ms]
            return None
        return type_

    def _count_came(self, at_ms: int, values: Mapping[str, Any]) -> None:
        self.amount_minor = amount = values["amount_minor"]
        self.currency = values["currency"]
        self._count_balance(at_ms, values, amount)
        self.came_ms = at_ms

    def _count_balance(self, at_ms: int, values: Mapping[str, Any], change_minor: int) -> None:
        """Take in what a movement adds to the balance, or takes from it."""
        after, currency = values.get("balance_after_minor"), self.currency
        known = self.balances.get(currency)
        # The wallet's own figure of a moment ago beats what is computed back from the one after.
        if known is not None:
            self.is_balance_told = True
            self.balance_before_minor = before = known[0]
            known[0] = before + change_minor if after is None else after
            known[1] = at_ms
            return
        self.is_balance_told = False
        if after is None:
            self.balance_before_minor = None
        else:
            self.balance_before_minor = after - change_minor
            self.balances[currency] = [after, at_ms]

    def _take_again(self, values: Mapping[str, Any]) -> str | None:
        """The signal that a movement is which has left, or come, before: CHANGED_SIGNAL where its amount is another
        one. It counts no more then, and `count_left` counts it anew."""
        was_minor = self.held.get(values["movement_id"])
        if was_minor is None:
            return None
        if was_minor <= AMENDED_RATIO * values["amount_minor"] and values["amount_minor"] <= AMENDED_RATIO * was_minor:
            if values["status"] == SUCCEEDED:
                del self.held[values["movement_id"]]
            return None
        balance = self.balances.get(values["currency"])
        if balance is not None:
            balance[0] += was_minor
        self._undo(values)
        return CHANGED_SIGNAL

    def count_left(self, at_ms: int, values: Mapping[str, Any]) -> None:
        """Take in that the money of a movement has left."""
        # The hottest path of all: most movements leave, and each call is a share of the time that they take.
        self.amount_minor = amount = values["amount_minor"]
        self.currency = currency = values["currency"]
        self._count_balance(at_ms, values, -amount)
        kind, movement_id = values["kind"], values["movement_id"]
        is_payee = kind in PAYEE_KINDS
        party, parties = values.get("party"), self.parties
        self.known_party_count = known_count = len(parties)
        self.is_first_party = is_first = False
        if party is not None:
            was_payee = parties.pop(party, None)
            if was_payee is None:
                self.is_first_party = is_first = True
                if known_count >= PARTIES_MAX:
                    self._forget_party()
            elif is_payee:
                self._keep_payee(mark(party))
            parties[party] = was_payee or is_payee
        spending, day = self.spending, self._days.get(currency)
        learned = self._learn(at_ms, amount, currency)
        own = self._exceed(at_ms, amount, is_to_known=kind == "transfer" and party is not None and not is_first)
        entry = (at_ms, amount, currency, movement_id, learned)
        if is_first and is_payee:
            spending.append((*entry, own, mark(party)))
        else:
            spending.append((*entry, own) if own else entry)
        if values["status"] != SUCCEEDED:
            self.held[movement_id] = amount
        if day is None:
            self._days[currency] = day = [1, amount]
        else:
            day[0] += 1
            day[1] += amount
        oldest_ms = at_ms - DAY_MS
        if spending[0][0] < oldest_ms or len(spending) > SPENDING_MAX:
            self._forget_spending(oldest_ms)
        if len(spending) < SEVERAL:
            self.day_count = 0
        else:
            self.day_count, self.day_minor = day

    def _keep_payee(self, payee: int) -> None:
        """Let a payee stay known when its first money comes back, since it was sent more."""
        for place, entry in enumerate(self.spending):
            if len(entry) > _PAYEE and entry[_PAYEE] == payee:
                self.spending[place] = entry[:_PAYEE]

    def _forget_party(self) -> None:
        """Forget the party that was not paid for longest: a payee where they are more than PAYEES_MAX, else a shop."""
        parties = self.parties
        is_payee = sum(parties.values()) > PAYEES_MAX
        del parties[next(party for party, one in parties.items() if one == is_payee)]

    def _forget_spending(self, oldest_ms: int) -> None:
        spending, days = self.spending, self._days
        drop = 0
        over = len(spending) - SPENDING_MAX
        for entry in spending:
            if drop >= over and entry[0] >= oldest_ms:
                break
            drop += 1
            day = days[entry[2]]
            day[0] -= 1
            day[1] -= entry[1]
        del spending[:drop]

    def add_up_hour(self, at_ms: int) -> tuple[int, int]:
        """Number and sum of the outward movements of the last hour in the currency of this one, and with it."""
        oldest_ms, currency = at_ms - HOUR_MS, self.currency
        count = minor = 0
        for entry in reversed(self.spending):
            if entry[0] < oldest_ms:
                break
            if entry[2] == currency:
                count += 1
                minor += entry[1]
        return count, minor

    def _learn(self, at_ms: int, amount: int, currency: str) -> float:
        """Blend hour and amount into what is usual, and return the amount as it was blended in. The usual before them
        is kept for whoever judges the movement."""
        hours = self.hours
        if not hours:
            hours = self.hours = bytearray(25)
        elif hours[24] > HOURS_MAX:
            self._fade_hours()
        self._hour = hour = at_ms // HOUR_MS % 24
        hours[hour] += 1
        hours[24] += 1
        usuals = self.usual
        self.usual_before = usual = usuals.get(currency)
        if usual is None:
            log = math.log(amount) if amount > 0 else 0.0
            usuals[currency] = (1.0, float(amount), float(amount) * amount, log, log * log, at_ms)
            return amount
        weight, mean, square, mean_log, square_log, last_ms = usual
        total_weight = weight * 0.5 ** ((at_ms - last_ms) / HALF_LIFE_MS) + 1.0
        share = 1.0 / total_weight
        # Python has a shorter way to add two floats than a float and an int.
        learned, most = float(amount), mean * LEARNED_RATIO_MAX
        is_usual = learned <= most
        if not is_usual:
            learned = most
        log = math.log(learned) if learned > 0.0 else 0.0
        usuals[currency] = (
            total_weight,
            mean + (learned - mean) * share,
            square + (learned * learned - square) * share,
            mean_log + (log - mean_log) * share,
            square_log + (log * log - square_log) * share,
            at_ms,
        )
        return amount if is_usual else learned

    def _fade_hours(self) -> None:
        """Halve the counts of hours that have passed HOURS_MAX, before the next change of them."""
        hours = self.hours
        hours[:24] = bytes(count >> 1 for count in hours[:24])
        hours[24] = sum(hours[:24])

    @property
    def hour_before(self) -> float:
        """The share of earlier movements in the hour of this one and its two neighbours, from 0 to 1. Worked out only
        for whoever weighs the movement."""
        hours, hour = self.hours, self._hour
        earlier = hours[24] - 1
        near = hours[hour - 1 if hour else 23] + hours[hour] + hours[hour + 1 if hour < 23 else 0] - 1
        return near / earlier if earlier else 0.0

    def _exceed(self, at_ms: int, amount: int, *, is_to_known: bool) -> float:
        """Count by how much the amount lies above what was usual, and return it; 0 for nearly all."""
        excess, usual = self.excess, self.usual_before
        self.excess_own = own = 0.0
        self.excess_before = before = (
            excess[0] * math.exp2((excess[1] - at_ms) / EXCESS_HALF_LIFE_MS) if excess else 0.0
        )
        if (
            usual is not None
            and amount > usual[1] * EXCESS_RATIO
            and usual[0] >= EXCESS_WEIGHT_MIN
            and usual[1] > 0
            and not is_to_known
        ):
            own = min(EXCESS_MAX, round(deviations_above(amount, usual, SPREAD_FLOOR) - EXCESS_FROM, 2))
            if own > 0.0:
                self.excess_own = own
                self.excess = [round(before + own, 2), at_ms]
                return own
        if excess and before < EXCESS_MIN:
            self.excess = []
        return 0.0

    def _undo(self, values: Mapping[str, Any]) -> None:
        """Let a movement of the last day count no more, since its money came back. A payee that it alone has paid is
        unknown again. An older one stays learned, and so does its party: to find them would cost every account more
        than it is worth."""
        movement_id, spending = values["movement_id"], self.spending
        self.held.pop(movement_id, None)
        place = next((place for place, entry in enumerate(spending) if entry[3] == movement_id), None)
        if place is None:
            return
        at_ms, amount, currency, _, learned, *more = spending.pop(place)
        if len(more) > 1:
            self.parties.pop(values.get("party", ""), None)
        if more and self.excess:
            sum_, last_ms = self.excess
            sum_ -= more[0] * math.exp2((at_ms - last_ms) / EXCESS_HALF_LIFE_MS)
            self.excess = [round(sum_, 2), last_ms] if sum_ >= EXCESS_MIN else []
        day = self._days[currency]
        day[0] -= 1
        day[1] -= amount
        hour, hours = at_ms // HOUR_MS % 24, self.hours
        if hours[24] > HOURS_MAX:
            self._fade_hours()
        if hours[hour]:
            hours[hour] -= 1
            hours[24] -= 1
        weight, mean, square, mean_log, square_log, last_ms = self.usual[currency]
        own = 0.5 ** ((last_ms - at_ms) / HALF_LIFE_MS)
        left = weight - own
        if left < WEIGHT_MIN:
            del self.usual[currency]
            return
        log = math.log(learned) if learned > 0 else 0.0
        self.usual[currency] = (
            left,
            max(0.0, mean * weight - learned * own) / left,
            max(0.0, square * weight - learned * learned * own) / left,
            (mean_log * weight - log * own) / left,
            (square_log * weight - log * log * own) / left,
            last_ms,
        )

    def left_per_day(self, at_ms: int) -> float:
        """How many movements usually leave in a day in the event's currency, by those before the event."""
        before = self.usual_before
        if before is None:
            return 0.0
        weight = before[0] * math.exp2((before[5] - at_ms) / HALF_LIFE_MS)
        age = max(at_ms - self.born_ms, DAY_MS) / HALF_LIFE_MS
        return weight * math.log(2) * DAY_MS / (HALF_LIFE_MS * (1.0 - math.exp2(-age)))

    def deviations_from_usual(self, *, amount_minor: int | None = None, floor: float = 0.25) -> float | None:
        """How many standard deviations the logarithm of an amount lies above the mean of those before the event. None:
        the event's own. The deviation counts as at least `floor`. None is the answer without any amount before.

        Small amounts spread the logarithms of some people widely, and say nothing about large ones. So the mean and
        the deviation of the amounts themselves are taken too, as those of a lognormal law. The larger answer counts."""
        before, minor = self.usual_before, self.amount_minor if amount_minor is None else amount_minor
        if before is None or minor <= 0:
            return None
        _, mean, square, mean_log, square_log, _ = before
        log = math.log(minor)
        spread = math.sqrt(max(0.0, square_log - mean_log * mean_log))
        by_logs = (log - mean_log) / max(spread, floor)
        if mean <= 0.0:
            return by_logs
        variance = math.log1p(max(0.0, square / (mean * mean) - 1.0))
        return max(by_logs, (log - math.log(mean) + variance / 2.0) / max(math.sqrt(variance), floor))


def deviations_above(amount_minor: int, usual: Sequence[float], spread_floor: float) -> float:
    """How many standard deviations the amount lies above the mean of what is usual, as in `History.usual`. The
    deviation counts as at least `spread_floor` of the mean, and few amounts count as widely spread."""
    weight, mean, square = usual[0], usual[1], usual[2]
    variance = max(square - mean * mean, (spread_floor * mean) ** 2) + mean * mean / weight
    return float((amount_minor - mean) / variance**0.5)


def read_movement(
    movements: dict[str, int], values: Mapping[str, Any], kept_max: int, held: dict[str, int]
) -> str | None:
    """The signal that a told movement is, by the movements that are known, at most `kept_max`; None when it tells
    nothing new. Those in `held` are forgotten last, as far as they are no more than half of all.

    A function of its own: accounts and parties share it, and methods that they share would be slow."""
    movement_id, version, status = values["movement_id"], values["version"], values["status"]
    known = movements.get(movement_id)
    is_outward = values["kind"] in OUTWARD_KINDS and ("direction" not in values or values["direction"] != "in")
    moves = status in (LEFT if is_outward else CAME)
    if known is None:
        if len(movements) >= kept_max:
            gone = next(iter(movements))
            if gone in held and len(held) <= kept_max // 2:
                gone = next(one for one in movements if one not in held)
            held.pop(gone, None)
            del movements[gone]
    elif version <= known >> 1:
        return None
    elif known & 1:
        movements[movement_id] = version + version + (moves or status in LEFT)
        return TOLD_AGAIN if status in LEFT else UNDONE_SIGNAL
    if moves:
        movements[movement_id] = version + version + 1
        return LEFT_SIGNAL if is_outward else CAME_SIGNAL
    movements[movement_id] = version + version
    if status == "failed" and is_outward:
        return LOST_SIGNAL if known is None else FAILED_SIGNAL
    return UNDONE_SIGNAL if status == "reversed" and known is None else None


_NONE_HELD: Final[dict[str, int]] = {}
"""A party keeps no amounts: a record of its frauds counts movements."""


class PartyHistory(FraudRecord):
    """The history of whoever gets the money: how much was paid, and what of it is confirmed as fraud."""

    __slots__ = ("amount_minor", "currency", "movements", "payments", "payments_before")

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        stored = stored or {}
        super().__init__(stored)
        self.movements: dict[str, int] = stored.get("movements", {})
        """See `History.movements`."""
        self.payments: Sequence[float] = stored.get("payments", ())
        """[weight of the movements to the party, time]; empty before the first."""
        self.payments_before = 0.0
        self.amount_minor = 0
        self.currency = ""

    def store(self) -> dict[str, Any]:
        """See `History.store`."""
        stored = {
            "movements": self.movements,
            "frauds": self.frauds,
            "labels": self.labels,
            "words": self.words,
            "payments": self.payments,
        }
        return {name: value for name, value in stored.items() if value}

    def take(self, type_: str, at_ms: int, values: Mapping[str, Any]) -> str | None:
        """See `History.take`."""
        if "kind" not in values:
            return self._read_label(type_, at_ms, values)
        signal = read_movement(self.movements, values, PARTY_MOVEMENTS_MAX, _NONE_HELD)
        if signal == LEFT_SIGNAL:
            self.amount_minor = values["amount_minor"]
            self.currency = values["currency"]
            payments = self.payments
            before = payments[0] * math.exp2((payments[1] - at_ms) / RECORD_HALF_LIFE_MS) if payments else 0.0
            self.payments_before = before
            self.payments = (before + 1.0, at_ms)
        return None if signal == TOLD_AGAIN else signal
