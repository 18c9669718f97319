"""Verbs on groups: nodes shown as one card. Groups are nested or apart, never half in each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from designer.document.frames import moved
from designer.document.geometry import GRID, Box, Point, Sizes
from designer.document.group_ports import ports_now
from designer.document.layout import Group, Slot
from designer.document.refusals import EditRefusal, UnknownItemRefusal
from designer.document.sheet import card_of, middle_of, place_of, places, sheet_of, with_places, with_room
from designer.document.state import DocState
from designer.document.verbs.notes import new_item_id
from engine.graph.refusals import UnknownNodeRefusal

#: about as large as a group's card with its live picture is
NEW_CARD = (224.0, 152.0)


class GroupRefusal(EditRefusal):
    """A group that cannot be."""


def group_nodes(
    state: DocState,
    ids: Iterable[str],
    title: str = "",
    areas: Iterable[tuple[str, str]] = (),
    sizes: Sizes | None = None,
) -> DocState:
    """A new group of these nodes, its card in their middle; what crosses its border now stays a port for good.

    Frames and notes (``areas``) go into it, too. Where ``sizes`` are given and other cards stand in the middle, it
    takes the place of the nearest of its own, and what it would cover makes room.

    Refused: fewer than two, an unknown node, half of another group, a group again.
    """
    chosen = set(ids)
    members = tuple(n for n in state.graph.nodes if n in chosen)
    for unknown in sorted(chosen - set(members)):
        raise UnknownNodeRefusal(unknown)
    if len(members) < 2:
        raise GroupRefusal("a group needs two layers or more", "select more of them")
    own = set(members)
    for other in state.groups.values():
        theirs = set(other.members)
        if theirs == own:
            raise GroupRefusal(f"these layers are the group {other.title!r} already", "select others")
        if theirs & own and not (theirs < own or own < theirs):
            raise GroupRefusal(f"some of them belong to the group {other.title!r}", "select all of it, or ungroup it")
    key = new_item_id(state.groups, "g")
    inputs, outputs = ports_now(state.graph, members)
    group = Group(title or f"Group {key.removeprefix('g')}", members, inputs=inputs, outputs=outputs)
    after = bring(state.with_layout(groups={**state.groups, key: group}), areas, key)
    return _settled(after, key, sizes)


def _settled(state: DocState, key: str, sizes: Sizes | None) -> DocState:
    """The card of a new group in the middle of what it holds, or where one of those stood."""
    card, middle = card_of(key), middle_of(state, key)
    if sizes is None:
        return with_places(state, {card: middle})
    parent, inside = state.layout.nesting.parent[key], sheet_of(state, key)
    around = {c: Box(*p, *sizes.get(c, NEW_CARD)) for c, p in places(state, parent).items() if c != card}
    own = Box(*middle, *NEW_CARD)
    if any(_overlap(own, box) for box in around.values()):
        corners = [place_of(state, c) for c in (*inside.nodes, *map(card_of, inside.groups))]
        middle = min(corners, key=lambda p: (p.x - middle.x) ** 2 + (p.y - middle.y) ** 2)
    after = with_places(state, {card: middle})
    return with_room(after, (card,), {**sizes, card: NEW_CARD}, GRID * 2, parent)


def _overlap(a: Box, b: Box) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


def ungroup(state: DocState, ids: Iterable[str], sizes: Sizes | None = None) -> DocState:
    """Without the outermost groups that lie wholly in these nodes; else without the innermost that holds them all.

    What was inside stands around where the card stood, and what it would cover makes room, if ``sizes`` are given.
    """
    chosen = set(ids)
    inside = [k for k, g in state.groups.items() if set(g.members) <= chosen]
    outermost = [
        k for k in inside if not any(set(state.groups[k].members) < set(state.groups[o].members) for o in inside)
    ]
    around = sorted((len(g.members), k) for k, g in state.groups.items() if chosen and chosen <= set(g.members))
    gone = outermost or [k for _, k in around[:1]]
    if not gone:
        raise GroupRefusal("there is no group here", "select a group, or layers of one")
    for key in gone:
        state = dissolve(state, key, sizes)
    return state


def dissolve(state: DocState, group: str, sizes: Sizes | None = None) -> DocState:
    """Without that group; its cards come out where its own card stood."""
    _need(state, group)
    parent, sheet = state.layout.nesting.parent[group], sheet_of(state, group)
    card, middle = place_of(state, card_of(group)), middle_of(state, group)
    dx, dy = card.x - middle.x, card.y - middle.y
    inner = (*sheet.nodes, *map(card_of, sheet.groups))
    shifted = {c: Point(place_of(state, c).x + dx, place_of(state, c).y + dy) for c in inner}
    reroutes = dict(state.reroutes)
    for e, points in state.reroutes.items():
        if (dx or dy) and e.source in sheet.owner and e.target in sheet.owner:
            reroutes[e] = tuple(Point(p.x + dx, p.y + dy) for p in points)
    after = with_places(state, shifted) if dx or dy else state
    groups = {k: g for k, g in after.groups.items() if k != group}
    inside = [("frame", k) for k, f in state.frames.items() if f.within == group]
    inside += [("note", k) for k, n in state.notes.items() if n.within == group]
    after = bring(after, inside, parent, dx, dy)
    after = after.with_layout(groups=groups, reroutes=reroutes)
    return with_room(after, inner, sizes, 0, parent) if sizes is not None and inner else after


def rename_group(state: DocState, group: str, title: str) -> DocState:
    """With another title; two groups may have the same."""
    _need(state, group)
    title = " ".join(title.split())
    if not title:
        raise GroupRefusal("a group needs a name", "type one, or press Escape to keep the old one")
    if title == state.groups[group].title:
        return state
    return state.with_layout(groups={**state.groups, group: replace(state.groups[group], title=title)})


def join(state: DocState, ids: Iterable[str], group: str | None) -> DocState:
    """These nodes belong to the group, and so to all around it; None: to none."""
    if group is None or group not in state.groups:
        return state
    new, groups = tuple(ids), dict(state.groups)
    for key in state.layout.nesting.path(group):
        fresh = tuple(n for n in new if n not in groups[key].members)
        if fresh:
            groups[key] = replace(groups[key], members=(*groups[key].members, *fresh))
    return state.with_layout(groups=groups) if groups != state.groups else state


def move_slot(state: DocState, old: Slot, new: Slot, beyond: Slot) -> DocState:
    """Where a group declares ``old`` and holds the new slot's node, but not what lies beyond, it declares ``new``."""
    groups = dict(state.groups)
    for key, group in state.groups.items():
        if new.node in group.members and beyond.node not in group.members:
            inputs = tuple(tuple(new if s == old else s for s in slots) for slots in group.inputs)
            outputs = tuple(dict.fromkeys(new if s == old else s for s in group.outputs))
            if (inputs, outputs) != (group.inputs, group.outputs):
                groups[key] = replace(group, inputs=inputs, outputs=outputs)
    return state.with_layout(groups=groups) if groups != state.groups else state


