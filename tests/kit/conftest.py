"""Every test of the kit that asks for `store` runs on all three stores, which must answer alike."""

from tests.support.stores import (
    exact_store,
    memory_store,
    ministack_endpoint,
    ministack_store,
    moto_service,
    moto_store,
    store,
)

__all__ = [
    "exact_store",
    "memory_store",
    "ministack_endpoint",
    "ministack_store",
    "moto_service",
    "moto_store",
    "store",
]
