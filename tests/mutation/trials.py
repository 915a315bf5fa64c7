"""One change of a rule against the tests that are to notice it, in a process of its own.

There are two kinds of trial. No file is touched by either, so a run that is cut off leaves nothing behind, and several
run side by side in one checkout.

- A warm trial forks a process that has collected all tests. It gives the functions that were changed their new code,
  and runs the tests. It costs the tests alone. Values that were made of a rule at an import stay as they were. So a
  change that no warm trial notices gets a cold one.
- A cold trial forks a process that has imported the libraries and none of the rules. The import system is given the
  changed module in memory. Changes of tables and limits, which others import, need it.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from multiprocessing.connection import Connection
from types import CodeType, FunctionType, ModuleType
from typing import Final

import pytest

from tests.mutation.mutants import ROOT, Change, Site, find_detectors, make_change, read_equivalents
from tests.mutation.rules import NOT_RUN, PROMISES, RULES, Members, Rule
from tests.support.sweeps import ASKED

LIBRARIES: Final = (
    "aws_lambda_powertools.event_handler", "aws_lambda_powertools.logging", "boto3", "botocore.config",
    "cryptography.fernet", "hypothesis", "jsonschema", "moto", "phonenumbers", "pydantic.main",
    "_hypothesis_pytestplugin", "samtranslator.translator.transform", "werkzeug.test", "xdist.plugin", "yaml",
    "hotline.contracts.decisions", "hotline.contracts.schemas",
)  # fmt: skip
"""Modules that most tests import, and modules that take long: imported once, before the forks."""
OPTIONS: Final = (
    "-q", "-s", "-x", "--assert=plain", "--tb=no", "--no-header", "--no-summary", "-k", NOT_RUN,
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
    UNDECIDED = "undecided"
    """No warm trial noticed it: a cold one decides."""


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


class _AskedOf:
    """Leaves out cases of other detectors, and the promised figures of other modules: importing those modules takes
    longer than all else."""

    def __init__(self, rule: Rule) -> None:
        self._module = rule.module

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self._is_asked(item)]

    def _is_asked(self, item: pytest.Item) -> bool:
        if not _is_asked_item(item):
            return False
        if not item.nodeid.startswith(f"tests/{PROMISES}") or not isinstance(item, pytest.Function):
            return True
        call = getattr(item, "callspec", None)
        return call is None or call.params.get("module", self._module) == self._module


def ask_about(rules: Iterable[Rule]) -> None:
    """Leave the cases out that are of detectors which no change of these rules can change, from now on."""
    found: set[str] = set()
    for rule in rules:
        if (detectors := find_detectors(rule)) is None:
            return
        found |= detectors

    def is_asked(case: Mapping[str, object]) -> bool:
        return "detector" not in case or getattr(case["detector"], "rule", None) in found

    ASKED.append(is_asked)


def _is_asked_item(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    return call is None or all(is_asked(call.params) for is_asked in ASKED)


class Warm:
    """A process that has collected tests: its items, and the functions of the rules, where a fork can change them."""

    def __init__(self, session: pytest.Session, rules: Iterable[Rule]) -> None:
        self._session = session
        self._items: defaultdict[str, list[pytest.Item]] = defaultdict(list)
        for item in session.items:
            test = item.nodeid.partition("[")[0]
            self._items[test].append(item)
            self._items[test.partition("::")[0]].append(item)
        paths = {str(ROOT / rule.path) for rule in rules}
        self._functions: defaultdict[str, list[FunctionType]] = defaultdict(list)
        # The suite freezes what it collected (tests/conftest.py), and what is frozen is in no list.
        gc.unfreeze()
        for found in gc.get_objects():
            if isinstance(found, FunctionType) and found.__code__.co_filename in paths:
                self._functions[found.__code__.co_filename].append(found)
        gc.freeze()
        if not self._functions:
            raise RuntimeError("no function of a rule was found in what the tests import")
        gc.collect()
        gc.freeze()

    def passes(self, paths: Iterable[str]) -> bool:
        """Whether the tests of these files pass, and there are some. In a fork."""
        items = [item for path in paths for item in self._items[path] if _is_asked_item(item)]
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._session.testsfailed:
                return False
        return bool(items)

    def take(self, rule: Rule, change: Change) -> bool:
        """Give the functions of a rule their changed code. False when the change is not one of functions alone. In a
        fork."""
        path = str(ROOT / rule.path)
        source = (ROOT / rule.path).read_text(encoding="utf-8")
        codes = changed_codes(compile(source, path, "exec"), compile(change.source, path, "exec"))
        if codes is None:
            return False
        changed = [function for function in self._functions[path] if function.__code__ in codes]
        for function in changed:
            code = codes[function.__code__]
            if len(function.__code__.co_freevars) != len(code.co_freevars):
                return False
            function.__code__ = code
        return bool(changed)


def changed_codes(before: CodeType, after: CodeType) -> Mapping[CodeType, CodeType] | None:
    """The functions' codes that differ, by the former one. None when a module or class itself differs."""
    ours, theirs = (tuple(part for part in code.co_consts if isinstance(part, CodeType)) for code in (before, after))
    if [part.co_qualname for part in ours] != [part.co_qualname for part in theirs]:
        return None
    if _frame(before) != _frame(after):
        return None
    changed: dict[CodeType, CodeType] = {}
    for our, their in zip(ours, theirs, strict=True):
        if our == their:
            continue
        if our.co_flags & inspect.CO_OPTIMIZED:
            changed[our] = their
            continue
        inner = changed_codes(our, their)
        if inner is None:
            return None
        changed |= inner
    return changed


