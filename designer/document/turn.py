"""Verbs that know rows only, for flows that run down: the drawing is turned, edited and turned back.

Turning swaps x and y of every place and size; it is its own inverse.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from designer.document.geometry import Point, Sizes
from designer.document.layout import Direction
from designer.document.state import DocState

P = ParamSpec("P")
Verb = Callable[Concatenate[DocState, P], DocState]


def turned(state: DocState, direction: Direction) -> DocState:
    """The state with x and y of cards and reroute points swapped, its flow running in ``direction``."""
    return state.with_layout(
        positions={n: Point(p.y, p.x) for n, p in state.positions.items()},
        groups={k: replace(g, at=Point(g.at.y, g.at.x)) if g.at else g for k, g in state.groups.items()},
        reroutes={e: tuple(Point(p.y, p.x) for p in points) for e, points in state.reroutes.items()},
        direction=direction,
    )


def turned_sizes(sizes: Sizes) -> Sizes:
    """Heights as widths."""
    return {n: (height, width) for n, (width, height) in sizes.items()}


def along_the_flow(verb: Verb[P]) -> Verb[P]:
    """The verb, also where the flow runs down: its arguments ``at``, ``positions`` and ``sizes`` are turned too."""
    signature = inspect.signature(verb)

    @wraps(verb)
    def run(state: DocState, *args: P.args, **kwargs: P.kwargs) -> DocState:
        if not state.down:
            return verb(state, *args, **kwargs)
        bound = signature.bind(turned(state, "right"), *args, **kwargs)
        for name, value in bound.arguments.items():
            bound.arguments[name] = _turned_argument(name, value)
        return turned(verb(*bound.args, **bound.kwargs), "down")

    return cast("Verb[P]", run)


def _turned_argument(name: str, value: Any) -> Any:
    if name == "at" and value is not None:
        return Point(value[1], value[0])
    if name == "positions":
        return {n: Point(y, x) for n, (x, y) in value.items()}
    if name == "sizes" and isinstance(value, Mapping):
        return turned_sizes(value)
    return value
