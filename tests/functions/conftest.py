"""A clock that stands, a store on it, and an app of the wallet, for every test here."""

from tests.support.clock_and_store import clock as clock
from tests.support.clock_and_store import store as store
from tests.support.clock_and_store import world as world
