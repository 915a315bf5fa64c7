"""How keys become an entry: termination, cancel key, length, and telephone numbers.

Source: Amazon Connect administrator guide, "Store customer input" block. `#` ends an entry unless another sequence is
set. `*` deletes the digits before it unless the cancel key is off. By default 5 s may pass between digits.
"""

from dataclasses import dataclass

from connect_sim.language.document import Action

DEFAULT_INTERDIGIT_S = 5.0
DEFAULT_TERMINATOR = "#"
CANCEL_KEY = "*"
MAX_PHONE_DIGITS = 15
MIN_PHONE_DIGITS = 8
"""E.164 allows 15 digits; below 8, country code included, no subscriber number is in use."""

_CALLING_CODES = {
    "AU": "61",
    "CA": "1",
    "CN": "86",
    "DE": "49",
    "FR": "33",
    "GB": "44",
    "HK": "852",
    "ID": "62",
    "IN": "91",
    "JP": "81",
    "KR": "82",
    "MO": "853",
    "MY": "60",
    "PH": "63",
    "SG": "65",
    "TH": "66",
    "TW": "886",
    "US": "1",
    "VN": "84",
}
"""Calling codes (ITU-T E.164) for numbers that are entered in national form."""


@dataclass(frozen=True, slots=True)
class EntryRules:
    """How one input block takes keys."""

    max_length: int
    terminator: str
    cancel: bool
    interdigit_s: float


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that was taken: the digits, the keys left over, and how long the caller waited after the last key."""

    digits: str
    rest: str
    pause_s: float


def read_entry_rules(action: Action) -> EntryRules:
    """Return the rules that a store input sets for its entry."""
    keypad = action.mapping("DTMFConfiguration")
    validation = action.mapping("InputValidation")
    custom = validation.get("CustomValidation")
    longest = str(custom.get("MaximumLength", "")) if isinstance(custom, dict) else ""
    interdigit = str(keypad.get("InterdigitTimeLimitSeconds", ""))
    return EntryRules(
        max_length=int(longest) if longest.isdecimal() else MAX_PHONE_DIGITS,
        terminator=str(keypad.get("InputTerminationSequence") or DEFAULT_TERMINATOR),
        cancel=str(keypad.get("DisableCancelKey", "false")).lower() != "true",
        interdigit_s=float(interdigit) if interdigit.isdecimal() else DEFAULT_INTERDIGIT_S,
    )


def read_entry(keys: str, rules: EntryRules) -> Entry:
    """Take keys one by one until the terminator, the greatest length, or a pause after the last key."""
    typed = ""
    for position, key in enumerate(keys):
        typed += key
        if typed.endswith(rules.terminator):
            return Entry(typed.removesuffix(rules.terminator), keys[position + 1 :], 0.0)
        if key == CANCEL_KEY and rules.cancel and CANCEL_KEY not in rules.terminator:
            typed = ""
        elif len(typed) >= rules.max_length and not _may_be_terminator(typed, keys[position + 1 :], rules):
            return Entry(typed[: rules.max_length], keys[position + 1 :], 0.0)
    return Entry(typed, "", rules.interdigit_s)


def _may_be_terminator(typed: str, following: str, rules: EntryRules) -> bool:
    """Return whether an entry that is full is being ended by a sequence of several keys just now."""
    return len(typed) < rules.max_length + len(rules.terminator) and any(
        typed[rules.max_length :] == rules.terminator[:count] and following.startswith(rules.terminator[count:])
        for count in range(len(rules.terminator))
    )


def parse_phone_number(digits: str, action: Action) -> str | None:
    """Return the entry as an E.164 number by the block's phone validation, None when it cannot be one.

    A national number gets the calling code of `CountryCode` in place of its trunk zero; without a known country it is
    kept as typed.
    """
    validation = action.mapping("InputValidation")["PhoneNumberValidation"]
    if not digits.isdecimal():
        return None
    if validation.get("NumberFormat") == "E164":
        return f"+{digits}" if MIN_PHONE_DIGITS <= len(digits) <= MAX_PHONE_DIGITS else None
    code = _CALLING_CODES.get(str(validation.get("CountryCode", "")).upper())
    if code is None:
        return digits if MIN_PHONE_DIGITS <= len(digits) <= MAX_PHONE_DIGITS else None
    number = f"+{code}{digits.lstrip('0')}"
    return number if MIN_PHONE_DIGITS <= len(number) - 1 <= MAX_PHONE_DIGITS else None
