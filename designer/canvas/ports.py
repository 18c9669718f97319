"""Places where a wire can begin or end, and which of them fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from designer.document import DocState
from designer.document.ports import inputs_of, outputs_of, wire_into
from engine.graph import Edge


@dataclass(frozen=True, slots=True)
class PortRef:
    """One port of one node. ``via``: the port of a group's card that leads there, "" = the layer's own card."""

    node: str
    port: str
    is_input: bool
    via: str = ""

    def wire_to(self, other: PortRef) -> Edge | None:
        """The wire between the two, or None if both are inputs or both outputs."""
        if self.is_input == other.is_input:
            return None
        source, target = (other, self) if self.is_input else (self, other)
        return Edge(source.node, target.node, target.port, source.port)


def ports_of(state: DocState, node: str, is_input: bool) -> tuple[PortRef, ...]:
    """A node's ports on one side, top to bottom."""
    type_name = state.graph.nodes[node].type
    names: Iterable[str] = (p.name for p in inputs_of(type_name)) if is_input else outputs_of(type_name)
    return tuple(PortRef(node, name, is_input) for name in names)


def blocked(state: DocState, origin: PortRef) -> frozenset[str]:
    """Nodes that a wire from here would close a loop with: all upstream of an output, all downstream of an input."""
    near = state.graph.outgoing if origin.is_input else state.graph.incoming
    seen, stack = {origin.node}, [origin.node]
    while stack:
        for e in near.get(stack.pop(), ()):
            other = e.target if origin.is_input else e.source
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return frozenset(seen)


def best_port(state: DocState, node: str, origin: PortRef) -> PortRef | None:
    """Where a wire dropped on a card goes: its first free port of the other side, else its first one."""
    ports = ports_of(state, node, not origin.is_input)
    if origin.is_input or not ports:
        return ports[0] if ports else None
    free = [p for p in ports if wire_into(state.graph, node, p.port) is None]
    return (free or list(ports))[0]