def adopt(before: DocState, after: DocState, within: str | None) -> DocState:
    """What an edit inside a group added belongs to that group, unless the edit has said where it belongs."""
    if within is None or within not in after.groups:
        return after
    areas = [("frame", k) for k, f in after.frames.items() if k not in before.frames and f.within is None]
    areas += [("note", k) for k, n in after.notes.items() if k not in before.notes and n.within is None]
    after = bring(after, areas, within)
    if before.graph is after.graph:
        return after
    taken = {n for k, g in after.groups.items() if k in before.groups for n in g.members}
    new = [n for n in after.graph.nodes if n not in before.graph.nodes and n not in taken]
    return join(after, new, within) if new else after


def bring(
    state: DocState, areas: Iterable[tuple[str, str]], group: str | None, dx: float = 0, dy: float = 0
) -> DocState:
    """Frames and notes to the sheet of that group, None = the network's, and by (dx, dy) from where they stood."""
    frames, notes = dict(state.frames), dict(state.notes)
    for kind, key in areas:
        if kind == "frame":
            frames[key] = replace(frames[key], within=group, box=moved(frames[key].box, dx, dy))
        else:
            notes[key] = replace(notes[key], within=group, box=moved(notes[key].box, dx, dy))
    if notes != state.notes:
        state = replace(state, notes=notes)
    return state.with_layout(frames=frames) if frames != state.frames else state


def path_to(state: DocState, group: str) -> tuple[str, ...]:
    """The groups around a group, outermost first, and itself."""
    return state.layout.nesting.path(group)


def _need(state: DocState, group: str) -> None:
    if group not in state.groups:
        raise UnknownItemRefusal("group", group)
