"""Faces of rooms whose parts are imported when a door first asks for a name of them (PEP 562).

A room's face names everything that it does, and a function needs little of it. The phone needs five names of the
agents' room, and would import sixty modules for them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def import_on_demand(module: str, homes: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """The `__getattr__` of a module, by its `__name__`. `homes` are modules of its package, each with the names that it
    lends. A test holds them to the imports that type checkers read."""
    package = module if hasattr(sys.modules[module], "__path__") else module.rpartition(".")[0]
    home_of = {name: home for home, names in homes.items() for name in names}

    def find(name: str) -> object:
        if name not in home_of:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        found: object = getattr(import_module(f"{package}.{home_of[name]}"), name)
        setattr(sys.modules[module], name, found)
        return found

    return find
