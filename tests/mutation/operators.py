"""The small changes that are made to a rule: cosmic-ray's, as far as they help, and some for tables.

cosmic-ray changes numbers, comparisons, arithmetic, booleans and loops. A table of codes and closed words has none of
these. So the operators here drop an entry, change a text, take another member of an enumeration, and turn membership,
`min` and `any` round. They are leaves of the syntax tree where possible: cosmic-ray's parser knows no match statement,
and gives its parts as plain leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import parso
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator

from tests.mutation.rules import Members

type Position = tuple[tuple[int, int], tuple[int, int]]

_OF_COSMIC_RAY: Final = (
    "NumberReplacer", "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop", "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_USub",
    *(f"ReplaceComparisonOperator_{pair}" for pair in (
        "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt", "Eq_NotEq", "NotEq_Eq",
        "Is_IsNot", "IsNot_Is",
    )),
    *(f"ReplaceBinaryOperator_{pair}" for pair in (
        "Add_Sub", "Sub_Add", "Mul_Add", "FloorDiv_Mul", "Div_Mul", "Mod_Add", "BitOr_BitAnd", "BitAnd_BitOr",
    )),
)  # fmt: skip
"""One opposite and one neighbour of each: what all pairs would add is noticed with these or means the same."""
_OPPOSITES: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}


class _OwnOperator(Operator):  # type: ignore[misc]
    """An operator that says how to change a node in one way, or in several."""

    def mutation_positions(self, node: Any) -> Iterable[Position]:
        for _ in range(self.count(node)):
            yield (node.start_pos, node.end_pos)

    def mutate(self, node: Any, index: int) -> Any:
        self.change(node, index)
        return node

    def count(self, node: Any) -> int:
        """In how many ways the node can be changed."""
        raise NotImplementedError

    def change(self, node: Any, index: int) -> None:
        """Change the node in one of these ways."""
        raise NotImplementedError

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return ()


class ReplaceIn(_OwnOperator):
    """`in` becomes `not in`, and the other way round."""

    def count(self, node: Any) -> int:
        if node.type == "comp_op" and [leaf.value for leaf in node.children] == ["not", "in"]:
            return 1
        return int(node.type == "keyword" and node.value == "in" and node.parent.type == "comparison")

    def change(self, node: Any, index: int) -> None:
        if node.type == "comp_op":
            node.children[0].value, node.children[1].value, node.children[1].prefix = "in", "", ""
        else:
            node.value = "not in"


class ReplaceFunction(_OwnOperator):
    """`min` becomes `max`, `any` becomes `all`, and the other way round."""

    def count(self, node: Any) -> int:
        if node.type != "name" or node.value not in _OPPOSITES:
            return 0
        before, after = node.get_previous_leaf(), node.get_next_leaf()
        return int(after is not None and after.value == "(" and (before is None or before.value != "."))

    def change(self, node: Any, index: int) -> None:
        node.value = _OPPOSITES[node.value]


class ReplaceText(_OwnOperator):
    """A text becomes another one."""

    def count(self, node: Any) -> int:
        return int(node.type == "string" and node.value[-1:] in ("'", '"'))

    def change(self, node: Any, index: int) -> None:
        quote = node.value[-3:] if node.value[-3:] in ('"""', "'''") else node.value[-1:]
        node.value = f"{node.value[: -len(quote)]}X{quote}"


class ReplaceMember(_OwnOperator):
    """A member of an enumeration becomes the next one."""

    def __init__(self, members: Members) -> None:
        self._members = members

    def count(self, node: Any) -> int:
        return int(self._next(node) is not None)

    def change(self, node: Any, index: int) -> None:
        node.value = self._next(node)

    def _next(self, node: Any) -> str | None:
        if node.type != "name":
            return None
        dot = node.get_previous_leaf()
        owner = dot.get_previous_leaf() if dot is not None and dot.value == "." else None
        names = self._members.get(owner.value, ()) if owner is not None else ()
        if node.value not in names or len(names) == 1:
            return None
        return names[(names.index(node.value) + 1) % len(names)]


class DropElement(_OwnOperator):
    """A set, list, tuple or dict that is written out loses an element."""

    def count(self, node: Any) -> int:
        if node.type not in ("testlist_comp", "dictorsetmaker") or node.parent.type != "atom":
            return 0
        groups = list(self._groups(node))
        if len(groups) < 2 or any(child.type in ("comp_for", "sync_comp_for") for child in node.children):
            return 0
        return len(groups)

    def change(self, node: Any, index: int) -> None:
        start, stop = list(self._groups(node))[index]
        kept = [*node.children[:start], *node.children[stop:]]
        if node.parent.children[0].value == "(" and not any(_is_comma(child) for child in kept):
            kept.append(parso.python.tree.Operator(",", kept[-1].end_pos))
        node.children = kept

    @staticmethod
    def _groups(node: Any) -> Iterator[tuple[int, int]]:
        """The places at which each element begins and ends, its comma with it."""
        start = 0
        for place, child in enumerate(node.children):
            if _is_comma(child):
                yield start, place + 1
                start = place + 1
        if start < len(node.children):
            yield start, len(node.children)


def _is_comma(node: Any) -> bool:
    return bool(node.type == "operator" and node.value == ",")


def operators(members: Members) -> dict[str, Operator]:
    """Every operator by its name. `members`: the enumerations that the module knows."""
    found: dict[str, Operator] = {name: get_operator(f"core/{name}")() for name in _OF_COSMIC_RAY}
    own = (ReplaceIn(), ReplaceFunction(), ReplaceText(), ReplaceMember(members), DropElement())
    return found | {type(operator).__name__: operator for operator in own}
