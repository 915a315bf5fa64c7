"""The stored form of a watch: its JSON, compressed with a dictionary of the words that most memories have. Pure.

A write of up to 1 KB is one write unit. Without the dictionary the words of a small memory take more room than what it
says, and most writes would be two units.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

_SETTLED: Final = "settled"
"""The part of a watch that is a JSON text of its own. It is stored as a line, or each quote would be escaped."""
_WORDS: Final = (
    b',"code.sent",{"purpose":"login"}],"reset","hotline"'
    b'"SRC","late":1,"seen":[["base":[["alarms":{"drain.1":{"pass_through.1":{"velocity.1":{"spend_anomaly.1":{"'
    b'"counterparty_risk.1":{"card_testing.1":{"tries":[["refund_abuse.1":{"account.updated","two_step":1,"points":2}],'
    b',"contact_point.changed",{"kind":"phone","reassigned":0,"change":"replaced"}],'
    b',"password.changed",{}],"device.registered",{"device":"","two_step.changed",{"on":1}],'
    b',"funds.balance_changed",{"currency":"CNY","balance_minor":'
    b',"refund.sent",{"refund_id":"","movement_id":"","amount_minor":,"currency":"CNY","status":"sent"}],'
    b'"no_second_factor.1":{"weak":["one_contact_point.1":{"reset_device_transfer.5":{"entries":[['
    b'"new_devices_in_a_row.1":{"devices":[["code_flooding.1":{"codes":[[,"quiet_until":'
    b'"failed_login_burst.2":{"failures":[["distributed_guessing.1":{"tries":[["attack":['
    b'"credential_stuffing.1":{"tries":[["ids":[["password_spray.1":{"tries":[[],"since":'
    b',"payments":[1.0,"frauds":[1.0,"labels":{"account":"acct-'
    b'"HKD","JPY","USD","kind":"withdrawal","kind":"bill_payment",'
    b',"transfer.succeeded",{"kind":"transfer","status":"succeeded","direction":"in","party":"","party_kind":"payee"}],'
    b',"top_up.succeeded",{"kind":"top_up","status":"succeeded","movement_id":"'
    b',"payment.authorised",{"kind":"payment","status":"authorised","version":2,"status":"failed"'
    b',"login.failed",{"kind":"password","ip":"'
    b'{"applied_to":"2026-11-2T0:00.000Z#","horizon":[179,1,""],"pending":[["'
    b'",179,"payment.succeeded",{"kind":"payment","status":"succeeded","movement_id":"","version":1,"amount_minor":,'
    b'"currency":"CNY","instrument":"balance","party":"","party_kind":"merchant","balance_after_minor":0}],["'
    b',"code.sent",{"purpose":"payment"}],["'
    b'",179,"login.succeeded",{"kind":"password","ip":"","device":"","country":"","cell":"31,121"}],["'
    b']]}\n{"states":{"success_after_attack.1":{"known":[1,1]},"impossible_travel.1":{"last":[179,"",1,1,"31,121"]},'
    b'"two_countries.1":{"last":[179,"",1,1,1,1]}},"peak":[6.5,179],"history":{"born":179,"movements":{"":[1,1],"'
    b':[1,1]},"parties":{"":179},"devices":{"":179},"usual":{"CNY":[1.0,0,0,179,0]},"balances":{"CNY":[0,179]},'
    b'"spending":[[179,0,"CNY",""],["came":179,"hours":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1]}}\n'
)
"""Never to be changed: what was compressed with it could not be read any more. Of words that are not here a memory is
larger, and no less true. The most frequent ones come last, where they cost least."""


def pack(watch: Mapping[str, Any]) -> bytes:
    """The stored form of a watch."""
    rest = {name: value for name, value in watch.items() if name != _SETTLED}
    text = f"{json.dumps(rest, separators=(',', ':'))}\n{watch[_SETTLED]}"
    packer = zlib.compressobj(zlib.Z_BEST_COMPRESSION, zdict=_WORDS)
    return packer.compress(text.encode()) + packer.flush()


def unpack(memory: bytes) -> dict[str, Any]:
    """The watch in a stored form."""
    unpacker = zlib.decompressobj(zdict=_WORDS)
    rest, _, settled = (unpacker.decompress(memory) + unpacker.flush()).decode().partition("\n")
    return {**json.loads(rest), _SETTLED: settled}
