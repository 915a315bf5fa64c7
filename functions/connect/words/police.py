"""Numbers to call about fraud in mainland China, as they are said: digit by digit."""

from __future__ import annotations

from typing import Final

from hotline.wording.values import Digits

POLICE: Final = Digits("110")
FRAUD_LINE: Final = Digits("96110")
"""The line of the Ministry of Public Security against fraud, which warns and advises."""
