"""Many threads on one item: as many winners as there is to win, and sums that add up. On moto this is not true."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from hotline.kit.errors import Stale
from hotline.kit.store import Put, Store, TransactionCancelled, Update
from hotline.kit.store.condition import NEW, Compare, equals
from tests.kit.writing import KEY, OTHER, put, write

THREADS = 8


def race(action: Callable[[int], None]) -> list[bool]:
    """Run the action in all threads at once; True for those that went through."""
    start = Barrier(THREADS)

    def run(number: int) -> bool:
        start.wait()
        try:
            action(number)
        except (TransactionCancelled, Stale):
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@pytest.mark.parametrize("_round", range(10))
def test_an_item_is_created_by_one_of_many(exact_store: Store, _round: int) -> None:
    won = race(lambda number: write(exact_store, Put(KEY, {"by": number}, NEW)))
    assert won.count(True) == 1
    assert (exact_store.get(KEY) or {})["by"] == won.index(True)


@pytest.mark.parametrize("_round", range(10))
def test_of_many_changes_of_one_version_one_is_made_and_all_of_it(exact_store: Store, _round: int) -> None:
    put(exact_store, KEY, rev=1)

    def change(number: int) -> None:
        update = Update(KEY, {"rev": 2, "by": number}, condition=equals("rev", 1))
        write(exact_store, update, Update(OTHER, {"by": number}, add={"n": 1}))

    won = race(change)
    assert won.count(True) == 1
    winner = won.index(True)
    assert exact_store.get(KEY) == {**KEY.attributes(), "rev": 2, "by": winner}
    assert exact_store.get(OTHER) == {**OTHER.attributes(), "n": 1, "by": winner}


@pytest.mark.parametrize("_round", range(10))
def test_the_amount_left_never_falls_below_zero(exact_store: Store, _round: int) -> None:
    put(exact_store, KEY, left=500)
    put(exact_store, OTHER, given=0)

    def take(_: int) -> None:
        enough = Compare("left", ">=", 200)
        write(exact_store, Update(KEY, add={"left": -200}, condition=enough), Update(OTHER, add={"given": 200}))

    assert race(take).count(True) == 2
    assert (exact_store.get(KEY) or {})["left"] == 100
    assert (exact_store.get(OTHER) or {})["given"] == 400
