"""Texts from outside as a terminal may show them."""


def escape_hidden(text: str) -> str:
    r"""Return the text with each character that nobody sees as an escape, such as `\x1b`; the ends of lines stay.

    The name of a file may hold commands for the terminal, or marks that turn a line around.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else _escape(one) for one in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