def _frame(code: CodeType) -> CodeType:
    """The code without its functions and classes, and without positions in the file, which follow their lengths."""
    return code.replace(
        co_consts=tuple(None if isinstance(part, CodeType) else part for part in code.co_consts), co_linetable=b""
    )


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


def run_warm(connection: Connection, rules: Sequence[Rule], work: Callable[[Connection, Warm], None]) -> None:
    """Collect the tests of these rules once, and do the work in the process that has them. In a fork."""

    class Loop:
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            # Some modules are imported where they are first used, and a change needs their functions before.
            for rule in rules:
                importlib.import_module(rule.module)
            work(connection, Warm(session, rules))
            return True

    paths = dict.fromkeys(path for rule in rules for group in rule.groups(at_top=False) for path in group)
    _run(list(paths), Loop())
    os._exit(0)


def run_tests_warm(connection: Connection, warm: Warm, paths: Sequence[str]) -> None:
    """Send whether the tests pass as things are. In a fork of a warm process."""
    connection.send(warm.passes(paths))
    os._exit(0)


def try_change_warm(connection: Connection, warm: Warm, site: Site, members: Members) -> None:
    """Send the verdict on a change, as `try_change` does, or UNDECIDED. In a fork of a warm process."""
    change = _begin(connection, site, members)
    paths = [path for group in site.rule.groups(at_top=False) for path in group]
    if not warm.take(site.rule, change) or warm.passes(paths):
        connection.send((Verdict.UNDECIDED, change.before, change.after))
    os._exit(0)


def try_change(connection: Connection, site: Site, members: Members) -> None:
    """Send the verdict on a change, with its lines before and after. In a fork."""
    change = _begin(connection, site, members)
    sys.meta_path.insert(0, _Changed(site.rule.module, str(ROOT / site.rule.path), change.source))
    verdict = Verdict.SURVIVED
    for paths in site.rule.groups(at_top=site.at_top):
        code = _run(paths, _AskedOf(site.rule))
        if code is pytest.ExitCode.NO_TESTS_COLLECTED:
            verdict = Verdict.BROKEN
        elif code is not pytest.ExitCode.OK:
            verdict = Verdict.NOTICED
            break
    connection.send((verdict, change.before, change.after))
    os._exit(0)


def _begin(connection: Connection, site: Site, members: Members) -> Change:
    """The change at a place. Ends the process when no test has to run for it."""
    change = make_change(site, members)
    if change is None:
        connection.send((Verdict.NO_CHANGE, "", ""))
        os._exit(0)
    lines = (site.rule.file, change.before, change.after)
    if any((known.file, known.before, known.after) == lines for known in read_equivalents()):
        connection.send((Verdict.EQUIVALENT, change.before, change.after))
        os._exit(0)
    ask_about([site.rule])
    # Told before the tests are run, which may never end.
    connection.send((Verdict.NOTICED, change.before, change.after))
    return change


def _run(paths: Sequence[str], *plugins: object) -> int | pytest.ExitCode:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.chdir(ROOT)
    return pytest.main([*OPTIONS, *paths], plugins=[_QuickHypothesis(), *plugins])
