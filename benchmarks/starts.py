"""The cost of each function's start: its imports, its clients, and its first invocation, from the built artefact.

Every figure is a whole new interpreter, as a cold start has, with the artefact's code and bytecode and nothing else.
They are compared with two others: one that does nothing (`empty`), and one that makes a client of DynamoDB by boto3
(`bare`). All are started in turn, so that other work of the machine meets them alike. The time is the processor's, of
the child alone (wait4). A first invocation is answered by a stub on loopback that knows nothing. Run with `make bench`.
"""

from __future__ import annotations

import base64
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

from benchmarks.tables import Table
from hotline.kit.start import FUNCTION_SETTING
from hotline_local.launcher.build import TEMPLATE_NAME
from hotline_local.launcher.template import read
from tests.support.function_settings import SETTINGS

ROOT: Final = Path(__file__).resolve().parents[1]
RUNS: Final = 11
LAYERS: Final = ("DependenciesLayer", "HotlineLayer")
REGION: Final = "eu-central-1"
EMPTY: Final = "empty"
BARE: Final = "bare"
EVENTS: Final = {
    "connect": "start_inbound",
    "wallet_events": "account_opened",
    "imports": "two_accounts",
    "digests": "two_accounts",
    "messenger": "code_by_sms",
    "decisions": "unlock_requested",
    "deadlines": "scheduled",
    "security_scan": "scheduled",
    "contact_events": "answered_call",
    "evidence": "uploaded",
    "customer_api": "lock_200",
    "agent_api": "queue_200",
    "backtest": None,
}
"""The sample of `events/` that each function is first invoked with; None where there is none."""
STAGES: Final = ("import", "clients", "first")
WARM: Final = "connect"
WARM_CALLS: Final = 100
"""Invocations after the first one, of the phone's function alone: a first step, with one read and a transaction."""
FIRST_RELEASE: Final = {"connect": 1.64, "customer_api": 2.25, "wallet_events": 1.94, "deadlines": 2.71}
"""Times `bare`, at the first release: with the first invocation for deadlines, before it for the others."""
GOALS: Final = {"connect": 0.9, "customer_api": 1.5, "wallet_events": 1.1, "security_scan": 1.1}
"""Times `bare`, with the first invocation."""
HEAD: Final = ("function", "import", "with clients", "with first invocation", "x empty", "first release", "goal")
WARM_NOTE: Final = "A warm step of the phone with one read and a transaction, own time and client: "
_CHILD: Final = """
import os, sys, time
kind, module, calls, *paths = sys.argv[1:]
sys.path[:0] = paths
def note():
    print(time.process_time(), flush=True)
if kind == "bare":
    import boto3
    boto3.client("dynamodb")
elif kind == "function":
    from importlib import import_module
    from hotline.kit import start
    make = start.make_at_start
    def note_and_make(*makers):
        note()
        make(*makers)
        note()
    start.make_at_start = note_and_make
    app = import_module(module)
    if int(calls):
        import json
        class Context:
            aws_request_id, function_name, memory_limit_in_mb = "1", "f", 512
            invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:f:live"
            def get_remaining_time_in_millis(self): return 10000
        event = json.loads(sys.stdin.read())
        app.handler(event, Context())
        note()
        for _ in range(int(calls) - 1):
            app.handler(event, Context())
note()
os._exit(0)
"""
"""A process of the benchmark: `-I -S`, so that it has no packages but those of the artefact. It prints the time of the
processor that it has used so far, at the end of each stage. It ends as a function does: nothing is taken apart."""


@dataclass(frozen=True, slots=True)
class Start:
    """The processor time of one function's start, in milliseconds, and as a ratio to `bare`; sums, not steps."""

    function: str
    import_ms: float
    clients_ms: float
    first_ms: float | None
    import_ratio: float
    clients_ratio: float
    first_ratio: float | None
    first_to_empty: float


@dataclass(frozen=True, slots=True)
class Starts:
    """Milliseconds are medians, and each function's ratios are medians of the runs' own ratios. `warm_ms` is the
    processor's time of a warm step of the phone with its client."""

    runs: int
    empty_ms: float
    bare_ms: float
    warm_ms: float | None
    functions: tuple[Start, ...]


class _Stub(BaseHTTPRequestHandler):
    """Answers what a client asks: no items, keys for the keyrings, and that everything was taken.

    An answer goes out at once and in one piece. In two, the second one waits 40 ms for word of the first (Nagle,
    delayed acknowledgement). A function that waits so long finds other people's data in the processor's caches.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Every method of HTTP is answered alike."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = json.dumps(_answer(self.headers.get("X-Amz-Target", ""), body)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _answer(target: str, body: bytes) -> dict[str, object]:
    operation = target.rpartition(".")[2]
    if operation == "GetSecretValue":
        return {"SecretString": json.dumps({"current": "1", "1": "0" * 64})}
    if operation == "GenerateMac":
        return {"Mac": base64.b64encode(bytes(32)).decode()}
    if operation == "Query":
        return {"Items": [], "Count": 0}
    if operation == "PutEvents":
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in json.loads(body)["Entries"]]}
    if operation == "UpdateItem":
        return {"Attributes": {"count": {"N": "1"}}}
    if operation == "BatchGetItem":
        return {"Responses": {}, "UnprocessedKeys": {}}
    return {}


@contextmanager
def serve_stub() -> Iterator[str]:
    """A stub of AWS on a free port of loopback: its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Stub) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def environment_of(function: str, endpoint: str, packages: Path) -> dict[str, str]:
    """The environment of a deployed function. `packages`: the layer with the wheels."""
    return {
        **SETTINGS.get(function, {}),
        "PATH": os.defpath,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        FUNCTION_SETTING: function,
        "POWERTOOLS_SERVICE_NAME": function,
        "POWERTOOLS_METRICS_NAMESPACE": "Hotline",
        "LOG_LEVEL": "CRITICAL",
        "PYTHONTZPATH": str(packages / "tzdata/zoneinfo"),
    }


