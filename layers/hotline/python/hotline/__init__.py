"""The wallet hotline: one room per thing the hotline does. docs/decisions.md tells why it is laid out this way."""

from .kit.record_code import use_compiled

use_compiled(__path__[0])
