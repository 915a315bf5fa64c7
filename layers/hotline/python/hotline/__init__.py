"""The wallet hotline: one room per thing the hotline does. docs/decisions.md tells why it is laid out this way."""

import sys

from .kit.precompiled import use_precompiled
from .kit.start import begin_start

begin_start()
# The layers' packages and a function's own modules lie in folders of the path.
use_precompiled(
    (__path__[0], __path__[0].rpartition("/")[0]),
    *((f"{folder}/functions", folder) for folder in sys.path),
    *((folder, folder) for folder in sys.path),
)