def cpu_s(
    kind: str, module: str, paths: Sequence[Path], environment: Mapping[str, str], event: str = "", calls: int = 0
) -> list[float]:
    """Seconds of the processor, user's and system's, of one new interpreter by the end of each stage, and in all
    (wait4). Raises RuntimeError when it fails."""
    given, giver = os.pipe()
    os.write(giver, event.encode())
    os.close(giver)
    taker, told = os.pipe()
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", "-B", "-c", _CHILD, kind, module, str(calls), *map(str, paths)],
        dict(environment),
        file_actions=[(os.POSIX_SPAWN_DUP2, given, 0), (os.POSIX_SPAWN_DUP2, told, 1)],
    )
    os.close(given)
    os.close(told)
    with os.fdopen(taker, encoding="utf-8") as lines:
        noted = [float(line) for line in lines if line[:1].isdigit()]
    _, status, used = os.wait4(child, 0)
    if status != 0:
        raise RuntimeError(f"{kind} {module} failed")
    return [*noted[:-1], used.ru_utime + used.ru_stime]


def measure(
    folder: Path,
    runs: int = RUNS,
    functions: Sequence[str] = tuple(EVENTS),
    tell: Callable[[str], None] = lambda _: None,
) -> Starts:
    """Start each function so often, in turn with `empty` and `bare`. `folder`: of a build for this machine."""
    functions = functions or tuple(EVENTS)
    template = read(folder / TEMPLATE_NAME)
    ids = {
        each["Properties"]["Handler"].split(".")[1]: name
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function"
    }
    layers = [folder / layer / "python" for layer in LAYERS]
    taken: dict[tuple[str, str], list[float]] = {}
    with serve_stub() as endpoint:
        for run in range(runs + 1):
            tell(f"starts: run {run} of {runs}")
            for name in (EMPTY, BARE):
                used = cpu_s(name, "", layers, environment_of(name, endpoint, layers[0]))
                taken.setdefault((name, name), []).append(used[-1])
            for function in functions:
                event = EVENTS[function]
                text = "" if event is None else (ROOT / f"events/{function}/{event}.json").read_text(encoding="utf-8")
                calls = 0 if event is None else 1 + WARM_CALLS if function == WARM else 1
                environment = environment_of(function, endpoint, layers[0])
                paths = [folder / ids[function], *layers]
                noted = cpu_s("function", f"functions.{function}.app", paths, environment, text, calls)
                for stage, seconds in zip(STAGES if calls else STAGES[:2], noted, strict=False):
                    taken.setdefault((function, stage), []).append(seconds)
                if function == WARM:
                    taken.setdefault((WARM, "warm"), []).append((noted[-1] - noted[-2]) / WARM_CALLS)
    # The first run warms the machine's cache of files.
    kept = {key: times[1:] for key, times in taken.items()}
    made = tuple(_start(function, kept) for function in functions)
    warm = kept.get((WARM, "warm"))
    warm_ms = None if warm is None else round(statistics.median(warm) * 1000, 2)
    return Starts(runs, _median_ms(kept[EMPTY, EMPTY]), _median_ms(kept[BARE, BARE]), warm_ms, made)


def _start(function: str, taken: Mapping[tuple[str, str], list[float]]) -> Start:
    imported, made, first = (taken.get((function, stage)) for stage in STAGES)
    assert imported is not None
    assert made is not None
    bare, empty = taken[BARE, BARE], taken[EMPTY, EMPTY]
    return Start(
        function,
        _median_ms(imported),
        _median_ms(made),
        None if first is None else _median_ms(first),
        _ratio(imported, bare),
        _ratio(made, bare),
        None if first is None else _ratio(first, bare),
        _ratio(made if first is None else first, empty),
    )


def _median_ms(times: Sequence[float]) -> float:
    return round(statistics.median(times) * 1000, 1)


def _ratio(times: Sequence[float], to: Sequence[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(times, to, strict=True)), 2)


def tabulate(starts: Starts) -> Table:
    """A row for each function."""
    rows: list[tuple[str, ...]] = []
    for each in starts.functions:
        first = "-" if each.first_ratio is None else f"{each.first_ratio:.2f}"
        before, goal = FIRST_RELEASE.get(each.function), GOALS.get(each.function)
        rows.append(
            (
                each.function,
                f"{each.import_ratio:.2f}",
                f"{each.clients_ratio:.2f}",
                first,
                f"{each.first_to_empty:.1f}",
                "-" if before is None else f"{before:.2f}",
                "-" if goal is None else f"{goal:.2f}",
            )
        )
    note = f"{BARE} took {starts.bare_ms:g} ms of the processor, {EMPTY} {starts.empty_ms:g} ms."
    if starts.warm_ms is not None:
        note += f" {WARM_NOTE}{starts.warm_ms:g} ms."
    return Table(HEAD, rows, note, asdict(starts))
