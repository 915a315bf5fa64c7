"""The face of backtest: the steps of a run over objects, which a state machine puts together.

    plan -> split each object -> judge each share -> merge

Each step reads what the steps before it have left, and writes under the name of the run alone. A step that is repeated
writes the same again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hotline.kit.aws.objects import Objects
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.rules import RuleSet
from hotline.security.score import Weights
from hotline.security.settings import (
    SHIPPED_FILE,
    BadSettings,
    choose_rules,
    name_file,
    parse_settings,
    read_bands,
    read_weights,
    refuse_unknown_rules,
)

from .engine import Scope, Share
from .figures import Figures
from .labels import Labels, read_labels
from .ledger import Ledger
from .model import (
    INPUT,
    OBJECTS_MAX,
    OUTPUT,
    PARTS,
    SHARES_MAX,
    BacktestError,
    Plan,
    Unusable,
    read_key,
    read_order,
)
from .ordering import PARTS_MAX, Inputs, sort_files
from .partition import divide
from .results import write_results
from .runs import Chosen, Outcome, Work, judge_share
from .summary import sum_up

__all__ = ["INPUT", "OUTPUT", "PARTS", "SHARES_MAX", "BadSettings", "Unusable", "judge", "merge", "plan", "split"]

NAME_CHARACTERS: Final = 16
"""Of the hash of a key, in the names of what comes of the object."""


def plan(objects: Objects, order: Mapping[str, object], run: str) -> dict[str, Any]:
    """Begin a run: check its order, and keep the settings and the list of objects as they are now. Answers the numbers
    of the shares. A run that has begun keeps its first plan. Raises Unusable, BadSettings, Unavailable."""
    kept = objects.read(_plan_key(run))
    if kept is not None:
        return _answer(Plan.of_text(kept))
    made = read_order(order, run)
    settings = read_key(order, "settings")
    text = SHIPPED_FILE.read_bytes() if settings is None else objects.read(settings)
    if text is None:
        raise Unusable(BacktestError.NO_OBJECT, f"There is no object {settings}.")
    only = made.only
    if only is None and settings is None:
        # As the command: a backtest is how somebody decides about the rules that are off.
        only = tuple(detector.rule for detector in DETECTORS)
    try:
        made = replace(made, settings=text.decode("utf-8-sig"), only=only)
    except UnicodeDecodeError:
        raise Unusable(BacktestError.FILE_UNREADABLE, f"{settings} cannot be read: it is not UTF-8.") from None
    refuse_unknown_rules(made.only or ())
    with name_file(settings or SHIPPED_FILE.name):
        _weigh(made)
        read_bands(parse_settings(made.settings))
        chosen = _choose(made)
    if not chosen:
        raise Unusable(BacktestError.NO_RULE, "No rule is on: name some with detectors.")
    if made.labels is not None and made.labels not in objects.list_keys(made.labels):
        raise Unusable(BacktestError.NO_OBJECT, f"There is no object {made.labels}.")
    history = _list_history(objects, made)
    if not history:
        raise Unusable(BacktestError.NO_HISTORY, f"No object begins with {made.history}.")
    if len(history) > OBJECTS_MAX:
        raise Unusable(BacktestError.TOO_MANY_OBJECTS, f"A history has at most {OBJECTS_MAX:,} objects.")
    objects.write(_history_key(run), json.dumps(history).encode())
    objects.write(_plan_key(run), made.to_text().encode())
    return _answer(made)


def split(objects: Objects, run: str, key: str) -> int:
    """Divide the lines of one object among the shares. Answers how many lines it has. Raises Unusable, Unavailable."""
    made = _read_plan(objects, run)
    if not key.startswith(made.history):
        raise Unusable(BacktestError.BAD_PREFIX, f"{key} is no object of the history.")
    if key.endswith("/"):
        return 0
    name = _name_of(key)
    with TemporaryDirectory(prefix="hotline-backtest-") as place:
        folder = Path(place)
        file = folder / f"object{''.join(Path(key).suffixes[-1:])}"
        if not objects.fetch(key, file):
            raise Unusable(BacktestError.NO_OBJECT, f"There is no object {key} any more.")
        divided = divide(file, made.shares, folder)
        for share, part in divided.parts.items():
            objects.keep(part, f"{PARTS}{run}/lines/{share:03d}/{name}.jsonl.gz")
    counts = {"untouched": divided.untouched, "set_aside": divided.set_aside}
    told = {"key": key, "lines": divided.lines, "bad": divided.bad, **counts}
    objects.write(f"{PARTS}{run}/files/{name}.json", json.dumps(told).encode())
    return divided.lines


def judge(objects: Objects, run: str, share: int) -> int:
    """Judge the subjects of one share over the whole history. Answers how many events were its own. Raises Unusable,
    Unavailable."""
    made = _read_plan(objects, run)
    labels = _read_labels(objects, made)
    with TemporaryDirectory(prefix="hotline-backtest-") as place:
        folder = Path(place)
        files = tuple(_fetch_all(objects, f"{PARTS}{run}/lines/{share:03d}/", folder))
        inputs = Inputs(files)
        if len(files) > PARTS_MAX:
            (apart := folder / "sorted").mkdir()
            inputs = sort_files(files, apart)
        work = Work(files, _choose(made), _scope_of(made, labels), weights=_weigh(made))
        figures, ledger = judge_share(work, inputs, folder, Share(share, made.shares))
        ledger.close()
        objects.keep(ledger.path, f"{PARTS}{run}/judged/{share:03d}.sqlite")
    objects.write(f"{PARTS}{run}/figures/{share:03d}.json", json.dumps(figures.to_json()).encode())
    return figures.events


def merge(objects: Objects, run: str) -> dict[str, Any]:
    """Put the shares together: findings, rankings, bad lines and summary, as the command writes them. Answers where
    they are, and their numbers. Raises Unusable when the history is another one by now; Unavailable."""
    made = _read_plan(objects, run)
    labels = _read_labels(objects, made)
    with TemporaryDirectory(prefix="hotline-backtest-") as place:
        folder = Path(place)
        ledger = Ledger(folder / "ledger")
        try:
            figures = _collect(objects, made, ledger, folder)
            names = _collect_files(objects, made, ledger, figures)
            rules = RuleSet.of(_choose(made), _weigh(made))
            scope = _scope_of(made, labels)
            outcome = Outcome.of(rules, figures, ledger, scope, labels, was_sorted=True)
            told = sum_up(outcome, has_labels=labels is not None)
            (results := folder / "results").mkdir()
            for file in write_results(outcome, told, names, results):
                objects.keep(file, f"{OUTPUT}{run}/{file.name}")
        finally:
            ledger.close()
    counts = ("events", "findings", "bad_lines", "rules")
    return {"output": f"{OUTPUT}{run}/", **{name: told[name] for name in counts}}


def _collect(objects: Objects, made: Plan, ledger: Ledger, folder: Path) -> Figures:
    """Take in the ledgers of all shares, one at a time, and add up their figures."""
    ledger.collect(_fetch_all(objects, f"{PARTS}{made.run}/judged/", folder, one_at_a_time=True))
    whole: Figures | None = None
    for share in range(made.shares):
        text = objects.read(f"{PARTS}{made.run}/figures/{share:03d}.json")
        if text is None:
            raise Unusable(BacktestError.NO_OBJECT, f"Share {share} was not judged to its end.")
        figures = Figures.of_json(json.loads(text))
        if whole is None:
            whole = figures
        else:
            whole.add(figures)
    return whole or Figures()


def _collect_files(objects: Objects, made: Plan, ledger: Ledger, figures: Figures) -> list[str]:
    """Take in what was found of the files themselves. Returns their keys."""
    names: list[str] = json.loads(objects.read(_history_key(made.run)) or b"[]")
    if names != _list_history(objects, made):
        raise Unusable(BacktestError.OTHER_HISTORY, "Objects of the history came or went while it was read.")
    figures.untouched.clear()
    figures.set_aside.clear()
    for number, key in enumerate(names):
        text = objects.read(f"{PARTS}{made.run}/files/{_name_of(key)}.json")
        if text is None:
            raise Unusable(BacktestError.NO_OBJECT, f"{key} was not read to its end.")
        told = json.loads(text)
        figures.untouched.update(told["untouched"])
        figures.set_aside.update(told["set_aside"])
        for line, reason, field in told["bad"]:
            ledger.note_bad(number, line, reason, field)
    ledger.flush()
    return names


def _fetch_all(objects: Objects, prefix: str, folder: Path, *, one_at_a_time: bool = False) -> Iterator[Path]:
    for key in objects.list_keys(prefix):
        file = folder / key.rpartition("/")[2]
        if not objects.fetch(key, file):
            raise Unusable(BacktestError.NO_OBJECT, f"There is no object {key} any more.")
        yield file
        if one_at_a_time:
            file.unlink()


def _read_plan(objects: Objects, run: str) -> Plan:
    text = objects.read(_plan_key(run))
    if text is None:
        raise Unusable(BacktestError.NO_OBJECT, "The run was not planned.")
    return Plan.of_text(text)


def _read_labels(objects: Objects, made: Plan) -> Labels | None:
    if made.labels is None:
        return None
    with TemporaryDirectory(prefix="hotline-backtest-") as place:
        file = Path(place) / f"labels{''.join(Path(made.labels).suffixes[-1:])}"
        if not objects.fetch(made.labels, file):
            raise Unusable(BacktestError.NO_OBJECT, f"There is no object {made.labels} any more.")
        return read_labels(file)


def _scope_of(made: Plan, labels: Labels | None) -> Scope:
    return Scope.of(labels, ranked=made.ranked, since_ms=made.since_ms, until_ms=made.until_ms)


def _choose(made: Plan) -> Chosen:
    return choose_rules(parse_settings(made.settings), only=made.only)


def _weigh(made: Plan) -> Weights:
    return read_weights(parse_settings(made.settings))


def _list_history(objects: Objects, made: Plan) -> list[str]:
    return [key for key in objects.list_keys(made.history) if not key.endswith("/")]


def _answer(made: Plan) -> dict[str, Any]:
    return {"run": made.run, "history": made.history, "shares": list(range(made.shares))}


def _name_of(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:NAME_CHARACTERS]


def _plan_key(run: str) -> str:
    return f"{PARTS}{run}/plan.json"


def _history_key(run: str) -> str:
    return f"{PARTS}{run}/history.json"
