"""Structural refusals: each edit that would not leave a DAG has its own type, its reason and its remedy."""

from __future__ import annotations


class GraphRefusal(ValueError):
    """An edit that the graph refuses. Nothing has changed."""


class UnknownNodeRefusal(GraphRefusal):
    """A wire or an edit names a node that is not there."""

    def __init__(self, node: str) -> None:
        super().__init__(f"there is no node {node!r} in this graph; it may have been deleted")
        self.node = node


class DuplicateIdRefusal(GraphRefusal):
    """Two nodes would have the same id."""

    def __init__(self, node: str) -> None:
        super().__init__(f"the id {node!r} is taken; ask the graph for new_id()")
        self.node = node


class SelfLoopRefusal(GraphRefusal):
    """A wire from a node to itself."""

    def __init__(self, node: str) -> None:
        super().__init__(f"{node!r} cannot feed itself; put another layer between")
        self.node = node


class DuplicateEdgeRefusal(GraphRefusal):
    """The wire is there already."""

    def __init__(self, source: str, target: str) -> None:
        super().__init__(f"{source!r} is already wired to {target!r}")
        self.source, self.target = source, target


class UnknownEdgeRefusal(GraphRefusal):
    """The wire to remove is not there."""

    def __init__(self, source: str, target: str) -> None:
        super().__init__(f"there is no such wire from {source!r} to {target!r}")
        self.source, self.target = source, target


class CycleRefusal(GraphRefusal):
    """The wire would close a loop; ``path`` runs from its target back to its source."""

    def __init__(self, source: str, target: str, path: tuple[str, ...]) -> None:
        way = " -> ".join((*path, target))
        super().__init__(f"a wire from {source!r} to {target!r} would close a loop ({way}); remove a wire of it first")
        self.source, self.target, self.path = source, target, path


class ArityRefusal(GraphRefusal):
    """The port takes one wire and has one, or the layer has no such port."""

    def __init__(self, node: str, port: str, expected: str, got: str) -> None:
        super().__init__(f"port {port!r} of {node!r}: expected {expected}, got {got}")
        self.node, self.port, self.expected, self.got = node, port, expected, got


class TypeRefusal(GraphRefusal):
    """The wire carries values of a kind that the port does not take (token ids into a convolution)."""

    def __init__(self, source: str, target: str, expected: str, got: str) -> None:
        super().__init__(f"{target!r} takes {expected}, but {source!r} gives {got}")
        self.source, self.target, self.expected, self.got = source, target, expected, got


class SelfShareRefusal(GraphRefusal):
    """A node would share its weights with itself."""

    def __init__(self, node: str) -> None:
        super().__init__(f"{node!r} has these weights already; choose another layer to share with")
        self.node = node


class ShareTypeRefusal(GraphRefusal):
    """Two layers of different types cannot have the same weights."""

    def __init__(self, node: str, owner: str, kind: str, other: str) -> None:
        super().__init__(f"{node!r} is {kind!r} and {owner!r} is {other!r}; only layers of one type can share weights")
        self.node, self.owner, self.kind, self.other = node, owner, kind, other
