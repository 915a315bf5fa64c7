"""The cost of the first encrypted code of an execution environment to the caller who keys it in, and of each later one.

A whole new interpreter has imported the phone's handler, as after a cold start, and then opens an entry. It imports
first the cryptography that any way of decrypting needs, then the rest of the SDK. The first code includes the check of
the private key. Run with `make bench`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.start_of_the_phone import copies
from connect_sim.simulator.encryption import encrypt
from hotline_local.entry_keys import make_entry_key

PRIMITIVES = """
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
"""
SCRIPT = """
import json, sys, time
import functions.connect.app, boto3
boto3.client("dynamodb", region_name="eu-central-1")
from hotline.kit.keyring import parse_keyring
secret, message = json.load(sys.stdin)
keys = parse_keyring(secret)
times = {}

def timed(name, run):
    began = time.perf_counter()
    run()
    times[name] = (time.perf_counter() - began) * 1000

timed("import_of_the_primitives_ms", lambda: exec(sys.argv[1]))
timed("import_of_the_rest_of_the_sdk_ms", lambda: exec("import functions.connect.decryption"))
from functions.connect.decryption import decrypt
timed("first_code_ms", lambda: decrypt(message, keys))
timed("later_code_ms", lambda: [decrypt(message, keys) for _ in range(20)])
times["later_code_ms"] /= 20
print(json.dumps(times))
"""


def measure(packages: Path, runs: int) -> dict[str, float]:
    """Medians in milliseconds over `runs` new interpreters, with bytecode as it is shipped."""
    key = make_entry_key()
    given = json.dumps([key.secret, encrypt("482913", key_id=key.key_id, certificate=key.certificate)])
    taken: list[dict[str, float]] = []
    with TemporaryDirectory() as where:
        folder, wheels = copies(Path(where), packages)["with"]
        path = os.pathsep.join([str(folder / "hotline"), str(folder), str(wheels)])
        for _ in range(runs):
            done = subprocess.run(
                [sys.executable, "-S", "-B", "-c", SCRIPT, PRIMITIVES],
                env={"PYTHONPATH": path, "PATH": os.defpath},
                input=given,
                capture_output=True,
                text=True,
                check=True,
            )
            taken.append(json.loads(done.stdout))
    return {name: round(statistics.median(one[name] for one in taken), 1) for name in taken[0]}
