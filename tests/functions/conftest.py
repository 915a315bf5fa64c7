"""A clock that stands, and a store on it, for every test here."""

from tests.support.clock_and_store import clock as clock
from tests.support.clock_and_store import store as store
