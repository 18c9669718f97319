"""What differs between two documents: layers added, removed and changed, wires, and the set-up beside them.

    found = compare(before, after)
    found.pairs["n3"]                       # the layer of ``before`` that "n3" of ``after`` was
    found.nodes[0].kind, found.nodes[0].changes

Layers are matched by id first (where the type is the same), then by name and type, then by name, then by type in the
order in which they are computed, and what is left by id alone: its type was changed. Parameters are compared with the
type's defaults filled in, so that a default that is written out is no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Literal

from designer.document.ports import layer_class
from designer.document.state import DocState
from engine.declare import Spec, Value
from engine.graph import Edge, Graph, Node

Kind = Literal["added", "removed", "changed", "same"]
#: parts of a document besides its layers
SETUP = ("training", "data")


@dataclass(frozen=True)
class Change:
    """One value. ``path``: ("units",), ("optimizer", "rate"); None on a side stands for no such value."""

    path: tuple[str, ...]
    before: Value
    after: Value


@dataclass(frozen=True)
class NodeDifference:
    """A layer. ``before`` is its id in the first document, ``after`` in the second; None where it is missing."""

    kind: Kind
    before: str | None
    after: str | None
    name: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class WireDifference:
    """A wire that only one side has, by that side's own ids; wires between layers that are missing are not listed."""

    kind: Kind
    wire: Edge


@dataclass(frozen=True)
class Comparison:
    """``pairs``: ids of the second document to those of the first. ``setup``: changes of training and of data."""

    pairs: Mapping[str, str]
    nodes: tuple[NodeDifference, ...]
    wires: tuple[WireDifference, ...]
    setup: Mapping[str, tuple[Change, ...]]

    @property
    def same(self) -> bool:
        """Whether nothing differs that trains or names anything."""
        return not self.wires and not any(self.setup.values()) and all(n.kind == "same" for n in self.nodes)

    def kinds(self, side: Literal["before", "after"]) -> dict[str, Kind]:
        """Kind of each layer of one document, by its own ids; without those that are the same."""
        found = {getattr(n, side): n.kind for n in self.nodes if n.kind != "same"}
        return {k: kind for k, kind in found.items() if k is not None}

    def count(self, kind: Kind) -> int:
        """How many layers are of a kind."""
        return sum(n.kind == kind for n in self.nodes)


def compare(before: DocState, after: DocState) -> Comparison:
    """What has to be done to ``before`` to get ``after``; in the order of ``after``, what was removed at the end."""
    pairs = match(before.graph, after.graph)
    nodes = [_node(before.graph.nodes.get(pairs.get(k, "")), n, pairs) for k, n in after.graph.nodes.items()]
    kept = set(pairs.values())
    nodes += [NodeDifference("removed", k, None, n.name) for k, n in before.graph.nodes.items() if k not in kept]
    setup = {part: _fields(getattr(before, part), getattr(after, part)) for part in SETUP}
    return Comparison(pairs, tuple(nodes), tuple(_wires(before.graph, after.graph, pairs)), setup)


def match(before: Graph, after: Graph) -> dict[str, str]:
    """Ids of ``after`` to ids of ``before``, one to one."""
    pairs: dict[str, str] = {}
    old, new = [before.nodes[k] for k in before.order], [after.nodes[k] for k in after.order]
    keys: tuple[Callable[[Node], Hashable], ...] = (
        lambda n: (n.id, n.type),
        lambda n: (n.name, n.type),
        lambda n: n.name,
        lambda n: n.type,
        lambda n: n.id,
    )
    for key in keys:
        _pair(pairs, old, new, key)
    return pairs


def _pair(pairs: dict[str, str], old: Iterable[Node], new: Iterable[Node], key: Callable[[Node], Hashable]) -> None:
    """Pairs those that are left and of the same key, the first with the first."""
    taken = set(pairs.values())
    waiting: dict[Hashable, list[str]] = {}
    for node in old:
        if node.id not in taken:
            waiting.setdefault(key(node), []).append(node.id)
    for node in new:
        if node.id not in pairs and waiting.get(key(node)):
            pairs[node.id] = waiting[key(node)].pop(0)


def _node(before: Node | None, after: Node, pairs: Mapping[str, str]) -> NodeDifference:
    if before is None:
        return NodeDifference("added", None, after.id, after.name)
    changes = []
    for name in ("type", "name", "frozen", "muted"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            changes.append(Change((name,), old, new))
    shared = pairs.get(after.shares, after.shares) if after.shares is not None else None
    if before.shares != shared:
        changes.append(Change(("shares",), before.shares, after.shares))
    changes += _params(before, after)
    return NodeDifference("changed" if changes else "same", before.id, after.id, after.name, tuple(changes))


def _params(before: Node, after: Node) -> list[Change]:
    old, new = _filled(before), _filled(after)
    found: list[Change] = []
    for name in dict.fromkeys((*new, *old)):
        # A setting that only one of two types has says nothing unless somebody chose it.
        if (name in old and name in new) or name in before.params or name in after.params:
            found += _values((name,), old.get(name), new.get(name))
    return found


def _filled(node: Node) -> dict[str, Value]:
    kind = layer_class(node.type)
    defaults = {k: p.default for k, p in kind.params.items()} if kind is not None else {}
    return {**defaults, **node.params}


def _values(path: tuple[str, ...], before: Value, after: Value) -> list[Change]:
    """One change; within two choices of the same kind one for each of their own values."""
    if before == after:
        return []
    if isinstance(before, Spec) and isinstance(after, Spec) and before.type == after.type:
        inner = dict.fromkeys((*after.params, *before.params))
        return [c for k in inner for c in _values((*path, k), before.params.get(k), after.params.get(k))]
    return [Change(path, before, after)]


def _fields(before: object, after: object) -> tuple[Change, ...]:
    names = [f.name for f in fields(after)]  # type: ignore[arg-type]
    return tuple(c for n in names for c in _values((n,), getattr(before, n), getattr(after, n)))


def _wires(before: Graph, after: Graph, pairs: Mapping[str, str]) -> Iterable[WireDifference]:
    back = {old: new for new, old in pairs.items()}
    there = {_with_ends(e, back) for e in before.edges if e.source in back and e.target in back}
    here = {e for e in after.edges if e.source in pairs and e.target in pairs}
    for edge in after.edges:
        if edge in here and edge not in there:
            yield WireDifference("added", edge)
    for edge in before.edges:
        if edge.source in back and edge.target in back and _with_ends(edge, back) not in here:
            yield WireDifference("removed", edge)


def _with_ends(edge: Edge, ids: Mapping[str, str]) -> Edge:
    return Edge(ids[edge.source], ids[edge.target], edge.port, edge.source_port)
