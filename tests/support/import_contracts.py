"""Rules of imports, written out for import-linter from the folders that exist, and checked.

The contracts are made anew each time, so they cannot fall behind the code. A room that nobody has put in order is an
error. Run it with `python -m tests.support.import_contracts`; `make check` does.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from configparser import ConfigParser
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
# The rooms of layers/hotline, higher ones first: a room may import the ones below it.
ROOMS: Final = (
    *(
        "intake",
        "erasure",
        "reports",
        "agents",
        "backtest",
        "security",
        "drift",
        "evidence",
        "refunds",
        "lockout",
        "payments",
        "cases",
        "identity",
    ),
    *("sessions", "directory", "accounts"),
    *("contracts", "wording", "kit"),
)


def rooms(package: Path) -> list[str]:
    """Return the rooms that exist, in order. Raises ValueError for one that has no place in the order."""
    found = {folder.name for folder in package.iterdir() if folder.is_dir() and any(folder.rglob("*.py"))}
    if unlisted := sorted(found - set(ROOMS)):
        raise ValueError(f"rooms without a place in the order (tests/support/import_contracts.py): {unlisted}")
    return [room for room in ROOMS if room in found]


def contracts(root: Path = ROOT) -> ConfigParser:
    """Return import-linter's configuration for the folders under `root`."""
    package = root / "layers/hotline/python/hotline"
    config = ConfigParser()
    packages = [name for name in ("functions", "hotline_local") if any(_home(root, name).rglob("*.py"))]
    simulator = [name for name in ("connect_sim",) if any(_home(root, name).rglob("*.py"))]
    config["importlinter"] = {
        "root_packages": _lines(["hotline", *packages, *simulator]),
        "include_external_packages": "True",
    }
    existing = rooms(package)
    _contract(config, "rooms", "layers", name="A room imports lower rooms only", layers=_names(existing))
    for room in existing:
        if (package / room / "items.py").exists():
            _contract(
                config,
                f"items-of-{room}",
                "protected",
                name=f"Only {room} knows its items",
                protected_modules=[f"hotline.{room}.items"],
                allowed_importers=[f"hotline.{room}"],
            )
    if packages and "wording" in existing:
        _contract(
            config,
            "wording",
            "protected",
            name="Words are put together at the doors",
            protected_modules=["hotline.wording"],
            allowed_importers=["hotline.wording", *packages],
        )
    if packages and (package / "contracts/schemas.py").exists():
        _contract(
            config,
            "schemas",
            "protected",
            name="Facts are parsed at the doors",
            protected_modules=["hotline.contracts.schemas"],
            allowed_importers=["hotline.contracts", *packages],
        )
    if "functions" in packages:
        _contract(
            config,
            "doors",
            "forbidden",
            name="A door talks to services, never to AWS",
            source_modules=["functions"],
            forbidden_modules=["boto3", "botocore"],
            allow_indirect_imports=["True"],
        )
        for room in existing:
            if inner := _inner_modules(package / room):
                _contract(
                    config,
                    f"face-of-{room}",
                    "protected",
                    name=f"Doors know the service and the model of {room} only",
                    protected_modules=[f"hotline.{room}.{name}" for name in inner],
                    allowed_importers=["hotline", *(name for name in packages if name != "functions")],
                )
        if (root / "functions/connect").exists():
            _contract(
                config,
                "phone",
                "forbidden",
                name="The phone does without pydantic",
                source_modules=["functions.connect"],
                forbidden_modules=["pydantic"],
            )
        if (root / "functions/connect/decryption.py").exists():
            _contract(
                config,
                "decryption",
                "protected",
                name="Only steps with secret inputs decrypt",
                protected_modules=["functions.connect.decryption"],
                allowed_importers=["functions.connect.secret_inputs"],
            )
    if (root / "local/hotline_local/commands").exists():
        _contract(
            config,
            "commands",
            "protected",
            name="Only the command line imports commands",
            protected_modules=["hotline_local.commands", "hotline_local.cli"],
            allowed_importers=["hotline_local.commands", "hotline_local.cli", "hotline_local.__main__"],
        )
    _contract(
        config,
        "packages",
        "layers",
        name="Deployed code does not know that it may be local",
        layers=[
            name
            for name in ("hotline_local", "connect_sim", "functions", "hotline")
            if name in ("hotline", *packages, *simulator)
        ],
    )
    if simulator:
        _contract(
            config,
            "simulator",
            "forbidden",
            name="The simulator knows nothing of the hotline",
            source_modules=simulator,
            forbidden_modules=["hotline", *packages],
        )
    _contract(
        config,
        "tests",
        "forbidden",
        name="Nothing imports tests",
        source_modules=["hotline", *packages, *simulator],
        forbidden_modules=["tests"],
    )
    return config


def _inner_modules(room: Path) -> list[str]:
    """Return the modules of a room that only rooms may know; none for a folder without a service, which is no room."""
    if not (room / "service.py").exists():
        return []
    found = (path for path in room.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists())
    return sorted({path.stem for path in found} - {"__init__", "service", "model"})


def _home(root: Path, package: str) -> Path:
    return root / (f"local/{package}" if package in {"connect_sim", "hotline_local"} else package)


def _names(existing: Iterable[str]) -> list[str]:
    return [f"hotline.{room}" for room in existing]


def _lines(values: Iterable[str]) -> str:
    return "\n".join(["", *values])


def _contract(config: ConfigParser, key: str, kind: str, *, name: str, **settings: list[str]) -> None:
    values = {setting: _lines(entries) if len(entries) > 1 else entries[0] for setting, entries in settings.items()}
    config[f"importlinter:contract:{key}"] = {"name": name, "type": kind, **values}


def check(root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Write the contracts to .build and run import-linter on them."""
    path = root / ".build/importlinter.ini"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        contracts(root).write(file)
    search_path = [root / "layers/hotline/python", root / "local", root]
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--config", str(path), "--no-cache"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, search_path))},
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    done = check()
    print(done.stdout, done.stderr, sep="")
    sys.exit(done.returncode)
