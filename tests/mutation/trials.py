"""One change of a rule against the tests that are to notice it, in a process of its own.

A trial is a fork of a process that has imported the libraries and none of the rules. The changed module is given to the
import system in memory, and no file is touched. So a run that is cut off leaves nothing behind, and several run side by
side in one checkout.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from enum import Enum
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Final

import pytest

from tests.mutation.mutants import ROOT, Site, make_change, read_equivalents
from tests.mutation.rules import NOT_RUN, RULES, Members, Rule

LIBRARIES: Final = (
    "aws_lambda_powertools.event_handler", "aws_lambda_powertools.logging", "boto3", "botocore.config",
    "cryptography.fernet", "hypothesis", "jsonschema", "moto", "phonenumbers", "pydantic.main",
    "_hypothesis_pytestplugin", "samtranslator.translator.transform", "werkzeug.test", "xdist.plugin", "yaml",
    "hotline.contracts.decisions", "hotline.contracts.schemas",
)  # fmt: skip
"""Modules that most tests import, and modules that take long: imported once, before the forks."""
OPTIONS: Final = (
    "-q", "-x", "--assert=plain", "--tb=no", "--no-header", "--no-summary", "-k", NOT_RUN,
    "-p", "no:cacheprovider", "-p", "no:unraisableexception", "-p", "no:threadexception",
    "-p", "xdist.plugin", "-p", "_hypothesis_pytestplugin",
)  # fmt: skip


class Verdict(Enum):
    """The result of a change."""

    NOTICED = "noticed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    NO_CHANGE = "no change"
    BROKEN = "broken"
    """The tests could not be run."""


class _Changed(MetaPathFinder, Loader):
    """Imports one module from the changed source."""

    def __init__(self, module: str, path: str, source: str) -> None:
        self._module, self._path, self._source = module, path, source

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return spec_from_loader(name, self, origin=self._path) if name == self._module else None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self._path
        exec(compile(self._source, self._path, "exec"), module.__dict__)  # noqa: S102 - a rule of this project


class _QuickHypothesis:
    """Hypothesis looks for one failure, not for the smallest, and does not mind a machine that is busy."""

    def pytest_configure(self) -> None:
        from hypothesis import HealthCheck, Phase, settings

        phases = (Phase.explicit, Phase.reuse, Phase.generate)
        settings.register_profile("mutation", settings(), phases=phases, suppress_health_check=list(HealthCheck))
        settings.load_profile("mutation")


def prepare(bytecode: str) -> None:
    """Do once the work that each fork would do again. Import the unchanged modules, keep the bytecode of everything
    else in the folder `bytecode`, and look for no plugins. Leave all present objects out of garbage collection."""
    sys.pycache_prefix, sys.dont_write_bytecode = bytecode, False
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in LIBRARIES:
        importlib.import_module(name)
    too_early = [rule.module for rule in RULES if rule.module in sys.modules]
    if too_early:
        raise ImportError(f"imported before it could be changed: {', '.join(too_early)}")
    gc.collect()
    gc.freeze()


def tell_members(connection: Connection, rules: Iterable[Rule]) -> None:
    """Send the enumerations that each module knows. In a fork: the modules must not be imported where trials begin."""
    told: dict[str, Members] = {}
    for rule in rules:
        known = vars(importlib.import_module(rule.module))
        told[rule.file] = {
            name: tuple(value.__members__)
            for name, value in known.items()
            if isinstance(value, type) and issubclass(value, Enum)
        }
    connection.send(told)


def run_tests(connection: Connection, paths: Sequence[str]) -> None:
    """Send whether the tests pass as things are. In a fork."""
    connection.send(_run(paths) is pytest.ExitCode.OK)
    os._exit(0)


def try_change(connection: Connection, site: Site, members: Members) -> None:
    """Send the verdict on a change, with its lines before and after. In a fork."""
    change = make_change(site, members)
    if change is None:
        connection.send((Verdict.NO_CHANGE, "", ""))
        os._exit(0)
    lines = (site.rule.file, change.before, change.after)
    if any((known.file, known.before, known.after) == lines for known in read_equivalents()):
        connection.send((Verdict.EQUIVALENT, change.before, change.after))
        os._exit(0)
    # Told before the tests are run, which may never end.
    connection.send((Verdict.NOTICED, change.before, change.after))
    sys.meta_path.insert(0, _Changed(site.rule.module, str(ROOT / site.rule.path), change.source))
    verdict = Verdict.SURVIVED
    for paths in site.rule.groups(at_top=site.at_top):
        code = _run(paths)
        if code is pytest.ExitCode.NO_TESTS_COLLECTED:
            verdict = Verdict.BROKEN
        elif code is not pytest.ExitCode.OK:
            verdict = Verdict.NOTICED
            break
    connection.send((verdict, change.before, change.after))
    os._exit(0)


def _run(paths: Sequence[str]) -> int | pytest.ExitCode:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.chdir(ROOT)
    return pytest.main([*OPTIONS, *paths], plugins=[_QuickHypothesis()])
