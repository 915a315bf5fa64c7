"""The artefacts of the build: for the right processor, with bytecode, complete, and made again only when something
changed."""

import json
import re
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import boto3
import pytest

from hotline_local.launcher.artefacts import elf_machine, foreign_libraries, libraries
from hotline_local.launcher.build import TEMPLATE_NAME, Target, build
from hotline_local.launcher.paths import ROOT
from hotline_local.launcher.template import artefacts, read
from tests.support.artefact_imports import imported
from tests.support.template import resources

pytestmark = pytest.mark.slow


def nothing(_: str) -> None:
    """Report no progress."""


@pytest.fixture(scope="module")
def functions() -> list[str]:
    return sorted(resources("AWS::Lambda::Function"))


@pytest.fixture(scope="module", params=list(Target), ids=lambda target: target.name.lower())
def folder(request: pytest.FixtureRequest) -> Path:
    return build(request.param, nothing).parent


@pytest.fixture(scope="module")
def aws() -> Path:
    return build(Target.AWS, nothing).parent


@pytest.fixture(scope="module")
def local() -> Path:
    return build(Target.LOCAL, nothing).parent


def test_every_library_for_aws_is_for_arm64(aws: Path) -> None:
    assert len(libraries(aws)) > 0
    assert foreign_libraries(aws) == []


def test_no_file_of_a_layer_is_that_of_an_installed_package(folder: Path) -> None:
    """A spoilt file of a layer would spoil the package too, from which the layer is made again."""
    packages, layer = Path(boto3.__file__).parents[1], folder / "DependenciesLayer/python"
    pairs = [(path, packages / path.relative_to(layer)) for path in layer.rglob("*.py")]
    both = [(path, package) for path, package in pairs if package.exists()]
    assert len(both) > 0
    assert [path for path, package in both if path.samefile(package)] == []


def test_a_library_for_another_processor_is_noticed(tmp_path: Path) -> None:
    library = tmp_path / "other.so"
    library.write_bytes(b"\x7fELF" + bytes(14) + b"\x3e\x00" + bytes(44))
    assert elf_machine(library) == 0x3E
    assert foreign_libraries(tmp_path) == [library]
    library.write_bytes(b"not an ELF file")
    assert foreign_libraries(tmp_path) == [library]


def test_bytecode_lies_beside_every_source_and_does_not_look_at_file_times(folder: Path) -> None:
    sources = [path for name in artefacts(read()) for path in (folder / name).rglob("*.py")]
    assert len(sources) > 0
    for source in sources:
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
        assert compiled.exists(), source
        # PEP 552: bit 0 set = checked by hash, bit 1 clear = the hash is not checked.
        assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 0b01, source


def test_no_artefact_holds_a_path_of_this_machine(folder: Path) -> None:
    here = str(folder.parent.parent).encode()
    for name in artefacts(read()):
        assert [path for path in (folder / name).rglob("*") if path.is_file() and here in path.read_bytes()] == []


def test_the_layer_carries_the_data_files_of_the_package(folder: Path) -> None:
    source = Path(__file__).parents[2] / "layers/hotline/python"
    data = {
        path.relative_to(source) for path in source.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    layer = folder / "HotlineLayer/python"
    assert {path for path in data if (layer / path).exists()} == data


def test_the_sdk_in_the_layer_knows_the_services_that_the_code_asks_and_no_others(folder: Path) -> None:
    code = [path.read_text(encoding="utf-8") for path in (ROOT / "layers/hotline/python").rglob("*.py")]
    asked = {
        name
        for text in code
        for name in re.findall(r"(?:make_client|client|SdkClient|open_service)\(\s*\"([a-z0-9]+)\"", text)
    }
    assert {"dynamodb", "secretsmanager", "kms", "s3", "sqs"} <= asked
    data = folder / "DependenciesLayer/python/botocore/data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == asked
    assert {"endpoints.json", "partitions.json", "sdk-default-configuration.json"} <= {p.name for p in data.iterdir()}


def test_the_built_template_names_its_artefacts_and_has_every_flow_inside(folder: Path) -> None:
    template = read(folder / TEMPLATE_NAME)
    for logical_id, artefact in artefacts(template).items():
        assert artefact == logical_id
        assert (folder / artefact).is_dir()
    assert "flows/" not in json.dumps(template["Resources"])


def test_a_second_build_leaves_everything_as_it_is(local: Path) -> None:
    steps: list[str] = []
    build(Target.LOCAL, steps.append)
    assert steps == []


LIBRARIES = ("boto3", "aws_lambda_powertools.metrics", "aws_lambda_powertools.event_handler")


def test_no_function_has_a_module_that_a_layer_has_too(local: Path, functions: list[str]) -> None:
    # AWS looks into the function first, the emulator into the layers.
    layers = {
        path.name for name in ("DependenciesLayer", "HotlineLayer") for path in (local / name / "python").iterdir()
    }
    assert {"hotline", "boto3"} <= layers
    for function in functions:
        assert {path.name for path in (local / function).iterdir()}.isdisjoint(layers), function


def test_a_function_needs_nothing_but_its_artefact_and_the_layers(local: Path, functions: list[str]) -> None:
    found = imported(functions, local, first=LIBRARIES)
    assert {function: outside(each.files, local) for function, each in found.items()} == {
        name: [] for name in functions
    }


def outside(files: Iterable[Path], local: Path) -> list[Path]:
    """Those of the files that come neither from the artefacts nor from the standard library."""
    library = Path(sysconfig.get_path("stdlib")).resolve()
    return [file for file in files if not file.resolve().is_relative_to(local) and not file.is_relative_to(library)]


def test_the_phones_function_starts_without_pydantic_and_without_what_decrypts(local: Path) -> None:
    modules = imported(["ConnectFunction"], local)["ConnectFunction"].modules
    assert modules.isdisjoint({"pydantic", "aws_encryption_sdk", "cryptography", "attr", "wrapt"})
    assert "functions.connect.decryption" not in modules


def test_the_libraries_that_decrypt_are_in_the_artefacts_and_need_nothing_else(local: Path) -> None:
    asked = {"module": "functions.connect.decryption", "attribute": "decrypt"}
    found = imported(["ConnectFunction"], local, **asked)["ConnectFunction"]
    assert {"aws_encryption_sdk", "cryptography"} <= found.modules
    assert outside(found.files, local) == []
