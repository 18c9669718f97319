"""The drawn network as frozen values: nodes with stable short ids, edges between named ports.

Every edit returns a new Graph that shares what did not change, so identity tells what did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from engine.declare import Value
from engine.graph.refusals import (
    CycleRefusal,
    DuplicateEdgeRefusal,
    DuplicateIdRefusal,
    SelfLoopRefusal,
    SelfShareRefusal,
    ShareTypeRefusal,
    UnknownEdgeRefusal,
    UnknownNodeRefusal,
)

EMPTY: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Node:
    """One layer of the drawing. ``params`` holds only what differs from the layer type's defaults.

    ``frozen``: its weights are not trained. ``muted``: it passes its input through. ``shares``: the id of a node of the
    same type whose weights and running statistics this one uses as its own (Graph.share): they are counted, stored
    and updated once, under that node, by the sum of both gradients. Settings of the weights themselves (initializer,
    penalties, learning rate factor, frozen) are that node's; all else is each node's own.
    """

    id: str
    type: str
    name: str
    params: Mapping[str, Value] = field(default_factory=lambda: EMPTY)
    version: int = 1
    frozen: bool = False
    muted: bool = False
    shares: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """A wire from an output port to an input port. Order in Graph.edges orders wires into one variadic port."""

    source: str
    target: str
    port: str = "in"
    source_port: str = "out"


@dataclass(frozen=True)
class Graph:
    """Nodes by id and wires. Construct with the verbs below; they refuse what would not be a DAG."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()

    @cached_property
    def incoming(self) -> Mapping[str, tuple[Edge, ...]]:
        """Wires by target node id, in order."""
        return _by(self.edges, "target")

    @cached_property
    def outgoing(self) -> Mapping[str, tuple[Edge, ...]]:
        """Wires by source node id, in order."""
        return _by(self.edges, "source")

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Node ids, sources first; ties in the order in which nodes were added. Deterministic."""
        waiting = {n: len(self.incoming.get(n, ())) for n in self.nodes}
        ready = [n for n, count in waiting.items() if count == 0]
        order: list[str] = []
        while ready:
            order.extend(ready)
            after: list[str] = []
            for n in ready:
                for e in self.outgoing.get(n, ()):
                    waiting[e.target] -= 1
                    if waiting[e.target] == 0:
                        after.append(e.target)
            ready = after
        return tuple(order)

    def add_node(self, node: Node) -> Graph:
        """With one more node; DuplicateIdRefusal if its id is taken."""
        if node.id in self.nodes:
            raise DuplicateIdRefusal(node.id)
        return replace(self, nodes={**self.nodes, node.id: node})

    def replace_node(self, node: Node) -> Graph:
        """With the node of that id replaced; its place in the order stays."""
        self._need(node.id)
        edited = replace(self, nodes={**self.nodes, node.id: node})
        for known in ("incoming", "outgoing", "order"):  # the wires are the same, so these are too
            if known in self.__dict__:
                edited.__dict__[known] = self.__dict__[known]
        return edited

    def remove_nodes(self, ids: Iterable[str]) -> Graph:
        """Without these nodes and every wire that touches them. Shared weights pass to the first that shares them."""
        gone = set(ids)
        for n in gone:
            self._need(n)
        return Graph(
            heirs({k: v for k, v in self.nodes.items() if k not in gone}, gone),
            tuple(e for e in self.edges if e.source not in gone and e.target not in gone),
        )

    def add_edge(self, edge: Edge) -> Graph:
        """With one more wire. Refuses unknown nodes, a wire to itself, a wire that is there, and a cycle."""
        self._need(edge.source)
        self._need(edge.target)
        if edge.source == edge.target:
            raise SelfLoopRefusal(edge.source)
        if edge in self.edges:
            raise DuplicateEdgeRefusal(edge.source, edge.target)
        path = self.path(edge.target, edge.source)
        if path:
            raise CycleRefusal(edge.source, edge.target, path)
        return replace(self, edges=(*self.edges, edge))

    def remove_edges(self, edges: Iterable[Edge]) -> Graph:
        """Without these wires."""
        gone = set(edges)
        unknown = gone - set(self.edges)
        if unknown:
            first = min(unknown)
            raise UnknownEdgeRefusal(first.source, first.target)
        return replace(self, edges=tuple(e for e in self.edges if e not in gone))

    def owner(self, node_id: str) -> str:
        """The node under which the weights of a node are kept: itself, or the one that it shares with."""
        return self.nodes[node_id].shares or node_id

    def sharing(self, node_id: str) -> tuple[str, ...]:
        """All nodes with the weights of this one, the owner first; one alone if none are shared."""
        owner = self.owner(node_id)
        return (owner, *(n.id for n in self.nodes.values() if n.shares == owner and n.id != owner))

    def share(self, node_id: str, owner: str) -> Graph:
        """With the node using the weights of ``owner`` (or of whom that one shares with), and its followers too.

        Refuses unknown nodes, a node with itself, and another type. Shapes are for analysis to judge.
        """
        self._need(node_id)
        self._need(owner)
        root = self.owner(owner)
        self._need(root)
        if root == node_id:
            raise SelfShareRefusal(node_id)
        kinds = self.nodes[node_id].type, self.nodes[root].type
        if kinds[0] != kinds[1]:
            raise ShareTypeRefusal(node_id, root, *kinds)
        followers = {node_id, *(n.id for n in self.nodes.values() if n.shares == node_id)}
        changed = {k: replace(n, shares=root) if k in followers else n for k, n in self.nodes.items()}
        return replace(self, nodes=changed)

    def unshare(self, node_id: str) -> Graph:
        """With the node using weights of its own again."""
        self._need(node_id)
        node = self.nodes[node_id]
        return self if node.shares is None else self.replace_node(replace(node, shares=None))

    def release(self, node_id: str) -> Graph:
        """With the node sharing with nobody: those that used its weights keep them among themselves."""
        alone = self.unshare(node_id)
        if len(alone.sharing(node_id)) == 1:
            return alone
        return replace(alone, nodes=heirs(alone.nodes, (node_id,)))

    def path(self, start: str, end: str) -> tuple[str, ...]:
        """A path of node ids from start to end along the wires, or () if there is none."""
        came: dict[str, str] = {start: start}
        stack = [start]
        while stack:
            at = stack.pop()
            if at == end:
                back = [at]
                while back[-1] != start:
                    back.append(came[back[-1]])
                return tuple(reversed(back))
            for e in self.outgoing.get(at, ()):
                if e.target not in came:
                    came[e.target] = at
                    stack.append(e.target)
        return ()

    def new_id(self, stem: str = "n") -> str:
        """The first free id of the form stem + number."""
        k = len(self.nodes) + 1
        while f"{stem}{k}" in self.nodes:
            k += 1
        return f"{stem}{k}"

    def _need(self, node_id: str) -> None:
        if node_id not in self.nodes:
            raise UnknownNodeRefusal(node_id)


def heirs(nodes: Mapping[str, Node], gone: Iterable[str]) -> dict[str, Node]:
    """The nodes that are left, where of those that shared with one that is gone the first now keeps the weights."""
    left, lost = dict(nodes), set(gone)
    heir: dict[str, str] = {}
    for key, node in nodes.items():
        if node.shares in lost and node.shares is not None:
            to = heir.setdefault(node.shares, key)
            left[key] = replace(node, shares=None if to == key else to)
    return left


def _by(edges: tuple[Edge, ...], end: str) -> Mapping[str, tuple[Edge, ...]]:
    found: dict[str, list[Edge]] = {}
    for e in edges:
        found.setdefault(getattr(e, end), []).append(e)
    return {k: tuple(v) for k, v in found.items()}
