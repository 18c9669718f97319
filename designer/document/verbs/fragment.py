"""Copy, paste, duplicate: a piece of a network as JSON text.

``{"gradloom": 1, "nodes": [{"id", "type", "name", "params", "version", "frozen", "muted", "at": [x, y]}],
"edges": [[source, source_port, target, port]], "incoming": [the same, from nodes that were not copied],
"groups", "reroutes": [as in a file's layout; groups that were copied whole, outer ones first],
"frames", "notes": [as in a file; "within" is the number of a group above],
"collapsed": [ids]}``.
Parameter values are written as in a project file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from designer.document.frames import moved
from designer.document.geometry import Point
from designer.document.layout import (
    Frame,
    Group,
    Note,
    Slot,
    area_json,
    frame_of_json,
    group_json,
    group_of_json,
    note_of_json,
    reroutes_json,
    reroutes_of_json,
)
from designer.document.ports import inputs_of, layer_class, outputs_of
from designer.document.refusals import FragmentRefusal
from designer.document.sheet import card_of, place_of
from designer.document.state import DocState
from designer.document.verbs.nodes import new_name
from designer.document.verbs.notes import new_item_id
from designer.document.verbs.wires import connect
from engine.declare import Value
from engine.files.values import loose, strict, to_json
from engine.graph import Edge, Node

A = TypeVar("A", Frame, Note)
MIME = "application/x-gradloom+json"
FORMAT = 1
_LONGEST = 16_000_000


@dataclass(frozen=True)
class Fragment:
    """Nodes with their places, wires among them, wires into them from outside, and the groups among them."""

    nodes: tuple[Node, ...]
    at: Mapping[str, Point]
    edges: tuple[Edge, ...] = ()
    incoming: tuple[Edge, ...] = ()
    groups: tuple[Group, ...] = ()
    collapsed: tuple[str, ...] = ()
    reroutes: Mapping[Edge, tuple[Point, ...]] = field(default_factory=dict)
    frames: tuple[Frame, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def areas(self) -> tuple[Frame | Note, ...]:
        """Frames, then notes."""
        return (*self.frames, *self.notes)

    @property
    def corner(self) -> Point:
        """Top left of what one sees of it: nodes in a group do not count, the group's card does."""
        boxes = [a.box for a in self.areas if a.within is None]
        inside = {m for g in self.groups for m in g.members}
        outer = [g for g in self.groups if not any(set(g.members) < set(o.members) for o in self.groups)]
        seen = [p for k, p in self.at.items() if k not in inside] + [g.at for g in outer if g.at is not None]
        seen += [Point(b.x, b.y) for b in boxes]
        return Point(*(min(p[k] for p in seen or self.at.values()) for k in (0, 1)))


def cut_out(
    state: DocState, ids: Iterable[str], within: str | None = None, areas: Iterable[tuple[str, str]] = ()
) -> Fragment:
    """The chosen nodes as a fragment, in graph order, with the groups that are chosen whole and lie in ``within``.

    With these frames and notes, and all that stand in those groups.
    """
    chosen = set(ids)
    nodes = tuple(n for k, n in state.graph.nodes.items() if k in chosen)
    edges = tuple(e for e in state.graph.edges if e.source in chosen and e.target in chosen)
    incoming = tuple(e for e in state.graph.edges if e.target in chosen and e.source not in chosen)
    at = {n.id: state.position(n.id) for n in nodes}
    collapsed = tuple(n for n in state.layout.collapsed if n in chosen)
    keys = _whole_groups(state, chosen, within) if state.groups else ()
    groups = tuple(_alive(state, k) for k in keys)
    frames = _taken(state.frames, "frame", set(areas := tuple(areas)), keys)
    notes = _taken(state.notes, "note", set(areas), keys)
    led = {e: points for e, points in state.reroutes.items() if e.source in chosen and e.target in chosen}
    return Fragment(nodes, at, edges, incoming, groups, collapsed, led, frames, notes)


def _taken(
    areas: Mapping[str, A], kind: str, chosen: set[tuple[str, str]], groups: tuple[str, ...]
) -> tuple[A, ...]:
    """Those that are chosen, and those in groups that are copied whole."""
    found = []
    for key, area in areas.items():
        if area.within in groups:
            found.append(replace(area, within=str(groups.index(area.within))))
        elif (kind, key) in chosen:
            found.append(replace(area, within=None))
    return tuple(found)


def _whole_groups(state: DocState, chosen: set[str], within: str | None) -> tuple[str, ...]:
    nesting, alive = state.layout.nesting, state.graph.nodes
    whole = [
        k
        for k, g in state.groups.items()
        if nesting.lies_in(k, within) and any(m in alive for m in g.members)
        and all(m in chosen for m in g.members if m in alive)
    ]  # fmt: skip
    return tuple(sorted(whole, key=lambda k: len(nesting.path(k))))


def _alive(state: DocState, key: str) -> Group:
    group = state.groups[key]
    members = tuple(m for m in group.members if m in state.graph.nodes)
    return replace(group, members=members, at=place_of(state, card_of(key)))


