"""Ground rules for every test: no real AWS, one region, and tests that share something dear run in one worker."""

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings

if TYPE_CHECKING:
    from hotline_local.launcher import RunningStack

# Set at import, before any client can be made: a client that finds AWS_ENDPOINT_URL would leave moto and talk to
# whatever listens there.
for name in [name for name in os.environ if name.startswith(("AWS_ENDPOINT_URL", "AWS_PROFILE"))]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION="eu-central-1",
    AWS_REGION="eu-central-1",
    AWS_EC2_METADATA_DISABLED="true",
    # moto stands in the place of AWS in the SDK alone; tests of our own client say so themselves.
    STORE_CLIENT="boto3",
    POWERTOOLS_SERVICE_NAME="test",
    POWERTOOLS_METRICS_NAMESPACE="Test",
    POWERTOOLS_TRACE_DISABLED="true",
    LOG_LEVEL="INFO",
    # A hotline that somebody runs beside the tests is none of theirs: no test finds it, and none replaces its file.
    HOTLINE_STACK_FILE=f"{os.devnull}/no-stack.json",
)

from hotline.kit.logging import logger  # noqa: E402 - it reads the environment

# The suite is seeded and bounded; `make soak` looks further, with fresh seeds.
settings.register_profile("suite", derandomize=True, deadline=None, max_examples=30)
settings.register_profile("soak", deadline=None, max_examples=5_000)
settings.load_profile("soak" if os.environ.get("HOTLINE_SOAK") else "suite")


@pytest.fixture(scope="session", autouse=True)
def _log_lines_go_where_the_session_writes() -> None:
    """The logger is made once, on first use: were that in a test that reads stdout, it would find log lines there."""
    logger()


@pytest.fixture(scope="session")
def running_stack() -> Iterator["RunningStack"]:
    """The template on a MiniStack of its own for the session. It starts empty: a test brings its own customer."""
    from hotline_local import launcher

    with launcher.start() as running:
        yield running


STACK: Final = "running_stack"
EMULATOR: Final = "ministack"
PLAYED: Final = "played calls"
HEAVIEST_FIRST: Final = (
    STACK,
    EMULATOR,
    "desk/test_cases.py",
    PLAYED,
    "desk/test_accessibility.py",
    "desk/test_approvals.py",
    "desk/test_sign_in.py",
    "desk/test_supervisors.py",
    "desk/test_workspace.py",
    "desk/test_money.py",
    "desk/test_evidence_page.py",
    "infra/test_running_stack.py",
    "infra/test_artefacts.py",
    "security/test_guessing_simulated.py",
    "security/test_takeover_by_keys.py",
    "flows/test_every_edge.py",
    "rooms/security/test_town.py",
    "rooms/security/test_scan_costs.py",
    "functions/agent_api/test_agent_contract.py",
    "rooms/security/test_scan_identity.py",
    "infra/test_least_privilege.py",
    "rooms/security/test_detectors_fold.py",
    "rooms/security/test_money_detection.py",
    "local/test_backtest.py",
    "security/test_guessing_by_strangers.py",
    "calls/test_native_testcases.py",
    "calls/test_hanging_up.py",
    "rules/test_language.py",
    "functions/test_api_contract.py",
    "functions/test_starts.py",
    "rooms/agents/test_limits.py",
    "rooms/agents/test_acts.py",
    "functions/test_quiet_hours.py",
    "rooms/security/test_honest_logins.py",
    "infra/test_import_contracts.py",
    "functions/test_sentences_true.py",
    "security/test_growth_of_items.py",
    "security/test_growth_of_profiles.py",
    "calls/test_scenarios.py",
)
"""Groups that take longest, in the order in which workers begin them: one that began last would keep one worker busy
alone."""


def pytest_collection(session: pytest.Session) -> None:
    """Collect without the garbage collector: all that collecting makes is kept.

    Each worker of a whole run begins at another file: a file that one has compiled is ready for the others.
    """
    gc.disable()
    config = session.config
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    if worker and config.args == config.getini("testpaths"):
        files = sorted(str(path) for path in Path(__file__).parent.rglob("test_*.py"))
        begin = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
        config.args = files[begin:] + files[:begin]


def pytest_collection_finish() -> None:
    """Keep what was collected out of the garbage collector, which would walk all of it again and again.

    It does not walk it once either: nearly all of it is in use.
    """
    gc.freeze()
    gc.enable()
    # Most objects go with their last reference. A cycle may wait for one of fewer rounds.
    gc.set_threshold(50_000, 20, 100)


def sends_few_reports(config: pytest.Config) -> bool:
    """Whether this is a worker that sends fewer reports than pytest makes.

    xdist sends six messages of each test to the process that prints, which reads and prints one of them. `--durations`
    and `--maxfail` need each report in its moment, and get it.
    """
    needed = config.getoption("durations") is not None or config.getoption("maxfail")
    return hasattr(config, "workerinput") and not needed


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Send the report of a phase that did not pass at once: the worker may end before the test does."""
    report = yield
    if sends_few_reports(item.config) and not report.passed:
        item.ihook.pytest_runtest_logreport(report=report)
    return report


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Send one report of a test that passed, and none of its start and end."""
    if not sends_few_reports(item.config):
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" and report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a module's tests in one worker, and every test of the deployed stack in the one that deploys it. The same
    holds for the modules whose stores are in an emulator.

    Used by `make test`: tables are then made once a module, stack and emulator once a session. The heaviest come first.
    """
    folder = Path(__file__).parent
    names = [str(folder / name) if name.endswith(".py") else name for name in HEAVIEST_FIRST]
    ranks = {name: rank for rank, name in enumerate(names)}
    if gone := [name for name in names if name.endswith(".py") and not Path(name).exists()]:
        raise pytest.UsageError(f"tests/conftest.py names test files that are not there: {', '.join(gone)}")
    emulated = {item.path for item in items if needs_emulator(item)}
    groups: dict[pytest.Item, str] = {}
    for item in items:
        marker = item.get_closest_marker("xdist_group")
        if marker is None:
            shared = STACK if STACK in getattr(item, "fixturenames", ()) else EMULATOR
            alone = shared is not STACK and item.path not in emulated
            marker = pytest.mark.xdist_group(str(item.path) if alone else shared).mark
            item.add_marker(pytest.mark.xdist_group(*marker.args))
        groups[item] = marker.args[0]
    items.sort(key=lambda item: (ranks.get(groups[item], len(ranks)), str(item.path)))


def needs_emulator(item: pytest.Item) -> bool:
    """Whether a test runs on a store of tests.support.stores that is in MiniStack."""
    call = getattr(item, "callspec", None)
    given = call.params.values() if call is not None else ()
    return EMULATOR in given or f"{EMULATOR}_store" in getattr(item, "fixturenames", ())
