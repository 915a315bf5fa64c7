"""Findings for people and for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TextIO

from hotline_local.flowlang.lint import Finding, Severity


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
