"""A clock that stands, and a store on it, for every test here."""

from tests.support.standing_clock import clock as clock
from tests.support.standing_clock import store as store
