"""A report on files: loads them together, so that references between them are checked, lints each, writes findings."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from connect_sim.language.document import Flow, FlowSyntaxError, load_flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.speech import NORMAL_RATE, SpeechRate
from connect_sim.linter import rules
from connect_sim.linter.rule import Finding, Severity, lint, report_unreadable


def flow_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files that are meant: a folder stands for every `*.json` in it and below. Each file once, in order."""
    found: dict[Path, None] = {}
    for path in paths:
        for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
            found.setdefault(file)
    return tuple(found)


def check_paths(paths: Iterable[Path], speech_rate: SpeechRate = NORMAL_RATE) -> tuple[list[Finding], int]:
    """Return findings in all files, and the number of files checked."""
    rules.load()
    files = flow_files(paths)
    findings: list[Finding] = []
    flows: list[Flow] = []
    for file in files:
        try:
            flows.append(load_flow(file))
        except FlowSyntaxError as error:
            findings.append(report_unreadable(error, file.stem))
    kept: dict[str, Flow] = {}
    for flow in flows:
        if flow.name in kept:
            doubled = FlowSyntaxError(flow.source, f"has the same name as {kept[flow.name].source}.")
            findings.append(report_unreadable(doubled, flow.name))
        else:
            kept[flow.name] = flow
    together = FlowSet(kept.values(), speech_rate=speech_rate)
    for flow in together.flows:
        findings += lint(flow, together)
    return findings, len(files)


def write_findings(findings: Sequence[Finding], *, checked: int, as_json: bool, out: TextIO) -> int:
    """Write findings, as JSON one a line, else as text with a sum. Returns 1 when an error is among them, else 0."""
    for finding in findings:
        if as_json:
            out.write(json.dumps(asdict(finding), ensure_ascii=False) + "\n")
        else:
            where = f", {finding.block}" if finding.block is not None else ""
            out.write(f"{finding.source}{where}: {finding.rule} {finding.severity}: {finding.message}\n")
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    if not as_json:
        out.write(
            f"{_count(checked, 'file')}, {_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')}\n"
        )
    return 1 if errors else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
