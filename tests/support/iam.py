"""The calls that a role's statements allow: as much of IAM's evaluation as the template uses, and a refusal of the
rest.

A call is an action on one resource, with the condition keys that its service fills. A grant is one action on one
resource of one statement, so that every right can be asked on its own whether anything uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Call:
    """One call of AWS as IAM sees it. `context` holds the condition keys, in small letters."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on the resources of one pattern, or with `excluded` on all others."""

    action: str
    resource: str
    excluded: bool = False
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = field(default=())
    """Operator, condition key in small letters, values of which one must match."""

    def allows(self, call: Call) -> bool:
        """Whether this grant alone allows the call."""
        context = dict(call.context)
        return (
            matches(self.action.lower(), call.action.lower())
            and matches(self.resource, call.resource) is not self.excluded
            and all(
                key in context and any(_OPERATORS[operator](value, context[key]) for value in values)
                for operator, key, values in self.conditions
            )
        )

    def __str__(self) -> str:
        return f"{self.action} on {'all but ' if self.excluded else ''}{self.resource}"


def grants(statements: Iterable[Mapping[str, Any]]) -> list[Grant]:
    """The grants of a role's statements. Raises ValueError for a statement of which more would have to be known: Deny,
    NotAction, and operators of conditions that are not among those below."""
    found = []
    for statement in statements:
        if statement["Effect"] != "Allow" or "NotAction" in statement:
            raise ValueError(f"only what is allowed by action is understood here, not {statement}")
        excluded = "NotResource" in statement
        resources = as_list(statement["NotResource"] if excluded else statement["Resource"])
        if excluded and len(resources) != 1:
            raise ValueError("of several excluded resources each would be allowed by another's grant")
        conditions = tuple(
            (_known(operator), key.lower(), tuple(as_list(values)))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
        found += [
            Grant(action, resource, excluded, conditions)
            for action in as_list(statement["Action"])
            for resource in resources
        ]
    return found


def as_list(value: Any) -> list[Any]:
    """A list of what may be one thing or a list of them, as in a policy."""
    return value if isinstance(value, list) else [value]


def matches(pattern: str, text: str) -> bool:
    """Whether the text is of the pattern, in which a star is any number of characters and a question mark one."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _arn_like(pattern: str, text: str) -> bool:
    """Part by part: the first five of an ARN end at a colon, which no star passes."""
    patterns, parts = pattern.split(":", 5), text.split(":", 5)
    return len(patterns) == len(parts) and all(map(matches, patterns, parts))


_OPERATORS: Final = {
    "StringEquals": str.__eq__,
    "StringLike": matches,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
}


def _known(operator: str) -> str:
    if operator not in _OPERATORS:
        raise ValueError(f"the operator {operator} of conditions is not understood here")
    return operator
