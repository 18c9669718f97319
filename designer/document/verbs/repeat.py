"""Repeat a piece of a chain: copies in sequence, with weights of their own or all with one set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from designer.document.geometry import GAP, Point, Sizes, snap_up
from designer.document.group_ports import GroupPort, input_ports, output_ports
from designer.document.layout import Group, Slot
from designer.document.refusals import EditRefusal
from designer.document.sheet import cards_of, chosen_group, place_of, places, with_places
from designer.document.state import DocState
from designer.document.verbs.chain import shifted
from designer.document.verbs.fragment import cut_out, paste_as
from designer.document.verbs.groups import join, rename_group
from designer.document.verbs.sharing import share_weights
from designer.document.verbs.wires import rewire, with_edges
from engine.analysis import Analysis, infer
from engine.graph import Edge
from engine.graph.refusals import UnknownNodeRefusal

#: as many as a person may ask for at once, and as many new layers as that may make
MOST, MOST_NEW = 100, 1000


class RepeatRefusal(EditRefusal):
    """A piece that cannot stand behind itself."""


def repeat(
    state: DocState,
    ids: Iterable[str],
    times: int,
    sizes: Sizes | None = None,
    within: str | None = None,
    shared: bool = False,
) -> DocState:
    """``times`` of these nodes in sequence, counting themselves; what they fed is fed by the last.

    A group is repeated with its group; what feeds its further ports feeds those of every copy. ``shared``: all use the
    weights of the first. Refused: not one way in and one out, shapes that do not fit, before anything changes.
    """
    chosen = set(ids)
    for unknown in sorted(chosen - set(state.graph.nodes)):
        raise UnknownNodeRefusal(unknown)
    if not 2 <= times <= MOST:
        raise RepeatRefusal(f"{times} times is not a number of repeats", f"ask for 2 to {MOST}")
    members = tuple(n for n in state.graph.nodes if n in chosen)
    if len(members) * (times - 1) > MOST_NEW:
        raise RepeatRefusal(
            f"{times} times {len(members)} layers would be more than {MOST_NEW} new ones",
            f"ask for at most {MOST_NEW // len(members) + 1}, or repeat less of it",
        )
    inputs, way_out = _ends(state, members, within)
    known = infer(state.graph)
    if shared:
        _need_equal(state, known, inputs[0], way_out)
    after = _copied(state, members, inputs, way_out, times, sizes or {}, within, known if shared else None)
    _need_sound(state, after, known)
    return after


def _ends(state: DocState, members: tuple[str, ...], within: str | None) -> tuple[tuple[GroupPort, ...], GroupPort]:
    key = chosen_group(state, within, members)
    group = state.groups[key] if key is not None else Group("", members)
    inputs, outputs = input_ports(state.graph, group), output_ports(state.graph, group)
    outputs = tuple(p for p in outputs if p.wires) or outputs
    free = [p for p in inputs[1:] if not p.wires or key is None]
    if not inputs or free or len(outputs) != 1:
        got = f"{len(inputs)} ways in and {len(outputs)} out"
        raise RepeatRefusal(
            f"what is repeated needs one way in and one way out, and this has {got}",
            "select a piece of a chain, or make it a group first",
        )
    return inputs, outputs[0]


def _need_equal(state: DocState, known: Analysis, way_in: GroupPort, way_out: GroupPort) -> None:
    took = known.output(way_in.sources[0].node) if way_in.wires else None
    gave = known.output(way_out.slots[0].node)
    if took is not None and gave is not None and took.shape != gave.shape:
        name = state.graph.nodes[way_out.slots[0].node].name
        raise RepeatRefusal(
            f"one set of weights needs one shape: {took.text()} goes in and {gave.text()} comes out of {name!r}",
            "repeat it with own weights, or make both shapes equal",
        )


def _copied(
    state: DocState,
    members: tuple[str, ...],
    inputs: tuple[GroupPort, ...],
    way_out: GroupPort,
    times: int,
    sizes: Sizes,
    within: str | None,
    shared: Analysis | None,
) -> DocState:
    fragment, cards = cut_out(state, members, within), cards_of(state, within, members)
    places_now = [place_of(state, c) for c in cards]
    left = min(p.x for p in places_now)
    right = max(p.x + sizes.get(c, (176.0, 128.0))[0] for c, p in zip(cards, places_now, strict=True))
    step, after, last, new_cards = snap_up(right - left + GAP), state, way_out.slots[0], list[str]()
    for k in range(1, times):
        after, new = paste_as(after, fragment, step * k, 0)
        after = join(after, new.values(), within)
        after = rewire(after, _wires_into(inputs, new, last))
        after = _in_order(after, state, inputs[0], new, last)
        if shared is not None:
            for member in members:
                if shared.nodes[member].weights:
                    after = share_weights(after, (new[member],), member)
        key = chosen_group(after, within, new.values())
        if key is not None:
            after = rename_group(after, key, _free_title(after, key))
        new_cards += cards_of(after, within, new.values())
        last = Slot(new[way_out.slots[0].node], way_out.slots[0].port)
    beyond = [Edge(last.node, e.target, e.port, last.port) for e in way_out.wires]
    after = rewire(after, beyond, way_out.wires)
    start = Point(left + step, min(p.y for p in places_now))
    return with_places(after, shifted(places(after, within), new_cards, start, sizes))


def _free_title(state: DocState, group: str) -> str:
    """The first number behind its title that no other group has: Block 1, Block 2, ..."""
    title = state.groups[group].title
    head, _, number = title.rpartition(" ")
    stem = head if head and number.isdigit() else title
    taken, k = {g.title for key, g in state.groups.items() if key != group}, 2
    while f"{stem} {k}" in taken:
        k += 1
    return f"{stem} {k}"


def _wires_into(inputs: tuple[GroupPort, ...], new: Mapping[str, str], last: Slot) -> list[Edge]:
    wires = [Edge(last.node, new[s.node], s.port, last.port) for s in inputs[0].slots]
    for port in inputs[1:]:
        source = port.sources[0]
        wires += [Edge(source.node, new[s.node], s.port, source.port) for s in port.slots]
    return wires


def _in_order(after: DocState, before: DocState, way_in: GroupPort, new: Mapping[str, str], last: Slot) -> DocState:
    """Wires into one port of a copy in the order in which the original has them: a Concat depends on it."""
    edges = list(after.graph.edges)
    for slot in way_in.slots:
        original = [e for e in before.graph.incoming.get(slot.node, ()) if e.port == slot.port]
        wanted = [
            replace(e, source=new[e.source], target=new[e.target])
            if e.source in new
            else Edge(last.node, new[slot.node], slot.port, last.port)
            for e in original
        ]
        there = [k for k, e in enumerate(edges) if e.target == new[slot.node] and e.port == slot.port]
        if len(there) == len(wanted) and {edges[k] for k in there} == set(wanted):
            for k, e in zip(there, wanted, strict=True):
                edges[k] = e
    return with_edges(after, tuple(edges))


def _need_sound(before: DocState, after: DocState, known: Analysis) -> None:
    old = {(p.node, p.template) for p in known.problems}
    for problem in infer(after.graph, known).problems:
        if problem.severity == "error" and (problem.node, problem.template) not in old and problem.node:
            name = after.graph.nodes[problem.node].name
            raise RepeatRefusal(
                f"the copies would not fit: {name}: {problem.text}", "make what comes out fit what goes in"
            )
