"""The examples of `reset_device_transfer`: takeovers, and days of honest people."""

from __future__ import annotations

from typing import Final

from .rule import DAY_MS, MINUTE_MS, Example, Told, example

_DAYS: Final = 10 * DAY_MS / MINUTE_MS


def _reset(minute: float) -> Told:
    return (minute, "password.changed", {})


def _device(minute: float, name: str = "device-9") -> Told:
    return (minute, "device.registered", {"device": name})


def _login(minute: float, name: str = "device-9") -> Told:
    return (minute, "login.succeeded", {"device": name})


def _profile(minute: float, points: int, two_step: int, type_: str = "account.updated") -> Told:
    return (minute, type_, {"points": points, "two_step": two_step})


_OWN: Final = _login(-_DAYS, "device-own")
_OPENED: Final = _profile(-_DAYS, 2, 1, "account.opened")


def _transfer(minute: float, amount_minor: int, party: str | None = None, *, name: str = "a", version: int = 1,
              status: str = "succeeded", currency: str = "CNY", kind: str = "transfer") -> Told:  # fmt: skip
    values = {"movement_id": name, "version": version, "kind": kind, "status": status}
    values |= {"amount_minor": amount_minor, "currency": currency}
    return (minute, f"{kind}.{status}", values if party is None else {**values, "party": party})


