"""The values that a drawn network stores: JSON scalars, tuples of numbers, and Spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Union

NO_PARAMS: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True)
class Spec:
    """A choice from a registry with its own parameters, e.g. ``Spec("leaky_relu", {"slope": 0.2})``.

    Only parameters that differ from the declared default need to be present.
    """

    type: str
    params: Mapping[str, Value] = field(default_factory=lambda: NO_PARAMS)

    def __hash__(self) -> int:
        return hash((self.type, frozenset(self.params.items())))


Value = Union[None, bool, int, float, str, tuple[int, ...], tuple[float, ...], Spec]  # noqa: UP007
