"""Quick records behave as the frozen dataclasses that they are."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.connect import app as app  # imports the records of a step
from hotline.kit import records
from hotline.kit.records import quick


@dataclass(frozen=True, slots=True)
class Plain:
    first: int
    second: str = "two"
    third: dict[str, int] = field(default_factory=dict)
    apart: int = field(default=4, kw_only=True)
    checked: list[int] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        if self.first < 0:
            raise ValueError("below nothing")


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    first: int
    second: str = "two"
    third: dict[str, int] = field(default_factory=dict)
    apart: int = field(default=4, kw_only=True)
    checked: list[int] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        if self.first < 0:
            raise ValueError("below nothing")


GIVEN: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, "b"), {"apart": 5}),
    ((1, "b", {"x": 1}, [2]), {"apart": 5}),
    ((), {"first": 3, "checked": [1]}),
]


@pytest.mark.parametrize(("given", "named"), GIVEN)
def test_a_quick_record_is_made_like_any_other(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    plain, made = Plain(*given, **named), Quick(*given, **named)
    assert dataclasses.asdict(made) == dataclasses.asdict(plain)
    assert repr(made) == repr(plain).replace("Plain", "Quick")
    assert made == Quick(*given, **named)


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, "b", {}, [], 6), {}), ((1,), {"other": 2})])
def test_wrong_arguments_are_refused(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"Quick\.__init__"):
        Quick(*given, **named)


def test_two_records_share_no_default_that_is_made() -> None:
    assert Quick(1).third is not Quick(1).third


def test_a_check_after_the_making_runs_for_new_records_and_for_copies() -> None:
    with pytest.raises(ValueError, match="below nothing"):
        Quick(-1)
    with pytest.raises(ValueError, match="below nothing"):
        copy.replace(Quick(1), first=-1)


def test_a_quick_record_refuses_changes() -> None:
    made = Quick(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.first = 2  # type: ignore[misc] # that is the test
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.first
    with pytest.raises((AttributeError, TypeError)):
        made.other = 2  # type: ignore[attr-defined] # as above
    assert made.first == 1


def test_a_copy_has_the_changes_and_everything_else() -> None:
    made = Quick(1, "b", {"x": 1}, [2], apart=5)
    changed = copy.replace(made, second="c", apart=6)
    assert changed == Quick(1, "c", {"x": 1}, [2], apart=6)
    assert changed.checked is made.checked
    assert changed == dataclasses.replace(made, second="c", apart=6)
    assert made == Quick(1, "b", {"x": 1}, [2], apart=5)
    with pytest.raises(TypeError, match="other"):
        copy.replace(made, other=2)  # type: ignore[call-arg] # as above


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])  # noqa: S301
def test_a_quick_record_is_copied_and_kept(again: Any) -> None:
    made = Quick(1, "b", {"x": 1}, [2], apart=5)
    assert again(made) == made


def test_a_field_that_is_no_argument_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Counted:
        first: int
        counted: int = field(default=0, init=False)

    with pytest.raises(TypeError, match=r"Counted\.counted is no argument"):
        quick(Counted)


def quick_classes() -> list[type]:
    """Every quick record that the phone's function imports, as the methods tell them."""
    todo, found = [object], set()
    while todo:
        for cls in type.__subclasses__(todo.pop()):
            if cls not in found:
                found.add(cls)
                todo.append(cls)
    return sorted(
        (cls for cls in found if "_absent" in getattr(vars(cls).get("__init__"), "__globals__", {})),
        key=lambda cls: (cls.__module__, cls.__qualname__),
    )


@pytest.mark.parametrize("cls", quick_classes(), ids=lambda cls: f"{cls.__module__}.{cls.__qualname__}")
def test_each_quick_record_takes_what_its_dataclass_would(cls: type) -> None:
    plain: type = dataclasses.make_dataclass(
        cls.__name__,
        [(one.name, one.type or Any, _again(one)) for one in dataclasses.fields(cls)],
        frozen=True,
        slots=True,
    )
    wanted, made = inspect.signature(plain).parameters.values(), inspect.signature(cls).parameters.values()
    assert [(one.name, one.kind) for one in made] == [(one.name, one.kind) for one in wanted]
    for one, other in zip(made, wanted, strict=True):
        is_made = other.default is not inspect.Parameter.empty and "factory" in repr(other.default)
        assert one.default is records._ABSENT if is_made else one.default == other.default


def _again(one: dataclasses.Field[Any]) -> Any:
    return field(default=one.default, default_factory=one.default_factory, kw_only=one.kw_only)
