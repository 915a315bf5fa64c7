"""How long a record is kept: what happened, and what the hotline decided about it.

Every item of that kind ends by itself, so that a customer who leaves need not be looked for. A customer's state has no
end of its own: it goes when the wallet tells that the account is erased (room `erasure`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from .clock import epoch_s
from .store import TTL_ATTRIBUTE

RECORD_LIFE: Final = timedelta(days=1096)
"""Three years, the general period for claims (Civil Code of China, article 188). A payment institution must answer
questions about transactions for one year at least (PBoC rules on online payment, 2015 no. 43, article 28)."""


def record_end(at: datetime) -> dict[str, Any]:
    """The attributes by which a record ends RECORD_LIFE after `at`."""
    return {TTL_ATTRIBUTE: epoch_s(at + RECORD_LIFE)}