def dump_fragment(fragment: Fragment) -> str:
    """JSON text for the clipboard."""
    nodes = [
        {
            "id": n.id,
            "type": n.type,
            "name": n.name,
            "params": {k: to_json(v) for k, v in n.params.items()},
            "version": n.version,
            "frozen": n.frozen,
            "muted": n.muted,
            **({"shares": n.shares} if n.shares is not None else {}),
            "at": list(fragment.at[n.id]),
        }
        for n in fragment.nodes
    ]
    wires = {
        name: [[e.source, e.source_port, e.target, e.port] for e in edges]
        for name, edges in (("edges", fragment.edges), ("incoming", fragment.incoming))
    }
    groups: dict[str, Any] = {"groups": [group_json(g) for g in fragment.groups]} if fragment.groups else {}
    if fragment.collapsed:
        groups["collapsed"] = list(fragment.collapsed)
    if fragment.reroutes:
        groups["reroutes"] = reroutes_json(fragment.reroutes)
    areas = (("frames", fragment.frames), ("notes", fragment.notes))
    groups |= {name: [area_json(a) for a in found] for name, found in areas if found}
    return json.dumps({"gradloom": FORMAT, "nodes": nodes, **wires, **groups}, indent=1, ensure_ascii=False)


def load_fragment(text: str) -> Fragment:
    """Read clipboard text; FragmentRefusal says why it is none."""
    if len(text) > _LONGEST:
        raise FragmentRefusal("it is longer than 16 MB")
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise FragmentRefusal("it is not JSON of this program") from None
    parts = ("nodes", "frames", "notes")
    if not isinstance(value, dict) or not isinstance(value.get("gradloom"), int) or not any(map(value.get, parts)):
        raise FragmentRefusal("it is not JSON of this program")
    if value["gradloom"] > FORMAT:
        raise FragmentRefusal(f"it comes from a newer version, format {value['gradloom']}")
    try:
        nodes = tuple(_node(n) for n in value["nodes"])
        at = {n["id"]: _point(n["at"]) for n in value["nodes"]}
        edges, incoming = (tuple(_edge(e) for e in value.get(k, ())) for k in ("edges", "incoming"))
        groups = tuple(group_of_json("groups", g) for g in value.get("groups", ()))
        low = tuple(_string(n) for n in value.get("collapsed", ()))
        led = reroutes_of_json(value.get("reroutes", []))
        frames = tuple(frame_of_json("frames", f) for f in value.get("frames", ()))
        notes = tuple(note_of_json("notes", n) for n in value.get("notes", ()))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise FragmentRefusal(f"an entry is damaged: {error}") from None
    ids, drawn = {n.id for n in nodes}, set(edges)
    # Whose weights they were is known only where they came from.
    nodes = tuple(n if n.shares in ids else replace(n, shares=None) for n in nodes)
    if len(ids) != len(nodes) or any(e.source not in ids or e.target not in ids for e in edges):
        raise FragmentRefusal("an entry is damaged: ids do not match")
    if any(m not in ids for g in groups for m in g.members):
        raise FragmentRefusal("an entry is damaged: a group holds what was not copied")
    found = Fragment(nodes, at, edges, tuple(e for e in incoming if e.target in ids), groups,
                     tuple(dict.fromkeys(n for n in low if n in ids)),
                     {e: p for e, p in led.items() if e in drawn}, frames, notes)  # fmt: skip
    if any(a.within not in (None, *map(str, range(len(groups)))) for a in found.areas):
        raise FragmentRefusal("an entry is damaged: a frame or note stands in a group that was not copied")
    return found


def paste(state: DocState, fragment: Fragment, dx: float, dy: float, with_incoming: bool = False) -> DocState:
    """The fragment's nodes with new ids and free names, moved by (dx, dy).

    ``with_incoming``: wires from nodes that were not copied are drawn again, where those nodes are there and have
    that port.
    """
    return paste_as(state, fragment, dx, dy, with_incoming)[0]


def paste_as(
    state: DocState, fragment: Fragment, dx: float, dy: float, with_incoming: bool = False
) -> tuple[DocState, Mapping[str, str]]:
    """As ``paste``; also the new id of each of the fragment's nodes."""
    graph, ids, names = state.graph, {}, set[str]()
    for node in fragment.nodes:
        ids[node.id] = graph.new_id()
        name = _free_name(state, node, names)
        names.add(name)
        graph = graph.add_node(replace(node, id=ids[node.id], name=name))
    for node in fragment.nodes:
        if node.shares is not None:  # a copy shares with the copy of its owner, else with the owner itself
            owner = ids.get(node.shares, node.shares if node.shares in state.graph.nodes else None)
            graph = graph.replace_node(replace(graph.nodes[ids[node.id]], shares=owner))
    places = {ids[k]: Point(p.x + dx, p.y + dy) for k, p in fragment.at.items()}
    after = replace(state, graph=graph).with_layout(positions={**state.positions, **places})
    for e in fragment.edges:
        after = connect(after, replace(e, source=ids[e.source], target=ids[e.target]))
    for e in fragment.incoming if with_incoming else ():
        source = state.graph.nodes.get(e.source)
        target = graph.nodes[ids[e.target]]
        if source and e.source_port in outputs_of(source.type) and e.port in (p.name for p in inputs_of(target.type)):
            after = connect(after, replace(e, target=target.id))
    groups: list[str] = []
    for group in fragment.groups:
        groups.append(new_item_id(after.groups, "g"))
        after = _with_group(after, groups[-1], group, ids, dx, dy)
    after = _with_areas(after, fragment, groups, dx, dy)
    if fragment.reroutes:
        after = after.with_layout(reroutes={**after.reroutes, **_moved_points(fragment, ids, dx, dy)})
    if fragment.collapsed:
        low = (*after.layout.collapsed, *(ids[n] for n in fragment.collapsed))
        after = after.with_layout(collapsed=low)
    return after, ids


