"""The import contracts hold, and they would notice a breach."""

from pathlib import Path

import pytest

from tests.support.import_contracts import check, contracts, rooms


def test_every_room_has_its_place_and_every_contract_is_kept() -> None:
    done = check()
    assert done.returncode == 0, done.stdout + done.stderr


def a_tree(root: Path, **files: str) -> Path:
    sources = {
        "layers/hotline/python/hotline/__init__.py": "",
        "layers/hotline/python/hotline/kit/clock.py": "",
        "layers/hotline/python/hotline/wording/spoken.py": "",
        "layers/hotline/python/hotline/contracts/schemas.py": "import pydantic",
        "layers/hotline/python/hotline/accounts/items.py": "",
        "layers/hotline/python/hotline/accounts/service.py": "from hotline.accounts import items",
        "layers/hotline/python/hotline/refunds/service.py": "from hotline.accounts import service",
        "layers/hotline/python/hotline/refunds/policy.py": "",
        "functions/connect/app.py": "from hotline.refunds import service",
        "functions/connect/decryption.py": "",
        "functions/connect/secret_inputs.py": "from functions.connect import decryption",
        "functions/messenger/app.py": "from hotline.contracts import schemas",
        "local/hotline_local/__init__.py": "",
        "local/hotline_local/__main__.py": "import hotline_local.cli",
        "local/hotline_local/cli.py": "import hotline_local.commands.send",
        "local/hotline_local/commands/__init__.py": "",
        "local/hotline_local/commands/send.py": "import hotline_local.bus",
        "local/hotline_local/bus.py": "import connect_sim.engine",
        "local/connect_sim/__init__.py": "",
        "local/connect_sim/engine.py": "",
        **files,
    }
    for name, text in sources.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
        if "hotline/" in name:
            (path.parent / "__init__.py").touch()
    return root


def test_the_sound_tree_keeps_its_contracts(tmp_path: Path) -> None:
    root = a_tree(tmp_path)
    done = check(root)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "text", "broken"),
    [
        ("layers/hotline/python/hotline/kit/clock.py", "import hotline.accounts.service", "imports lower rooms only"),
        (
            "layers/hotline/python/hotline/refunds/service.py",
            "import hotline.accounts.items",
            "accounts knows its items",
        ),
        ("layers/hotline/python/hotline/refunds/service.py", "import hotline.wording.spoken", "Words are put together"),
        ("layers/hotline/python/hotline/refunds/service.py", "import hotline.contracts.schemas", "Facts are parsed at"),
        ("functions/connect/app.py", "import hotline.contracts.schemas", "The phone does without pydantic"),
        (
            "functions/connect/app.py",
            "import hotline.refunds.policy",
            "Doors know the service and the model of refunds",
        ),
        ("functions/connect/app.py", "import boto3", "A door talks to services"),
        ("functions/connect/app.py", "import functions.connect.decryption", "Only steps with secret inputs decrypt"),
        ("functions/connect/app.py", "import hotline_local", "does not know that it may be local"),
        (
            "layers/hotline/python/hotline/kit/clock.py",
            "import functions.connect.app",
            "does not know that it may be local",
        ),
        ("local/hotline_local/bus.py", "import hotline_local.commands.send", "Only the command line imports commands"),
        ("local/hotline_local/bus.py", "import hotline_local.cli", "Only the command line imports commands"),
        ("functions/connect/app.py", "import tests.conftest", "Nothing imports tests"),
        ("functions/connect/app.py", "import connect_sim.engine", "does not know that it may be local"),
        ("local/connect_sim/engine.py", "import hotline.kit.clock", "knows nothing of the hotline"),
        ("local/connect_sim/engine.py", "import functions.connect.app", "knows nothing of the hotline"),
        ("local/connect_sim/engine.py", "import hotline_local.errors", "knows nothing of the hotline"),
        ("local/connect_sim/engine.py", "import tests.conftest", "Nothing imports tests"),
    ],
)
def test_a_breach_is_found(tmp_path: Path, file: str, text: str, broken: str) -> None:
    root = a_tree(tmp_path, **{file: text})
    done = check(root)
    assert done.returncode == 1
    assert any(broken in line for line in done.stdout.splitlines() if line.endswith(" BROKEN"))


def test_a_room_without_a_place_is_an_error(tmp_path: Path) -> None:
    root = a_tree(tmp_path, **{"layers/hotline/python/hotline/attic/model.py": ""})
    with pytest.raises(ValueError, match="attic"):
        rooms(root / "layers/hotline/python/hotline")


def test_an_empty_folder_is_no_room(tmp_path: Path) -> None:
    root = a_tree(tmp_path)
    (root / "layers/hotline/python/hotline/cases").mkdir()
    assert "hotline.cases" not in contracts(root)["importlinter:contract:rooms"]["layers"]
