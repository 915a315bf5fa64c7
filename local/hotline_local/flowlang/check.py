"""Checks files: loads them together, so that references between them are checked too, and lints each."""

from collections.abc import Iterable
from pathlib import Path

from hotline_local.flowlang import rules
from hotline_local.flowlang.document import Flow, FlowSyntaxError, load_flow
from hotline_local.flowlang.flowset import FlowSet
from hotline_local.flowlang.lint import Finding, lint, unreadable


def flow_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files that are meant: a folder stands for every `*.json` in it and below. Each file once, in order."""
    found: dict[Path, None] = {}
    for path in paths:
        for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
            found.setdefault(file)
    return tuple(found)


def check_paths(paths: Iterable[Path]) -> tuple[list[Finding], int]:
    """Findings in all files, and the number of files checked."""
    rules.load()
    files = flow_files(paths)
    findings: list[Finding] = []
    flows: list[Flow] = []
    for file in files:
        try:
            flows.append(load_flow(file))
        except FlowSyntaxError as error:
            findings.append(unreadable(error, file.stem))
    kept: dict[str, Flow] = {}
    for flow in flows:
        if flow.name in kept:
            doubled = FlowSyntaxError(flow.source, f"has the same name as {kept[flow.name].source}.")
            findings.append(unreadable(doubled, flow.name))
        else:
            kept[flow.name] = flow
    together = FlowSet(kept.values())
    for flow in together.flows:
        findings += lint(flow, together)
    return findings, len(files)
