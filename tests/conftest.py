"""Ground rules for every test: no real AWS, one region, and tests that share something dear run in one worker."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
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
    POWERTOOLS_SERVICE_NAME="test",
    POWERTOOLS_METRICS_NAMESPACE="Test",
    POWERTOOLS_TRACE_DISABLED="true",
    POWERTOOLS_LOG_LEVEL="INFO",
    # A hotline that somebody runs beside the tests is none of theirs: no test finds it, and none replaces its file.
    HOTLINE_STACK_FILE=f"{os.devnull}/no-stack.json",
)

from hotline.kit.logging import logger  # noqa: E402 - it reads the environment

# The suite is seeded and bounded; `make soak` looks further, with fresh seeds.
settings.register_profile("suite", derandomize=True, deadline=None, max_examples=50)
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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a module's tests in one worker, and every test of the deployed stack in the one that deploys it.

    Used by `pytest -n 2 --dist loadgroup`: tables are then made once a module, and the stack once a session.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            deployed = "running_stack" in getattr(item, "fixturenames", ())
            item.add_marker(pytest.mark.xdist_group("running_stack" if deployed else str(item.path)))
