"""Receptive field: which pixels of the input one cell of a layer's maps depends on.

Backwards, an interval [a, b] of output rows is [a s - p, b s - p + r - 1] of input rows, with stride s, p rows of
padding before and reach r = d (k - 1) + 1; branches are united, what mixes all places (dense, flatten, global pools)
sees the whole image. Luo, Li, Urtasun, Zemel 2016; Araujo, Norris, Sim 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.analysis import Analysis, make_layer
from engine.layers import Layer
from engine.layers.sliding import Sliding
from engine.primitives import Shape

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Field:
    """Pixels of an Input that the middle cell depends on, first to last row and column, and the image's size."""

    source: str
    rows: Span
    columns: Span
    image: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.rows[1] - self.rows[0] + 1, self.columns[1] - self.columns[0] + 1

    @property
    def whole(self) -> bool:
        """It depends on every pixel."""
        return self.size == self.image


def receptive_fields(analysis: Analysis, node: str) -> tuple[Field, ...]:
    """For each Input with images that the node depends on; nothing for an Input itself, or while shapes are unknown."""
    graph, place = analysis.graph, _shape(analysis, node)
    if place is None or node not in graph.nodes or not graph.incoming.get(node):
        return ()
    middle = (place[1] // 2, place[2] // 2) if len(place) == 3 else (0, 0)
    spans: dict[str, tuple[Span, Span]] = {node: ((middle[0], middle[0]), (middle[1], middle[1]))}
    for at in reversed(graph.order):
        if at not in spans:
            continue
        layer = make_layer(graph.nodes[at])
        for edge in graph.incoming.get(at, ()):
            shape = _shape(analysis, edge.source)
            if shape is None:
                return ()
            if isinstance(layer, Layer):
                seen = _back(layer, spans[at], shape, _shape(analysis, at), graph.nodes[at].muted)
                spans[edge.source] = _united(spans.get(edge.source), seen)
    found = []
    for source, (rows, columns) in spans.items():
        shape = _shape(analysis, source)
        if graph.nodes[source].type == "input" and source != node and shape is not None and len(shape) == 3:
            found.append(Field(source, rows, columns, (shape[1], shape[2])))
    return tuple(found)


def _shape(analysis: Analysis, node: str) -> Shape | None:
    known = analysis.output(node)
    return known.shape if known is not None else None


def _united(old: tuple[Span, Span] | None, new: tuple[Span, Span]) -> tuple[Span, Span]:
    if old is None:
        return new
    rows, columns = ((min(a[0], b[0]), max(a[1], b[1])) for a, b in zip(old, new, strict=True))
    return rows, columns


def _back(layer: Layer, spans: tuple[Span, Span], source: Shape, own: Shape | None, muted: bool) -> tuple[Span, Span]:
    """The spans of the layer's input that spans of its output depend on."""
    if len(source) != 3:
        return ((0, 0), (0, 0))
    whole = ((0, source[1] - 1), (0, source[2] - 1))
    sliding = getattr(layer, "sliding", None)
    if muted or (own is not None and own[1:] == source[1:] and len(own) == 3 and not isinstance(sliding, Sliding)):
        return spans if layer.group not in ("shape", "attention") else whole
    if own is None or len(own) != 3:
        return whole
    if isinstance(sliding, Sliding) and layer.id in ("conv2d", "depthwise_conv2d", "max_pool2d", "avg_pool2d"):
        pads = sliding.resolved(source)
        rows, columns = (
            _clipped(a * s - p, b * s - p + r - 1, n)
            for (a, b), s, p, r, n in zip(spans, sliding.stride, pads[:2], sliding.reach, source[1:], strict=True)
        )
        return rows, columns
    if layer.id == "upsample":
        rows, columns = (
            _clipped(a * n // o, b * n // o, n) for (a, b), n, o in zip(spans, source[1:], own[1:], strict=True)
        )
        return rows, columns
    return whole


def _clipped(first: int, last: int, length: int) -> Span:
    return max(0, min(first, length - 1)), max(0, min(last, length - 1))