def _moved_points(
    fragment: Fragment, ids: Mapping[str, str], dx: float, dy: float
) -> dict[Edge, tuple[Point, ...]]:
    return {
        replace(e, source=ids[e.source], target=ids[e.target]): tuple(Point(p.x + dx, p.y + dy) for p in points)
        for e, points in fragment.reroutes.items()
    }


def _with_areas(state: DocState, fragment: Fragment, groups: list[str], dx: float, dy: float) -> DocState:
    frames, notes = dict(state.frames), dict(state.notes)
    for frame in fragment.frames:
        frames[new_item_id(frames, "f")] = _placed(frame, groups, dx, dy)
    for note in fragment.notes:
        notes[new_item_id(notes, "t")] = _placed(note, groups, dx, dy)
    after = replace(state, notes=notes) if fragment.notes else state
    return after.with_layout(frames=frames) if fragment.frames else after


def _placed(area: A, groups: list[str], dx: float, dy: float) -> A:
    within = groups[int(area.within)] if area.within is not None else None
    return replace(area, box=moved(area.box, dx, dy), within=within)


def _with_group(state: DocState, key: str, group: Group, ids: Mapping[str, str], dx: float, dy: float) -> DocState:
    """Its card moves with the rest; what is inside is moved too, which nobody sees."""
    def renamed(slots: Iterable[Slot]) -> tuple[Slot, ...]:
        return tuple(Slot(ids[s.node], s.port) for s in slots if s.node in ids)

    members = tuple(ids[m] for m in group.members)
    at = Point(group.at.x + dx, group.at.y + dy) if group.at is not None else None
    inputs = tuple(found for slots in group.inputs if (found := renamed(slots)))
    new = replace(group, members=members, at=at, inputs=inputs, outputs=renamed(group.outputs))
    return state.with_layout(groups={**state.groups, key: new})


def duplicate(
    state: DocState,
    ids: Iterable[str],
    dx: float,
    dy: float,
    with_incoming: bool = False,
    within: str | None = None,
    areas: Iterable[tuple[str, str]] = (),
) -> DocState:
    """Copies of the chosen nodes, frames and notes with the wires and groups among them, moved by (dx, dy)."""
    return paste(state, cut_out(state, ids, within, areas), dx, dy, with_incoming)


def _free_name(state: DocState, node: Node, taken: set[str]) -> str:
    used = {n.name for n in state.graph.nodes.values()} | taken
    if node.name not in used:
        return node.name
    stem, _, number = node.name.rpartition(" ")
    if not stem or not number.isdigit():
        stem = node.name
    if not stem:
        return new_name(state.graph, node.type, taken)
    k = 2
    while f"{stem} {k}" in used:
        k += 1
    return f"{stem} {k}"


def _params(type_name: str, entry: Any) -> dict[str, Value]:
    """As the layer type declares them; of an unknown type, or undeclared, as they are."""
    found = layer_class(type_name)
    params: dict[str, Value] = {}
    for name, raw in entry.items():
        declared = found.params.get(_string(name)) if found is not None else None
        params[name] = loose(raw) if declared is None else declared.check(type_name, strict(raw))
    return params


def _finite(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is no name")
    return value


def _node(entry: Any) -> Node:
    params = _params(_string(entry["type"]), entry.get("params", {}))
    version = entry.get("version", 1)
    if isinstance(version, bool) or not isinstance(version, int):
        raise ValueError(f"{version!r} is no version")
    frozen, muted = (entry.get(k, False) is True for k in ("frozen", "muted"))
    shares = _string(entry["shares"]) if entry.get("shares") is not None else None
    ident, kind, name = (_string(entry[k]) for k in ("id", "type", "name"))
    return Node(ident, kind, name, params, version, frozen, muted, shares)


def _point(value: Any) -> Point:
    x, y = value
    if abs(_finite(x)) > 1e7 or abs(_finite(y)) > 1e7:
        raise ValueError(f"{value!r} is no place on the canvas")
    return Point(x, y)


def _edge(value: Any) -> Edge:
    source, source_port, target, port = (_string(v) for v in value)
    return Edge(source, target, port, source_port)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
