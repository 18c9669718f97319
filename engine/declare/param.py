"""Declared parameters.

``units: int = Int(8, low=1)`` in a class body gives the class a checked, documented parameter; an instance holds
the plain value. The constructors claim to return that plain type, so that a strict type checker sees ``self.units``
as ``int`` (as ``dataclasses.field`` does).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from engine.declare.value import Spec, Value

Kind = Literal["int", "float", "bool", "choice", "ints", "floats", "ref", "text"]


class ParamError(ValueError):
    """A value that a declared parameter does not accept; names the parameter, the rule and what came."""

    def __init__(self, owner: str, param: str, expected: str, got: object) -> None:
        super().__init__(f"{owner}.{param}: expected {expected}, got {got!r}")
        self.owner, self.param, self.expected, self.got = owner, param, expected, got


@dataclass(frozen=True, slots=True)
class Param:
    """One declared parameter. ``low``/``high`` are inclusive; ``low_open`` excludes ``low`` itself.

    ``registry`` names what a ``ref`` chooses from ("activations", "initializers", ...). ``optional`` admits None.
    ``when`` = (name of another parameter, values): the form shows this one only while that one has such a value.
    ``group`` gathers parameters in the form ("", "regularization", "initialization", "advanced").
    """

    kind: Kind
    default: Value
    label: str = ""
    help: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    choices: tuple[str, ...] = ()
    registry: str = ""
    length: tuple[int, int] = (1, 8)
    optional: bool = False
    when: tuple[str, tuple[Value, ...]] | None = None
    group: str = ""
    name: str = ""

    def rule(self) -> str:
        """What is accepted, in words: ``a whole number from 1 to 4096 channels``."""
        words = {"int": "a whole number", "float": "a number", "bool": "true or false", "text": "text"}.get(self.kind)
        if self.kind == "choice":
            words = "one of " + ", ".join(self.choices)
        elif self.kind == "ints":
            words = f"{self._count()} whole numbers"
        elif self.kind == "floats":
            words = f"{self._count()} numbers"
        elif self.kind == "ref":
            words = f"a choice from {self.registry}"
        return (
            f"{words}{self._range()}" + (f" {self.unit}" if self.unit else "") + (" or none" if self.optional else "")
        )

    def _count(self) -> str:
        low, high = self.length
        return str(low) if low == high else f"{low} to {high}"

    def _range(self) -> str:
        if self.low is not None and self.high is not None:
            return f" from {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f" {'above' if self.low_open else 'of at least'} {self.low:g}"
        return f" of at most {self.high:g}" if self.high is not None else ""

    def check(self, owner: str, value: object) -> Value:
        """The value in canonical form (lists become tuples, whole floats of an int become int), or ParamError."""
        if value is None and self.optional:
            return None
        canonical = _CANONICAL[self.kind](self, value)
        if canonical is None:
            raise ParamError(owner, self.name, self.rule(), value)
        return canonical

    def _in_range(self, number: float) -> bool:
        if self.low is not None and (number < self.low or (self.low_open and number == self.low)):
            return False
        return self.high is None or number <= self.high


def _int(p: Param, value: object) -> Value:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or value != value
        or value in (math.inf, -math.inf)
    ):
        return None
    return int(value) if int(value) == value and p._in_range(value) else None


def _float(p: Param, value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if p._in_range(value) else None


def _bool(_: Param, value: object) -> Value:
    return value if isinstance(value, bool) else None


def _choice(p: Param, value: object) -> Value:
    return value if isinstance(value, str) and value in p.choices else None


def _text(_: Param, value: object) -> Value:
    return value if isinstance(value, str) else None


def _tuple(p: Param, value: object, one: Any) -> Value:
    if not isinstance(value, list | tuple) or not p.length[0] <= len(value) <= p.length[1]:
        return None
    checked = tuple(one(p, v) for v in value)
    return None if any(v is None for v in checked) else checked


def _ref(_: Param, value: object) -> Value:
    if isinstance(value, str):
        return Spec(value)
    return value if isinstance(value, Spec) else None


_CANONICAL: dict[str, Callable[[Param, Any], Value]] = {
    "int": _int,
    "float": _float,
    "bool": _bool,
    "choice": _choice,
    "text": _text,
    "ref": _ref,
    "ints": lambda p, v: _tuple(p, v, _int),
    "floats": lambda p, v: _tuple(p, v, _float),
}


def Int(default: int | None, *, low: float | None = None, high: float | None = None, **text: Any) -> Any:
    """A whole number."""
    return Param("int", default, low=low, high=high, **text)


def Float(default: float | None, *, low: float | None = None, high: float | None = None, **text: Any) -> Any:
    """A finite number."""
    return Param("float", default, low=low, high=high, **text)


def Bool(default: bool, **text: Any) -> Any:
    """True or false."""
    return Param("bool", default, **text)


def Choice(default: str, *choices: str, **text: Any) -> Any:
    """One of a few names."""
    return Param("choice", default, choices=choices, **text)


def Ints(default: tuple[int, ...] | None, *, low: float | None = None, high: float | None = None, **text: Any) -> Any:
    """A short tuple of whole numbers, e.g. a kernel size or a shape."""
    return Param("ints", default, low=low, high=high, **text)


def Floats(
    default: tuple[float, ...] | None, *, low: float | None = None, high: float | None = None, **text: Any
) -> Any:
    """A tuple of finite numbers, e.g. one mean per channel."""
    return Param("floats", default, low=low, high=high, **text)


def Ref(default: Spec | str | None, registry: str, **text: Any) -> Any:
    """A choice from a registry, with parameters of its own."""
    return Param("ref", Spec(default) if isinstance(default, str) else default, registry=registry, **text)


def Text(default: str = "", **text: Any) -> Any:
    """Free text."""
    return Param("text", default, **text)
