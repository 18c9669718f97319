"""The ports of a group's card: what crosses its border, and what could.

An input port is one source outside, however many ends it feeds inside (the block and the path around it); an output
port is one output inside, however many it feeds. What the group declares stays a port without a wire; so do single
inputs inside that nothing feeds, and outputs inside that feed nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from designer.document.layout import Group, Slot
from designer.document.ports import inputs_of, outputs_of
from engine.graph import Edge, Graph


@dataclass(frozen=True)
class GroupPort:
    """``slots``: ends inside, one for an output. ``wires``: those that cross the border here; () = open."""

    slots: tuple[Slot, ...]
    wires: tuple[Edge, ...] = ()

    @property
    def sources(self) -> tuple[Slot, ...]:
        """Where the wires come from."""
        return tuple(dict.fromkeys(Slot(e.source, e.source_port) for e in self.wires))


def input_ports(graph: Graph, group: Group) -> tuple[GroupPort, ...]:
    """Declared ones first, then by the first wire that crosses, then open inputs, both in the order of the members."""
    members = frozenset(group.members)
    crossing: dict[Slot, dict[Slot, Edge]] = {}
    for node in group.members:
        for e in graph.incoming.get(node, ()):
            if e.source not in members:
                crossing.setdefault(Slot(e.source, e.source_port), {})[Slot(node, e.port)] = e
    ports, declared = [], set[Slot]()
    for slots in group.inputs:
        live = tuple(s for s in slots if s.node in members and _has_input(graph, s))
        declared.update(live)
        port = _declared_port(graph, live, crossing)
        if port is not None:
            ports.append(port)
    ports += [GroupPort(tuple(ends), tuple(ends.values())) for ends in crossing.values() if ends]
    fed = {slot for port in ports for slot in port.slots} | declared
    return (*ports, *(GroupPort((s,)) for s in _open_inputs(graph, group) if s not in fed))


def _declared_port(
    graph: Graph, slots: tuple[Slot, ...], crossing: dict[Slot, dict[Slot, Edge]]
) -> GroupPort | None:
    """With the wires of the source that feeds most of it, taken out of ``crossing``; open where none does."""
    best = max(crossing, key=lambda s: sum(slot in crossing[s] for slot in slots), default=None)
    ends = crossing[best] if best is not None else {}
    fed = [slot for slot in slots if slot in ends]
    if fed:
        # What nobody declared but the same source feeds belongs to the same port: it is one wire outside.
        every = (*fed, *(slot for slot in ends if slot not in slots))
        port = GroupPort(every, tuple(ends[slot] for slot in every))
        ends.clear()
        return port
    free = tuple(s for s in slots if not _filled(graph, s))
    return GroupPort(free) if free else None


def output_ports(graph: Graph, group: Group) -> tuple[GroupPort, ...]:
    """Declared ones first, then what crosses, then outputs that feed nothing."""
    members = frozenset(group.members)
    found: dict[Slot, list[Edge]] = {s: [] for s in group.outputs if s.node in members and _has_output(graph, s)}
    for node in group.members:
        for e in graph.outgoing.get(node, ()):
            if e.target not in members:
                found.setdefault(Slot(node, e.source_port), []).append(e)
    for node in (n for n in group.members if n in graph.nodes and not graph.outgoing.get(n)):
        for name in outputs_of(graph.nodes[node].type):
            found.setdefault(Slot(node, name), [])
    return tuple(GroupPort((slot,), tuple(wires)) for slot, wires in found.items())


def ports_now(graph: Graph, members: Iterable[str]) -> tuple[tuple[tuple[Slot, ...], ...], tuple[Slot, ...]]:
    """(inputs, outputs) to declare for a new group of these nodes: what crosses its border now."""
    inside, inputs, outputs = frozenset(members), dict[Slot, dict[Slot, None]](), dict[Slot, None]()
    for e in graph.edges:
        if e.target in inside and e.source not in inside:
            inputs.setdefault(Slot(e.source, e.source_port), {})[Slot(e.target, e.port)] = None
        elif e.source in inside and e.target not in inside:
            outputs[Slot(e.source, e.source_port)] = None
    return tuple(tuple(ends) for ends in inputs.values()), tuple(outputs)


def _open_inputs(graph: Graph, group: Group) -> Iterable[Slot]:
    for node in (n for n in group.members if n in graph.nodes):
        wired = {e.port for e in graph.incoming.get(node, ())}
        yield from (Slot(node, p.name) for p in inputs_of(graph.nodes[node].type) if p.name not in wired)


def _filled(graph: Graph, slot: Slot) -> bool:
    """A port for one wire that has one, whoever feeds it."""
    many = any(p.many for p in inputs_of(graph.nodes[slot.node].type) if p.name == slot.port)
    return not many and any(e.port == slot.port for e in graph.incoming.get(slot.node, ()))


def _has_input(graph: Graph, slot: Slot) -> bool:
    return slot.node in graph.nodes and any(p.name == slot.port for p in inputs_of(graph.nodes[slot.node].type))


def _has_output(graph: Graph, slot: Slot) -> bool:
    return slot.node in graph.nodes and slot.port in outputs_of(graph.nodes[slot.node].type)