def list_examples(
    *, floor: int, other_floor: int, window: float, stranger: float, signs_max: int, devices_max: int, payees_max: int
) -> tuple[Example, ...]:
    """The examples by the limits of the rule. `floor`: in fen; `other_floor`: in the minor unit of a currency that the
    limits do not name. `window`, `stranger`: in minutes. `signs_max`, `devices_max`, `payees_max`: so many are kept."""
    return (
        example("within an hour", _reset(0), _device(10), _transfer(40, 250_000), hit=0),
        example("exactly the floor", _reset(0), _device(10), _transfer(40, floor), hit=0),
        example("at the last moment of the window", _reset(0), _device(10), _transfer(window, floor), hit=0),
        example(
            "many small ones",
            _reset(0),
            _device(5),
            *(_transfer(10 + n, floor // 4, name=f"part-{n}") for n in range(4)),
            hit=0,
        ),
        example("cash", _reset(0), _device(1), _transfer(2, floor, kind="withdrawal"), hit=0),
        example("authorised is enough", _reset(0), _device(1), _transfer(2, floor, status="authorised"), hit=0),
        example(
            "authorised in the window and settled on the next day",
            _reset(0),
            _device(1),
            _transfer(2, floor, status="authorised"),
            _transfer(window + 600, floor, version=2),
            hit=0,
        ),
        example("the second new password is the one", _reset(-2000), _reset(0), _device(1), _transfer(2, floor), hit=0),
        example(
            "the device of the second change, after the first one's time",
            _reset(0),
            _device(60),
            _reset(window - 10),
            _device(window - 5),
            _transfer(window + 61, floor),
            hit=window - 10,
        ),
        example("a new device before the change", _OWN, _device(0), _reset(10), _transfer(20, floor), hit=0),
        example("a new device logs in and is not registered", _OWN, _reset(0), _login(10), _transfer(20, floor), hit=0),
        example("a new device logs in before the change", _OWN, _login(0), _reset(10), _transfer(20, floor), hit=0),
        example(
            "the first device that is known registers after the change",
            _reset(0),
            _device(10),
            _login(12),
            _transfer(20, floor),
            hit=0,
        ),
        example(
            "a device registers before the change, where no login was ever told",
            _OPENED,
            _device(0),
            _reset(10),
            _transfer(20, floor),
            hit=0,
        ),
        example(
            "a device logs in and registers then, where none was known",
            _OPENED,
            _login(-window + 1),
            _device(1),
            _reset(10),
            _transfer(20, floor),
            hit=1,
        ),
        example(
            "a second device of the window registers after another one has logged in",
            _OWN,
            _login(0, "device-8"),
            _login(1),
            _reset(window + 0.5),
            _device(window + 0.6),
            _transfer(window + 20, floor),
            hit=window + 0.5,
        ),
        example(
            "two-step login off, told with the whole account",
            _OPENED,
            _profile(0, 2, 0),
            _device(1),
            _transfer(2, floor),
            hit=0,
        ),
        example(
            "another contact point, told with the whole account",
            _OPENED,
            _profile(0, 3, 1),
            _device(1),
            _transfer(2, floor),
            hit=0,
        ),
        example("to a stranger", _reset(0), _device(10), _transfer(20, floor, "mule"), hit=0),
        example(
            "a yuan to the stranger before, at the first moment of the day",
            _transfer(20 - stranger, 100, "mule"),
            _reset(0),
            _device(10),
            _transfer(20, floor, "mule", name="b"),
            hit=0,
        ),
        example(
            "a yuan to the stranger, and then to more others than a memory has room for",
            _transfer(-payees_max - 1, 100, "mule"),
            *(_transfer(n - payees_max, 100, f"other-{n}", name=f"other-{n}") for n in range(payees_max)),
            _reset(0),
            _device(10),
            _transfer(20, floor, "mule", name="b"),
            hit=0,
        ),
        example(
            "slices to one stranger",
            _reset(0),
            _device(10),
            _transfer(20, floor - 1, "mule"),
            _transfer(30, 1, "mule", name="b"),
            hit=0,
        ),
        example(
            "more changes after the device than a memory has room for",
            _reset(0),
            _device(1),
            *(_reset(2 + n / 10) for n in range(2 * signs_max)),
            _transfer(20, floor),
            hit=0,
        ),
        example(
            "more of both than a memory has room for",
            _reset(0),
            _device(1),
            *(sign for n in range(2 * signs_max) for sign in (_reset(2 + n / 10), _device(2.05 + n / 10, f"d-{n}"))),
            _transfer(20, floor),
            hit=0,
        ),
        example(
            "it goes on: one finding",
            _reset(0),
            _device(10),
            *(_transfer(20 + n, floor, f"mule-{n}", name=f"part-{n}") for n in range(9)),
            hit=0,
        ),
        example(
            "another device alone is no pattern of its own",
            _reset(0),
            _device(10),
            _transfer(20, floor),
            _device(30, "device-8"),
            _transfer(40, floor, name="b"),
            hit=0,
        ),
        example(
            "the whole pattern again an hour later: two findings",
            _reset(0),
            _device(10),
            _transfer(20, floor),
            _reset(60),
            _device(70, "device-8"),
            _transfer(80, floor, name="b"),
            hit=(0, 60),
        ),
        example(
            "another change and another device in turn, with money between",
            _reset(0),
            _device(10),
            _transfer(20, floor),
            _device(30, "device-8"),
            _transfer(40, floor, name="b"),
            _reset(50),
            _transfer(60, floor, name="c"),
            hit=(0, 30),
        ),
        example(
            "one of two came back, and what is left is enough",
            _reset(0),
            _device(10),
            _transfer(20, floor),
            _transfer(21, floor, name="b"),
            _transfer(30, floor, status="reversed", version=2),
            hit=0,
        ),
        example(
            "the first of two findings came back",
            _reset(0),
            _device(10),
            _transfer(20, floor),
            _reset(60),
            _device(70, "device-8"),
            _transfer(80, floor, name="b"),
            _transfer(90, floor, status="reversed", version=2),
            hit=60,
        ),
        example(
            "money of the second finding, which is withdrawn, comes back after the first one has grown",
            _reset(0),
            _device(10),
            _transfer(20, floor),
            _reset(60),
            _device(70, "device-8"),
            _transfer(80, floor, name="b"),
            _transfer(81, floor // 5, name="c"),
            _transfer(90, floor, name="b", status="reversed", version=2),
            _transfer(100, floor // 100, name="d"),
            _transfer(110, floor // 5, name="c", status="reversed", version=2),
            hit=0,
        ),
        example("another currency", _reset(0), _device(1), _transfer(2, other_floor, currency="EUR"), hit=0),
        example(
            "a new contact point in the place of the password",
            (0, "contact_point.changed", {}),
            _device(1),
            _transfer(2, floor),
            hit=0,
        ),
        example(
            "two-step login off in the place of the password",
            (0, "two_step.changed", {"on": 0}),
            _device(1),
            _transfer(2, floor),
            hit=0,
        ),
        example(
            "another SIM in the place of the password",
            (0, "contact_point.sim_changed", {}),
            _device(1),
            _transfer(2, floor),
            hit=0,
        ),
        example(
            "near miss: another SIM and the old phone",
            (0, "contact_point.sim_changed", {}),
            _transfer(2, floor),
            hit=None,
        ),
        example(
            "near miss: two-step login on",
            (0, "two_step.changed", {"on": 1}),
            _device(1),
            _transfer(2, floor),
            hit=None,
        ),
        example(
            "near miss: the account told anew without a change",
            _OPENED,
            (-_DAYS / 2, "contact_point.changed", {"change": "added"}),
            (-_DAYS / 2, "two_step.changed", {"on": 0}),
            _profile(0, 3, 0),
            _device(1),
            _transfer(2, floor),
            hit=None,
        ),
        example(
            "near miss: two-step login on, told with the whole account",
            _profile(-_DAYS, 2, 0, "account.opened"),
            _profile(0, 2, 1),
            _device(1),
            _transfer(2, floor),
            hit=None,
        ),
        example(
            "near miss: the first word on contact points",
            _OWN,
            _profile(0, 2, 0),
            _device(1),
            _transfer(2, floor),
            hit=None,
        ),
        example(
            "near miss: a profile that is completed on the first day",
            _profile(0, 1, 0, "account.opened"),
            _device(1),
            _profile(10, 2, 0),
            _device(11, "device-8"),
            _transfer(20, floor),
            hit=None,
        ),
        example(
            "near miss: the app is installed anew on a known device",
            _OWN,
            _reset(0),
            _device(10, "device-own"),
            _transfer(20, floor),
            hit=None,
        ),
        example("near miss: below the floor", _reset(0), _device(10), _transfer(40, floor - 1), hit=None),
        example(
            "near miss: a moment after the window",
            _reset(0),
            _device(10),
            _transfer(window + 0.01, floor),
            hit=None,
        ),
        example("near miss: no new device", _reset(0), _transfer(40, 250_000), hit=None),
        example("near miss: a new phone with the old password", _device(10), _transfer(40, 250_000), hit=None),
        example("near miss: the money left before", _reset(10), _device(20), _transfer(5, 250_000), hit=None),
        example(
            "near miss: the account's first device, then a change",
            _device(0),
            _reset(10),
            _transfer(20, floor),
            hit=None,
        ),
        example(
            "near miss: a known device was there before",
            _OWN,
            _login(0, "device-own"),
            _reset(10),
            _transfer(20, floor),
            hit=None,
        ),
        example(
            "near miss: the first hours of an account",
            _login(-window, "device-own"),
            _login(0),
            _reset(10),
            _transfer(20, floor),
            hit=None,
        ),
        example(
            "near miss: the owner's own device logs in",
            _OWN,
            _reset(0),
            _login(10, "device-own"),
            _transfer(20, floor),
            hit=None,
        ),
        example(
            "near miss: an account that logs in with many devices",
            *(_login(-_DAYS + n, f"device-{n}") for n in range(devices_max)),
            _reset(0),
            _login(10, "device-other"),
            _transfer(20, floor),
            hit=None,
        ),
        example(
            "near miss: rent from a new phone, to somebody paid before",
            _transfer(-_DAYS, floor, "landlord"),
            _reset(0),
            _device(10),
            _transfer(20, floor, "landlord", name="b"),
            hit=None,
        ),
        example(
            "near miss: rent after payments to many strangers, the first of them more than a day ago",
            _transfer(-_DAYS, floor, "landlord"),
            _transfer(20 - stranger - 0.01, 100, "other", name="other"),
            *(_transfer(n - payees_max, 100, f"other-{n}", name=f"other-{n}") for n in range(payees_max - 1)),
            _reset(0),
            _device(10),
            _transfer(20, floor, "landlord", name="b"),
            hit=None,
        ),
        example(
            "near miss: cash from an agent used before",
            _transfer(-_DAYS, 100, "agent", kind="withdrawal"),
            _reset(0),
            _device(10),
            _transfer(20, floor, "agent", name="b", kind="withdrawal"),
            hit=None,
        ),
        example(
            "near miss: a payee of more than a day ago",
            _transfer(20 - stranger - 0.01, 100, "friend"),
            _reset(0),
            _device(10),
            _transfer(20, floor, "friend", name="b"),
            hit=None,
        ),
        example(
            "near miss: a bill",
            _reset(0),
            _device(1),
            _transfer(2, floor, "power", kind="bill_payment"),
            hit=None,
        ),
        example("near miss: a payment in a shop", _reset(0), _device(1), _transfer(2, floor, kind="payment"), hit=None),
        example(
            "near miss: one transfer told twice",
            _reset(0),
            _device(1),
            _transfer(2, floor - 1, status="authorised"),
            _transfer(3, floor - 1, version=2),
            hit=None,
        ),
        example(
            "near miss: it failed in the end",
            _reset(0),
            _device(1),
            _transfer(2, floor, status="authorised"),
            _transfer(3, floor, status="failed", version=2),
            hit=None,
        ),
        example(
            "near miss: currencies do not add up",
            _reset(0),
            _device(1),
            _transfer(2, floor - 1),
            _transfer(3, other_floor - 1, name="b", currency="EUR"),
            hit=None,
        ),
    )
