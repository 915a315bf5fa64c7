"""Numbers of things in sentences of the command line, in the singular and the plural."""


def count_things(number: int, one: str, many: str | None = None) -> str:
    """The number with its noun: "1 call", "1,200 calls". `many` is the plural, by default with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
