"""The charts of a run as PNG: findings over time by detector, and precision by recall."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from hotline.backtest.engine import DAY_MS
from hotline.backtest.measures import Groups, average_precision
from hotline.backtest.runs import Outcome
from hotline.backtest.summary import find_near_days

FINDINGS_FILE: Final = "findings.png"
CURVE_FILE: Final = "precision_recall.png"
_SIZE: Final = (9.0, 4.5)
_WIDE: Final = (11.0, 5.5)
"""The legend of all rules stands beside the picture."""
_PLAIN: Final = {"Software": None}
"""The version of the library stays out of the files, so that equal runs give equal bytes."""


def draw_charts(outcome: Outcome, told: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw the charts into the folder; the second one where labels tell of some fraud."""
    drawn = [_draw_findings(outcome, set(told["left_out"]), folder / FINDINGS_FILE)]
    labels = told.get("labels")
    if labels is not None and (labels["movements"]["fraud"] or labels["accounts"]["fraud"]):
        drawn.append(_draw_curve(outcome, folder / CURVE_FILE))
    return drawn


def _draw_findings(outcome: Outcome, blind: set[str], path: Path) -> Path:
    figure, axes = _begin("Findings a day by detector", "day (UTC)", "findings", _WIDE)
    by_rule: dict[str, dict[int, int]] = {}
    rules = {rule.name: rule.detector.rule for rule in outcome.rules.rules}
    for day, name, count in _count_days(outcome):
        if rules[name] not in blind:
            by_rule.setdefault(rules[name], {})[day] = count
    near = find_near_days(outcome.figures.days)
    days = range(near.first, near.last + 1)
    dates = [datetime.fromtimestamp(day * _DAY_S, UTC) for day in days]
    for number, (rule, counts) in enumerate(sorted(by_rule.items())):
        color, marker, style = choose_style(number)
        told = [counts.get(day, 0) for day in days]
        axes.plot(dates, told, label=rule, color=color, marker=marker, linestyle=style, markersize=4, linewidth=1)
    axes.set_ylim(bottom=0)
    if by_rule:
        figure.legend(loc="outside right upper", fontsize="small")
    figure.autofmt_xdate()
    figure.savefig(path, metadata=_PLAIN)
    return path


_DAY_S: Final = 86_400
_COLOURS: Final = 10
"""So many colours the library has of its own."""
_MARKERS: Final = (".", "s", "^", "D")
_STYLES: Final = ("-", "--", ":", "-.")


def choose_style(number: int) -> tuple[str, str, str]:
    """The colour, marker and line of a rule by its place; no two of 40 are alike."""
    turn = number // _COLOURS % len(_STYLES)
    return f"C{number % _COLOURS}", _MARKERS[turn], _STYLES[turn]


def _draw_curve(outcome: Outcome, path: Path) -> Path:
    figure, axes = _begin("Precision by recall, over all thresholds of risk", "recall", "precision")
    for name, groups in (
        ("movements", outcome.ranking.group_movements()),
        ("accounts", outcome.ranking.group_accounts()),
    ):
        curve = trace_curve(groups)
        if curve:
            area = average_precision(groups) or 0.0
            recalls, precisions = [0.0], [curve[0][1]]
            for recall, precision in curve:
                recalls.append(recall)
                precisions.append(precision)
            axes.step(recalls, precisions, where="pre", label=f"{name}: average precision {area:.3f}")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    if axes.lines:
        axes.legend(loc="lower left", fontsize="small")
    figure.savefig(path, metadata=_PLAIN)
    return path


def _begin(title: str, across: str, up: str, size: tuple[float, float] = _SIZE) -> tuple[Any, Any]:
    # A figure of its own, not pyplot's: nothing global, no window, no display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set(title=title, xlabel=across, ylabel=up)
    axes.grid(visible=True, linewidth=0.3)
    return figure, axes


def _count_days(outcome: Outcome) -> list[tuple[int, str, int]]:
    """(day since 1970, rule, findings) by day and rule."""
    return list(
        outcome.ledger.query(
            f"SELECT ended_ms / {DAY_MS} AS day, name, count(*) FROM finding GROUP BY day, name ORDER BY day, name"  # noqa: S608 - ours
        )
    )


def trace_curve(groups: Groups) -> list[tuple[float, float]]:
    """(recall, precision) at each threshold, from the highest on. Empty without any fraud."""
    total = sum(fraud for fraud, _ in groups.values())
    found = seen = 0
    points = []
    for _, (fraud, honest) in sorted(groups.items(), reverse=True):
        found += fraud
        seen += fraud + honest
        if total and seen:
            points.append((found / total, found / seen))
    return points
