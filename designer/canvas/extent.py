"""Where cards reach to, and how far one must move when it is collapsed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QRectF

from designer.canvas.card import make_card
from designer.canvas.node_item import NodeItem
from designer.document import DocState
from engine.analysis import Analysis, TensorType
from engine.graph import Graph

if TYPE_CHECKING:
    from designer.canvas.scene import CanvasScene

T, K = TypeVar("T"), TypeVar("K")
#: cards or wires that are moved at a time: less than a millisecond
PIECE = 16


def batched(things: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """So many at a time."""
    left = iter(things)
    while piece := tuple(islice(left, size)):
        yield piece


def around(items: Iterable[NodeItem]) -> QRectF:
    """The rectangle around cards, by plain numbers: asked at every move."""
    boxes = [(p.x(), p.y(), i.card.width, i.card.height) for i, p in ((i, i.pos()) for i in items)]
    if not boxes:
        return QRectF()
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    return QRectF(left, top, max(b[0] + b[2] for b in boxes) - left, max(b[1] + b[3] for b in boxes) - top)


def shift_of(scene: CanvasScene, node_id: str, collapsed: bool) -> tuple[float, float]:
    """By how much a card must move, so that its first port stays where it is when it is collapsed or opened."""
    now, known = scene.nodes[node_id].card, scene.analysis.nodes.get(node_id)
    flags = (node_id in scene.pictured, collapsed, scene.state.down)
    problems = scene.analysis.by_node.get(node_id, ())
    then = make_card(scene.state.graph.nodes[node_id], known, problems, scene.look, *flags)
    before, after = ((c.inputs or c.outputs)[0] for c in (now, then))
    return (before[1] - after[1], 0.0) if now.down else (0.0, before[2] - after[2])


def says_other(old: Analysis, new: Analysis, node_id: str) -> bool:
    """True where a card of the same node would read otherwise: another count of parameters, other problems."""
    before, now = old.nodes.get(node_id), new.nodes.get(node_id)
    if before is not now and (before.parameters if before else 0) != (now.parameters if now else 0):
        return True
    return old.by_node.get(node_id) != new.by_node.get(node_id)


def says_other_wires(old: Graph, new: Graph, known: Analysis, now: Analysis) -> set[str]:
    """Nodes whose wires may read otherwise: another shape, other problems, muted, or new, or with new wires."""
    before, after = old.nodes, new.nodes
    shapes, later = known.nodes, now.nodes
    changed = {n for n, node in after.items() if before.get(n) is not node or shapes.get(n) is not later.get(n)}
    if known.by_node is not now.by_node:
        changed |= changed_keys(known.by_node, now.by_node)
    if old.edges is not new.edges:
        changed |= {e.target for e in set(new.edges).difference(old.edges)}
    return changed


def changed_keys(old: Mapping[K, object], new: Mapping[K, object]) -> set[K]:
    """Keys of entries that came, went, or are others."""
    if old is new:
        return set()
    return {k for k in old.keys() | new.keys() if old.get(k) is not new.get(k) and old.get(k) != new.get(k)}


@lru_cache(maxsize=4096)
def labels_of(carried: TensorType) -> tuple[str, ...]:
    """The shape text of a wire, longest form first."""
    dims = [str(d) for d in carried.shape]
    return carried.text(), " x ".join(dims), "x".join(dims)


def moved_only(old: DocState, new: DocState) -> int:
    """How many cards stand elsewhere where nothing else has changed; 0 where the graph has."""
    if old.graph is not new.graph or old.positions is new.positions:
        return 0
    before = old.positions
    return sum(before.get(n) is not p and before.get(n) != p for n, p in new.positions.items())
