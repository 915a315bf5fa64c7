"""The wallet hotline: one room per thing the hotline does. docs/decisions.md tells why it is laid out this way."""
