"""The budget of each function's start: so many modules, and never what it does not need. Counts, no times.

`make bench ARGS=starts` measures the time. A module that is added for a reason gets its place here with the reason.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from hotline_local.launcher.build import Target, build
from tests.support.artefact_imports import Imported, imported
from tests.support.sweeps import sweep
from tests.support.template import resources

pytestmark = pytest.mark.slow

MODULES_MAX: Final = {
    "AgentApiFunction": 689,
    "BacktestFunction": 273,
    "ConnectFunction": 394,
    "ContactEventsFunction": 287,
    "CustomerApiFunction": 668,
    "DeadlinesFunction": 389,
    "DecisionsFunction": 187,
    "DigestsFunction": 412,
    "EvidenceFunction": 358,
    "ImportsFunction": 432,
    "MessengerFunction": 373,
    "SecurityScanFunction": 408,
    "WalletEventsFunction": 432,
}
"""The count when this was written, and room for one file or two."""
NOBODY: Final = ("xml", "s3transfer", "boto3", "botocore.session", "phonenumbers", "unittest")
"""For no function. The SDK is imported with its first client; phonenumbers where a number is read. DynamoDB is asked by
`http.client`, which brings `ssl` and `email`."""
NETWORK: Final = ("asyncio", "subprocess")
PARSERS: Final = ("pydantic",)
RESOLVER: Final = ("aws_lambda_powertools",)
"""For the APIs alone: Powertools resolves their routes. A log line does without (`kit/logging.py`)."""
RULES: Final = ("hotline.security.detectors.shipped", "tomllib", "concurrent.futures")
"""Modules for the scan alone, of the room of security and of the standard library."""
BEFORE_THE_FILES: Final = {"hotline", "hotline.kit", "hotline.kit.precompiled", "hotline.kit.start"}
"""Modules that Python looks for in folders: those that open the files of packages."""
SDK: Final = {"botocore"}
"""Looked for in folders too: the SDK's first module, which Powertools loads. Few starts need the SDK."""
AGENTS: Final = ("hotline.agents.acts", "hotline.agents.approvals", "hotline.agents.views")
ALLOWED: Final = {
    # The resolver of Powertools brings asyncio, which brings the rest.
    "AgentApiFunction": {*NETWORK, *PARSERS, *RESOLVER, *AGENTS, "concurrent.futures"},
    "CustomerApiFunction": {*NETWORK, *PARSERS, *RESOLVER, "concurrent.futures"},
    # Shards of a history are judged by several processes.
    "BacktestFunction": {*RULES, "subprocess"},
    "SecurityScanFunction": {*RULES},
    "ContactEventsFunction": {*PARSERS},
    "DigestsFunction": {*PARSERS},
    "ImportsFunction": {*PARSERS},
    "WalletEventsFunction": {*PARSERS},
}


@pytest.fixture(scope="module")
def found() -> dict[str, Imported]:
    local: Path = build(Target.LOCAL, lambda _: None).parent
    return imported(sorted(resources("AWS::Lambda::Function")), local)


def test_every_function_has_a_budget(found: dict[str, Imported]) -> None:
    assert found.keys() == MODULES_MAX.keys()


@sweep("function", MODULES_MAX)
def test_a_function_imports_no_more_modules_than_its_budget(function: str, found: dict[str, Imported]) -> None:
    count = len(found[function].modules)
    assert count <= MODULES_MAX[function]
    assert count > MODULES_MAX[function] * 0.9, "the budget is too large to notice anything: lower it"


@sweep("function", MODULES_MAX)
def test_a_function_imports_nothing_that_it_does_not_need(function: str, found: dict[str, Imported]) -> None:
    unwanted = {*NOBODY, *NETWORK, *PARSERS, *RESOLVER, *RULES, *AGENTS} - ALLOWED.get(function, set())
    assert found[function].modules.isdisjoint(unwanted)


@sweep("function", MODULES_MAX)
def test_no_method_of_a_record_is_compiled_at_the_start(function: str, found: dict[str, Imported]) -> None:
    assert not {
        module for module in found[function].texts if module.startswith(("functions.", "hotline.", "pydantic."))
    }


@sweep("function", MODULES_MAX)
def test_no_regular_expression_is_compiled_at_the_start(function: str, found: dict[str, Imported]) -> None:
    assert found[function].patterns == frozenset()


@sweep("function", MODULES_MAX)
def test_modules_are_taken_from_their_packages_file(function: str, found: dict[str, Imported]) -> None:
    own = {name for name in found[function].searched if name.startswith("functions.")}
    sdk = SDK if RESOLVER[0] in ALLOWED.get(function, ()) else set()
    assert found[function].searched - own == BEFORE_THE_FILES | sdk
    assert len(own) <= 4, "a function imports the hotline with its first lines"
