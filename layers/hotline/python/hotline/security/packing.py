"""The stored form of a watch: its JSON, in which long words, random ids and times take little room. Pure.

A write of up to 1 KB is one write unit. Half of a full memory is ids, hashes and times, and none of them can be
compressed as text. So they are taken out and kept as bytes. The text that is left is compressed with a dictionary of
the words that most memories have.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

_SETTLED: Final = "settled"
"""The part of a watch that is a JSON text of its own. It is stored as a line, or each quote would be escaped."""

_ID, _BARE_ID, _HASH, _SHORT_HASH, _NAME, _MARK, _MS, _INSTANT, _FLOAT = "\x01\x02\x03\x04\x05\x06\x07\x08\x0b"
_AGAIN: Final = "\x0e"
"""A value that has stood before: the next character is its number. No JSON text has such characters."""
_AGAIN_FROM: Final = 32
_AGAIN_MAX: Final = 256 - _AGAIN_FROM
_FORMS: Final = (_ID, _BARE_ID, _HASH, _SHORT_HASH, _NAME, _MARK, _MS, _INSTANT, _FLOAT)
_ID_PATTERN: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_FIELD_BEGINS, _FIELD_ENDS = r"(?<=[\[,:])", r"(?=[,\]}])"
_VALUES: Final = re.compile(
    f'"({_ID_PATTERN})"'
    f"|(?<![0-9a-f])({_ID_PATTERN})(?![0-9a-f])"
    '|"([0-9a-f]{16})"'
    '|"([0-9a-f]{8})"'
    # Four bytes, as the short name of a movement has them (items), but no word of our own.
    '|"(?![a-z]+")([A-Za-z0-9_-]{5}[AQgw])"'
    f"|{_FIELD_BEGINS}([1-9][0-9]{{8,9}}){_FIELD_ENDS}"
    f"|{_FIELD_BEGINS}([1-9][0-9]{{12}}){_FIELD_ENDS}"
    r"|(?<![0-9])(20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z)"
    f"|{_FIELD_BEGINS}([0-9]+\\.[0-9]{{9,}}){_FIELD_ENDS}"
)
_PLACES: Final = re.compile(f"{_AGAIN}(.)|[{''.join(_FORMS)}]", re.DOTALL)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_A_MS: Final = timedelta(milliseconds=1)
_WORDS: Final = (
    ',"code.sent",{"purpose":"login"}],"reset","hotline"'
    '"SRC","late":1,"seen":[["base":[["alarms":{"drain.1":{"pass_through.1":{"velocity.1":{"spend_anomaly.1":{"'
    '"counterparty_risk.1":{"card_testing.1":{"tries":[["refund_abuse.1":{"account.updated","two_step":1,"points":2}],'
    ',"contact_point.changed",{"kind":"phone","reassigned":0,"change":"replaced"}],'
    ',"password.changed",{}],"device.registered",{"device":\x03,"two_step.changed",{"on":1}],'
    ',"funds.balance_changed",{"currency":"CNY","balance_minor":'
    ',"refund.sent",{"refund_id":\x05,"movement_id":\x05,"amount_minor":,"currency":"CNY","status":"sent"}],'
    '"no_second_factor.1":{"weak":["one_contact_point.1":{"reset_device_transfer.5":{"entries":[['
    '"new_devices_in_a_row.1":{"devices":[[\x07,\x01,\x06]]},"code_flooding.1":{"codes":[[,"quiet_until":'
    '"failed_login_burst.2":{"failures":[[\x07,\x01]]},"distributed_guessing.1":{"tries":[[\x07,\x01,\x06,\x06,"attack":['
    '"credential_stuffing.1":{"tries":[["ids":[["password_spray.1":{"tries":[[],"since":\x07'
    ',"payments":[1.0,"frauds":[1.0,"labels":{"account":"acct-'
    '"HKD","JPY","USD","kind":"withdrawal","kind":"bill_payment",'
    ',"transfer.succeeded",{"kind":"transfer","status":"succeeded","direction":"in","party":\x03,"party_kind":"payee"}],'
    ',"top_up.succeeded",{"kind":"top_up","status":"succeeded","movement_id":\x05'
    ',"payment.authorised",{"kind":"payment","status":"authorised","version":2,"status":"failed"'
    ',"login.failed",{"kind":"password","ip":"'
    '{"applied_to":"\x08#\x02","horizon":[\x07,1,\x01],"pending":[[\x01'
    ',\x07,"payment.succeeded",{"kind":"payment","status":"succeeded","movement_id":\x05,"version":1,"amount_minor":,'
    '"currency":"CNY","instrument":"balance","party":\x04,"party_kind":"merchant","balance_after_minor":1}],[\x01'
    ',\x07,"code.sent",{"purpose":"payment"}],[\x01'
    ',\x07,"login.succeeded",{"kind":"password","ip":\x04,"device":\x04,"country":\x04,"cell":"31,121"}],[\x01'
    ']]}\n{"states":{"success_after_attack.1":{"known":[\x06,\x06,\x06,\x06]},"impossible_travel.1":{"last":[\x07,\x01,\x06,\x06,'
    '"31,121"]},"two_countries.1":{"last":[\x07,\x0e*,\x0e+,\x0e,,\x06,1]}},"peak":[\x0b,\x07],"history":{"born":\x07,"movements":'
    '{\x05:3,\x05:3,\x05:3,\x05:3,\x05:3,\x05:3},"parties":[\x04,\x04,\x04,\x04,\x04,\x04],"usual":{"CNY":[\x0b,\x0b,\x0b,\x0b,\x0b,\x07]},'
    '"balances":{"CNY":[1,\x07]},"spending":[[\x07,0,"CNY",\x0e0,],[\x07,"came":\x07,"hours":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,'
    "0,0,0,0,1]}}\n"
).encode("latin-1")
"""Never to be changed: what was compressed with it could not be read any more. Of words that are not here a memory is
larger, and no less true. The most frequent ones come last, where they cost least."""


def pack(watch: Mapping[str, Any]) -> bytes:
    """The stored form of a watch."""
    rest = {name: value for name, value in watch.items() if name != _SETTLED}
    taker = _Taker()
    text = _VALUES.sub(taker.take, f"{json.dumps(rest, separators=(',', ':'))}\n{watch[_SETTLED]}")
    packer = zlib.compressobj(zlib.Z_BEST_COMPRESSION, wbits=-zlib.MAX_WBITS, zdict=_WORDS)
    return packer.compress(text.encode("latin-1")) + packer.flush() + bytes(taker.taken)


def unpack(memory: bytes) -> dict[str, Any]:
    """The watch in a stored form."""
    unpacker = zlib.decompressobj(wbits=-zlib.MAX_WBITS, zdict=_WORDS)
    text = (unpacker.decompress(memory) + unpacker.flush()).decode("latin-1")
    rest, _, settled = _PLACES.sub(_Giver(unpacker.unused_data).give, text).partition("\n")
    return {**json.loads(rest), _SETTLED: settled}


class _Taker:
    """Takes values out of a text, as bytes. A value that comes again is the number that it got when it came first. A
    time is the difference to the one before it."""

    def __init__(self) -> None:
        self.taken = bytearray()
        self._numbers: dict[str, int] = {}
        self._last_ms = 0

    def take(self, found: re.Match[str]) -> str:
        """The character that stands for a value, or the value where it is none of those that can be taken out."""
        form, value, taken = _FORMS[(found.lastindex or 0) - 1], found[found.lastindex or 0], self.taken
        if form == _MS:
            self._take_ms(int(value))
            return form
        if form == _INSTANT:
            at_ms = _ms_of(value)
            if at_ms is None:
                return value
            self._take_ms(at_ms)
            return form
        if form == _FLOAT:
            if repr(float(value)) != value:
                return value
            taken += struct.pack("<d", float(value))
            return form
        if form == _MARK and int(value) >> 32:
            return value
        number = self._numbers.get(found[0])
        if number is None:
            self._numbers[found[0]] = len(self._numbers)
        elif number < _AGAIN_MAX:
            return _AGAIN + chr(_AGAIN_FROM + number)
        if form in (_ID, _BARE_ID):
            taken += UUID(value).bytes
        elif form == _NAME:
            taken += urlsafe_b64decode(f"{value}==")
        elif form == _MARK:
            taken += int(value).to_bytes(4)
        else:
            taken += bytes.fromhex(value)
        return form

    def _take_ms(self, at_ms: int) -> None:
        change, self._last_ms = at_ms - self._last_ms, at_ms
        left = change * 2 if change >= 0 else -change * 2 - 1
        while left > 0x7F:
            self.taken.append(left & 0x7F | 0x80)
            left >>= 7
        self.taken.append(left)


class _Giver:
    """Puts values back into a text. See `_Taker`."""

    def __init__(self, taken: bytes) -> None:
        self._taken = taken
        self._at = 0
        self._last_ms = 0
        self._known: list[str] = []

    def give(self, place: re.Match[str]) -> str:
        """The value for which a character stands."""
        if place[1] is not None:
            return self._known[ord(place[1]) - _AGAIN_FROM]
        form = place[0]
        if form == _MS:
            return str(self._give_ms())
        if form == _INSTANT:
            return _instant(self._give_ms())
        if form == _FLOAT:
            return repr(struct.unpack("<d", self._give(8))[0])
        if form in (_ID, _BARE_ID):
            text = str(UUID(bytes=self._give(16)))
        elif form == _MARK:
            text = str(int.from_bytes(self._give(4)))
        elif form == _NAME:
            text = urlsafe_b64encode(self._give(4)).decode().rstrip("=")
        else:
            text = self._give(8 if form == _HASH else 4).hex()
        text = text if form in (_BARE_ID, _MARK) else f'"{text}"'
        self._known.append(text)
        return text

    def _give(self, count: int) -> bytes:
        self._at += count
        return self._taken[self._at - count : self._at]

    def _give_ms(self) -> int:
        left = shift = 0
        while True:
            one = self._taken[self._at]
            self._at += 1
            left |= (one & 0x7F) << shift
            shift += 7
            if one <= 0x7F:
                break
        self._last_ms += left >> 1 if left & 1 == 0 else -(left + 1 >> 1)
        return self._last_ms


def _instant(at_ms: int) -> str:
    return (_EPOCH + at_ms * _A_MS).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ms_of(text: str) -> int | None:
    """The time of a text; None when the calendar has no such moment, or another text for it."""
    try:
        at_ms = (datetime.fromisoformat(text) - _EPOCH) // _A_MS
    except ValueError:
        return None
    return at_ms if _instant(at_ms) == text else None
