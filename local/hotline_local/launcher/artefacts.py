"""The contents of built artefacts, read from the files themselves."""

from pathlib import Path
from typing import Final

AARCH64: Final = 0xB7
_ELF: Final = b"\x7fELF"


def elf_machine(library: Path) -> int | None:
    """Return the machine number in a library's ELF header, or None for a file that is no ELF."""
    with library.open("rb") as file:
        header = file.read(20)
    return int.from_bytes(header[18:20], "little") if header.startswith(_ELF) and len(header) == 20 else None


def libraries(folder: Path) -> list[Path]:
    """Return every compiled library under a folder."""
    return sorted(folder.rglob("*.so"))


def foreign_libraries(folder: Path) -> list[Path]:
    """Return the libraries under a folder that the functions' processor (AArch64) cannot load."""
    return [library for library in libraries(folder) if elf_machine(library) != AARCH64]
