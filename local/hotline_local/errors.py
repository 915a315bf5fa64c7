"""The error that every command may end with; the lowest module of this package, so that all others can raise it."""


class CommandError(Exception):
    """A fault that the person at the terminal can put right, in one sentence that names the remedy."""

    def __init__(self, sentence: str, *, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code
