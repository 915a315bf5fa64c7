"""The MiniStack process: AWS on this machine's loopback, as a child that leaves nothing behind."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Final, Self

from hotline_local.errors import CommandError
from hotline_local.launcher.paths import LOCAL
from hotline_local.ports import HOST

REGION: Final = "eu-central-1"
START_TIMEOUT_S: Final = 300
"""Only a start that hangs takes so long; one that fails is seen at once, for its process has ended."""
READY_TIMEOUT_S: Final = 10
STOP_TIMEOUT_S: Final = 10

# A function runs in a process of its own per concurrent call. Without a cap, a burst of events would start one for
# each of them. Beyond the cap a call is refused (429), and so is a page's. Twelve of them
# are for four workers of a scan, for what queues and streams call, and for the phone. Twelve are for three open pages,
# each of which reads four things at once.
_CONCURRENCY: Final = 24
_WARM_S: Final = 120
_FOLDER_PREFIX: Final = "ministack-"

# The pipe on stdin ends when the launcher does, even when that was killed; then MiniStack ends too.
_PROGRAM: Final = """
import os, signal, sys, threading
from ministack.app import main

def end_with_the_launcher():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end_with_the_launcher, daemon=True).start()
main()
"""


def reserve_port() -> socket.socket:
    """Return a socket that holds a free port of loopback until it is closed. It does not listen.

    While it is open, the system gives its port to nobody who asks for any port. A server may listen there all the same:
    both allow the reuse of the address (SO_REUSEADDR), and only one of them listens.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((HOST, 0))
    return held


def refuse_taken(port: int) -> None:
    """Raise CommandError when somebody listens on this port of loopback."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            remedy = "stop what listens there, or choose another one with --port (make run ARGS='--port N')"
            raise CommandError(f"Port {port} is taken: {remedy}.")


def _own_folder(port: int) -> tuple[Path, IO[str]]:
    """Make a folder and a lock in it that says that its launcher lives; remove the folders of those that do not."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "folders.lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        for left_behind in LOCAL.glob(f"{_FOLDER_PREFIX}*"):
            with suppress(OSError), (left_behind / "owned.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left_behind, ignore_errors=True)
        folder = Path(mkdtemp(prefix=f"{_FOLDER_PREFIX}{port}-", dir=LOCAL))
        owned = (folder / "owned.lock").open("w")
        fcntl.flock(owned, fcntl.LOCK_EX)
        return folder, owned


class MiniStack:
    """A running MiniStack with a folder of its own, which goes when it stops. Use it as a context manager.

    Port 0 takes a free one, which stays its own until it stops, however many others start meanwhile.
    """

    def __init__(self, port: int = 0) -> None:
        self._held = None if port else reserve_port()
        self.port = port if self._held is None else int(self._held.getsockname()[1])
        self.endpoint = f"http://{HOST}:{self.port}"
        self.folder, self._owned = _own_folder(self.port)
        self.log = self.folder / "ministack.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._log_file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and wait until it answers. Raises CommandError when the port is taken or it ends early."""
        refuse_taken(self.port)
        self._log_file = self.log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            # Functions inherit this environment. So it holds nothing of the caller's, above all no real credentials.
            env={
                "PATH": os.defpath,
                "HOME": str(self.folder),
                "TMPDIR": str(self.folder),
                "LANG": "C.UTF-8",
                "GATEWAY_PORT": str(self.port),
                "BIND_HOST": HOST,
                "MINISTACK_HOST": HOST,
                "MINISTACK_REGION": REGION,
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
                "LAMBDA_EXECUTOR": "local",
                "LAMBDA_ACCOUNT_CONCURRENCY": str(_CONCURRENCY),
                "LAMBDA_WARM_TTL_SECONDS": str(_WARM_S),
                "LOG_LEVEL": "WARNING",
            },
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=self._log_file,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches the launcher only, which then stops things in order.
            start_new_session=True,
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise CommandError(f"MiniStack did not start. Its last lines:\n{self.log_tail()}")
            time.sleep(0.05)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/ready", timeout=READY_TIMEOUT_S) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines of the process's output."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stop the process and the functions it runs, and remove its folder. Does nothing the second time."""
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            # Functions are processes of the same session; one that was busy may have outlived it.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process = None
        if self._log_file is not None:
            self._log_file.close()
            self._log_file = None
        if self._held is not None:
            self._held.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._owned.close()
