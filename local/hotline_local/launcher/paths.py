"""The paths of things in the checkout."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
TEMPLATE: Final = ROOT / "template.yaml"
FLOWS: Final = ROOT / "flows"
BUILD: Final = ROOT / ".build"
LOCAL: Final = ROOT / ".local"
