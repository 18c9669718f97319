"""The designer's own part of a project file: where things stand. Typed frozen values, to and from opaque JSON.

JSON of ``Project.layout``::

    {"positions": {"n1": [16, 40]},                      top left corner of each card
     "reroutes": [{"wire": ["n1", "out", "n2", "in"], "points": [[x, y]]}],
     "frames": {"f1": {"title": "encoder", "colour": "dense", "box": [x, y, width, height]}},
     "groups": {"g1": {"title": "block", "members": ["n1", "n2"]}},
     "collapsed": ["n1"],                                 cards that show their title only
     "direction": "down"}                                 where the flow runs; "right" where it is absent

A group's "at" is where its card stands, "inputs" the ends inside that one port feeds, "outputs" what it gives; all
three may be missing. ``Project.notes``: ``{"t1": {"text": "...", "box": [x, y, width, height], "colour": ""}}``.
A frame or note inside a group names it: ``"within": "g1"``.
Unknown entries are kept as they are; reading and writing again is byte-identical (order included).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeVar, cast

from designer.document.geometry import Box, Point
from designer.document.nesting import Nesting, nesting_of
from designer.document.refusals import LayoutRefusal
from engine.graph import Edge, Json

T = TypeVar("T")
#: where the flow runs, and with it on which sides the ports are
Direction = Literal["right", "down"]
NOTHING: Mapping[str, Json] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Frame:
    """A titled, coloured area behind the cards. ``colour`` names a layer group's colour, "" the neutral one.

    ``within``: the group on whose sheet it stands, None = the network's.
    """

    title: str
    box: Box
    colour: str = ""
    extra: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    within: str | None = None


class Slot(NamedTuple):
    """A port of a node; JSON ``[node, port]``."""

    node: str
    port: str


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes that are shown as one card. ``at``: its top left corner, None = in the middle of its members.

    ``inputs``: one tuple per port, the inner input ports that it feeds together; ``outputs``: the inner output ports
    that it gives. Both are what stays a port without a wire; what a wire crosses is a port in any case.
    """

    title: str
    members: tuple[str, ...]
    extra: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    at: Point | None = None
    inputs: tuple[tuple[Slot, ...], ...] = ()
    outputs: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A sticky note in Markdown. ``within`` as of a frame."""

    text: str
    box: Box
    colour: str = ""
    extra: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    within: str | None = None


@dataclass(frozen=True)
class Layout:
    """Positions by node id, reroute points by wire, frames and groups by id, collapsed cards, the flow's direction.

    ``order`` remembers the order of the file's entries, ``extra`` those that this version does not know.
    """

    positions: Mapping[str, Point] = field(default_factory=dict)
    reroutes: Mapping[Edge, tuple[Point, ...]] = field(default_factory=dict)
    frames: Mapping[str, Frame] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    collapsed: tuple[str, ...] = ()
    direction: Direction = "right"
    extra: Mapping[str, Json] = field(default_factory=dict)
    order: tuple[str, ...] = field(default=(), compare=False)

    @cached_property
    def collapsed_set(self) -> frozenset[str]:
        """The collapsed cards, for asking one by one."""
        return frozenset(self.collapsed)

    @cached_property
    def nesting(self) -> Nesting:
        """Which group lies in which."""
        return nesting_of(self.groups)

    @staticmethod
    def from_json(value: Mapping[str, Json]) -> Layout:
        """Read; LayoutRefusal names the entry that is wrong."""
        known = {
            "positions": {k: _point(f"layout.positions.{k}", v) for k, v in _map("layout.positions", value)},
            "reroutes": reroutes_of_json(value.get("reroutes", [])),
            "frames": {k: frame_of_json(f"layout.frames.{k}", v) for k, v in _map("layout.frames", value)},
            "groups": {k: group_of_json(f"layout.groups.{k}", v) for k, v in _map("layout.groups", value)},
            "collapsed": _names("layout.collapsed", value.get("collapsed", [])),
            "direction": _direction(value.get("direction", "right")),
        }
        extra = {k: v for k, v in value.items() if k not in known}
        return Layout(**known, extra=extra, order=tuple(value))  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Json]:
        """Write; empty parts are left out unless the file had them."""
        parts: dict[str, Json] = {
            "positions": {k: list(p) for k, p in self.positions.items()},
            "reroutes": reroutes_json(self.reroutes),
            "frames": {k: area_json(f) for k, f in self.frames.items()},
            "groups": {k: group_json(g) for k, g in self.groups.items()},
            "collapsed": list(self.collapsed),
            "direction": self.direction if self.direction != "right" or "direction" in self.order else "",
            **self.extra,
        }
        names = (*self.order, *(k for k in parts if k not in self.order))
        return {k: parts[k] for k in names if k in parts and (k in self.order or parts[k])}


def notes_from_json(value: Mapping[str, Json]) -> dict[str, Note]:
    """Notes by id."""
    return {key: note_of_json(f"notes.{key}", raw) for key, raw in value.items()}


def notes_to_json(notes: Mapping[str, Note]) -> dict[str, Json]:
    """The JSON of Project.notes."""
    return {k: area_json(n) for k, n in notes.items()}


def area_json(area: Frame | Note) -> Json:
    """A frame or note as an entry."""
    head: dict[str, Json] = {"text": area.text} if isinstance(area, Note) else {"title": area.title}
    box: list[Json] = [area.box.x, area.box.y, area.box.width, area.box.height]
    within: dict[str, Json] = {"within": area.within} if area.within is not None else {}
    return {**head, "colour": area.colour, "box": box, **within, **area.extra}


def _object(path: str, value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise LayoutRefusal(path, "an object", value)
    return value


def _map(path: str, whole: Mapping[str, Json]) -> list[tuple[str, Json]]:
    return list(_object(path, whole.get(path.rpartition(".")[2], {})).items())


def _numbers(path: str, value: Json, count: int) -> tuple[float, ...]:
    good = isinstance(value, list) and len(value) == count
    if not isinstance(value, list) or not good or not all(_number(v) for v in value):
        raise LayoutRefusal(path, f"{count} numbers", value)
    return tuple(v for v in value if isinstance(v, int | float))


def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e7


def _point(path: str, value: Json) -> Point:
    return Point(*_numbers(path, value, 2))


def _box(path: str, value: Json) -> Box:
    return Box(*_numbers(path, value, 4))


def _text(path: str, entry: Mapping[str, Json], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise LayoutRefusal(f"{path}.{name}", "text", value)
    return value


def _names(path: str, value: Json, count: int | None = None) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value) or count not in (None, len(value)):
        raise LayoutRefusal(path, f"{count} names" if count else "a list of names", value)
    return tuple(str(v) for v in value)


def frame_of_json(path: str, value: Json) -> Frame:
    """A frame from its entry; LayoutRefusal names what is wrong."""
    entry = _object(path, value)
    return Frame(_text(path, entry, "title"), *_area(path, entry, "title"))


def note_of_json(path: str, value: Json) -> Note:
    """A note from its entry; LayoutRefusal names what is wrong."""
    entry = _object(path, value)
    return Note(_text(path, entry, "text"), *_area(path, entry, "text"))


def _area(path: str, entry: dict[str, Json], head: str) -> tuple[Box, str, dict[str, Json], str | None]:
    extra = {k: v for k, v in entry.items() if k not in (head, "box", "colour", "within")}
    within = _text(path, entry, "within") or None
    return _box(f"{path}.box", entry.get("box")), _text(path, entry, "colour"), extra, within


def _direction(value: Json) -> Direction:
    if value in ("right", "down"):
        return cast(Direction, value)
    raise LayoutRefusal("layout.direction", '"right" or "down"', value)


_GROUP = ("title", "members", "at", "inputs", "outputs")


def group_of_json(path: str, value: Json) -> Group:
    """A group from its entry; LayoutRefusal names what is wrong."""
    entry = _object(path, value)
    extra = {k: v for k, v in entry.items() if k not in _GROUP}
    members = _names(f"{path}.members", entry.get("members", []))
    at = _point(f"{path}.at", entry["at"]) if "at" in entry else None
    inputs = tuple(_slots(f"{path}.inputs", v) for v in _list(f"{path}.inputs", entry.get("inputs", [])))
    outputs = _slots(f"{path}.outputs", entry.get("outputs", []))
    return Group(_text(path, entry, "title"), members, extra, at, inputs, outputs)


def group_json(group: Group) -> Json:
    """A group as an entry; what is not there is left out."""
    entry: dict[str, Json] = {"title": group.title, "members": list(group.members)}
    if group.at is not None:
        entry["at"] = list(group.at)
    if group.inputs:
        entry["inputs"] = [[list(s) for s in slots] for slots in group.inputs]
    if group.outputs:
        entry["outputs"] = [list(s) for s in group.outputs]
    return {**entry, **group.extra}


def _list(path: str, value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise LayoutRefusal(path, "a list", value)
    return value


def _slots(path: str, value: Json) -> tuple[Slot, ...]:
    return tuple(Slot(*_names(path, v, 2)) for v in _list(path, value))


def reroutes_json(reroutes: Mapping[Edge, tuple[Point, ...]]) -> Json:
    """Points by wire as entries."""
    return [
        {"wire": [e.source, e.source_port, e.target, e.port], "points": [list(p) for p in points]}
        for e, points in reroutes.items()
    ]


def reroutes_of_json(value: Json) -> dict[Edge, tuple[Point, ...]]:
    """Points by wire; LayoutRefusal names what is wrong."""
    if not isinstance(value, list):
        raise LayoutRefusal("layout.reroutes", "a list", value)
    found: dict[Edge, tuple[Point, ...]] = {}
    for k, raw in enumerate(value):
        path = f"layout.reroutes[{k}]"
        entry = _object(path, raw)
        source, source_port, target, port = _names(f"{path}.wire", entry.get("wire"), 4)
        points = entry.get("points", [])
        if not isinstance(points, list):
            raise LayoutRefusal(f"{path}.points", "a list of points", points)
        found[Edge(source, target, port, source_port)] = tuple(_point(f"{path}.points", p) for p in points)
    return found
