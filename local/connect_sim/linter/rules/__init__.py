"""All rules, by what they look at. One function is one rule."""

from importlib import import_module

_MODULES = ("document", "parameters", "transitions", "references", "paths", "privacy", "prompts", "voice", "turns")


def load() -> None:
    """Register every rule. Harmless when done before."""
    for name in _MODULES:
        import_module(f"{__name__}.{name}")
