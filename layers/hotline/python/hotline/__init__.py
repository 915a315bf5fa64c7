"""The wallet hotline: one room per thing the hotline does. docs/decisions.md tells why it is laid out this way."""

import sys

from .kit.record_code import use_compiled
from .kit.start import begin_start

begin_start()
# A function's own modules lie in a folder of the path as well.
use_compiled(__path__[0], *(f"{folder}/functions" for folder in sys.path))
