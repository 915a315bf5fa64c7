"""The demo wallet: customers as the facts that a wallet would tell of them. docs/demo.md says whom to call as for
what."""

from hotline_local.demo.loading import seed
from hotline_local.demo.wallet import seed_facts

__all__ = ["seed", "seed_facts"]
