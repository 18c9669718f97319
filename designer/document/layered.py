"""Layered layout: columns by longest path, few crossings, straight main chains, long chains wrapped in rows.

After Sugiyama, Tagawa, Toda (1981): layers, dummy nodes on long wires, ordering by medians, then coordinates by least
squares under the separation of neighbours (pool adjacent violators, Ayer et al. 1955).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from designer.document.geometry import CARD_HEIGHT, CARD_WIDTH, GAP, Point, Size, Sizes, snap, snap_up
from engine.graph import Edge, Graph

#: space between two cards of a column, and between two rows of a wrapped chain
COLUMN_SPACE, ROW_SPACE = 40, 80
_SWEEPS = 8


@dataclass
class _Net:
    """The part to lay out, with dummies: vertices, their columns, and adjacency."""

    graph: Graph
    sizes: Sizes
    column: dict[str, int] = field(default_factory=dict)
    before: dict[str, list[str]] = field(default_factory=dict)
    after: dict[str, list[str]] = field(default_factory=dict)
    dummies: dict[str, Edge] = field(default_factory=dict)

    def size(self, vertex: str) -> Size:
        return (0, 16) if vertex in self.dummies else self.sizes.get(vertex, (CARD_WIDTH, CARD_HEIGHT))


def layered(
    graph: Graph, chosen: Sequence[str], sizes: Sizes, row_width: float = 1200, gap: float = GAP
) -> dict[str, Point]:
    """Places of the chosen nodes, top left at the origin, on the grid. Components stand below each other."""
    return layered_with_routes(graph, chosen, sizes, row_width, gap)[0]


def layered_with_routes(
    graph: Graph, chosen: Sequence[str], sizes: Sizes, row_width: float = 1200, gap: float = GAP
) -> tuple[dict[str, Point], dict[Edge, tuple[Point, ...]]]:
    """As ``layered``; also the points through which wires that skip columns are led, around the cards between."""
    places: dict[str, Point] = {}
    routes: dict[Edge, tuple[Point, ...]] = {}
    top = 0
    for part in _components(graph, chosen):
        net = _columns(graph, part, sizes)
        rows = _order(net)
        y = _heights(net, rows)
        own, led = _wrap(net, rows, y, row_width, gap)
        places.update({n: Point(p.x, p.y + top) for n, p in own.items()})
        routes.update({e: tuple(Point(p.x, p.y + top) for p in points) for e, points in led.items()})
        top = snap_up(max(p.y + top + net.size(n)[1] for n, p in own.items()) + ROW_SPACE)
    return places, routes


def _components(graph: Graph, chosen: Sequence[str]) -> list[list[str]]:
    inside, seen, parts = set(chosen), set[str](), []
    for start in chosen:
        if start in seen:
            continue
        part, stack = {start}, [start]
        while stack:
            at = stack.pop()
            near = [e.target for e in graph.outgoing.get(at, ())] + [e.source for e in graph.incoming.get(at, ())]
            fresh = [n for n in near if n in inside and n not in part]
            part.update(fresh)
            stack.extend(fresh)
        seen |= part
        parts.append(part)
    return [[n for n in graph.order if n in part] for part in parts]


def _columns(graph: Graph, part: Sequence[str], sizes: Sizes) -> _Net:
    """Longest path from the sources; a source stands just before what it feeds. Long wires get dummies."""
    net, inside = _Net(graph, sizes), set(part)
    for n in part:
        net.column[n] = max(
            (net.column[e.source] + 1 for e in graph.incoming.get(n, ()) if e.source in inside), default=0
        )
    for n in part:
        fed = [net.column[e.target] for e in graph.outgoing.get(n, ()) if e.target in inside]
        if fed and not any(e.source in inside for e in graph.incoming.get(n, ())):
            net.column[n] = min(fed) - 1
    for n in part:
        for e in graph.outgoing.get(n, ()):
            if e.target in inside:
                _link(net, e)
    return net


def _link(net: _Net, edge: Edge) -> None:
    last = edge.source
    for k in range(net.column[edge.source] + 1, net.column[edge.target]):
        dummy = f"\0{len(net.dummies)}"
        net.dummies[dummy], net.column[dummy] = edge, k
        net.after.setdefault(last, []).append(dummy)
        net.before.setdefault(dummy, []).append(last)
        last = dummy
    net.after.setdefault(last, []).append(edge.target)
    net.before.setdefault(edge.target, []).append(last)


def _order(net: _Net) -> list[list[str]]:
    """Vertices per column, top to bottom: mean-of-neighbours sweeps in both directions, the best seen is kept."""
    rows: list[list[str]] = [[] for _ in range(max(net.column.values()) + 1)]
    for v, c in net.column.items():
        rows[c].append(v)
    best, fewest = [list(r) for r in rows], _crossings(net, rows)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        forward = sweep % 2 == 0
        near = net.before if forward else net.after
        for c in range(1, len(rows)) if forward else range(len(rows) - 2, -1, -1):
            fixed = {v: k for k, v in enumerate(rows[c - 1 if forward else c + 1])}
            own = {v: float(k) for k, v in enumerate(rows[c])}
            for v in rows[c]:
                at = [fixed[u] for u in near.get(v, ())]
                own[v] = sum(at) / len(at) if at else own[v]
            rows[c].sort(key=own.__getitem__)
        count = _crossings(net, rows)
        if count < fewest:
            best, fewest = [list(r) for r in rows], count
    return best


def _crossings(net: _Net, rows: list[list[str]]) -> int:
    total = 0
    for left, right in pairwise(rows):
        place = {v: k for k, v in enumerate(right)}
        seen: list[int] = []
        for v in left:
            ends = sorted(place[u] for u in net.after.get(v, ()))
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _heights(net: _Net, rows: list[list[str]]) -> dict[str, float]:
    """y of each vertex: near its neighbours' in the weighted mean, in order, separated.

    A wire between two cards counts most and a first wire more than a later one, so that the main chain stays straight
    and what skips it bends.
    """
    y = {v: 0.0 for v in net.column}
    for row in rows:
        top = 0.0
        for v in row:
            y[v] = top
            top += net.size(v)[1] + COLUMN_SPACE
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for row in rows if forward else reversed(rows):
            wanted, weights = [], []
            for v in row:
                links = [(u, _weight(net, u, v)) for u in net.before.get(v, ())]
                links += [(u, _weight(net, v, u)) for u in net.after.get(v, ())]
                total = sum(w for _, w in links)
                wanted.append(sum(w * y[u] for u, w in links) / total if total else y[v])
                weights.append(total or 0.01)
            for v, at in zip(
                row, _separate(wanted, weights, [net.size(v)[1] + COLUMN_SPACE for v in row]), strict=True
            ):
                y[v] = at
    _straighten(net, rows, y)
    # Halves of a pixel: what should stand in line differs by rounding only, and must not snap to two grid lines.
    return {v: round(2 * at) / 2 for v, at in y.items()}


def _straighten(net: _Net, rows: list[list[str]], y: dict[str, float]) -> None:
    """A chain without branches in one line, as far as the cards above and below leave room."""
    for row in rows:
        for k, v in enumerate(row):
            before = net.before.get(v, [])
            if len(before) != 1 or len(net.after[before[0]]) != 1:
                continue
            wanted = y[before[0]]
            above = row[k - 1] if k else None
            low = y[above] + net.size(above)[1] + COLUMN_SPACE if above is not None else wanted
            high = y[row[k + 1]] - net.size(v)[1] - COLUMN_SPACE if k + 1 < len(row) else wanted
            if low <= wanted <= high:
                y[v] = wanted


def _weight(net: _Net, left: str, right: str) -> float:
    if left in net.dummies and right in net.dummies:
        return 4.0
    if left in net.dummies or right in net.dummies:
        near = net.before[right] if left in net.dummies else net.after[left]
        return 1e-4 if sum(v not in net.dummies for v in near) <= 1 else 1.0
    lone = len(net.after[left]) == 1 and len(net.before[right]) == 1
    return 4.0 if lone else 1.0


def _separate(wanted: list[float], weights: list[float], space: list[float]) -> list[float]:
    """argmin sum w (x - wanted)^2 subject to x[k + 1] - x[k] >= space[k]."""
    offset, offsets = 0.0, []
    for s in space:
        offsets.append(offset)
        offset += s
    blocks: list[tuple[float, float, int]] = []
    for want, weight, o in zip(wanted, weights, offsets, strict=True):
        mean, total, count = want - o, weight, 1
        while blocks and blocks[-1][0] >= mean:
            m, w, c = blocks.pop()
            mean, total, count = (mean * total + m * w) / (total + w), total + w, count + c
        blocks.append((mean, total, count))
    flat = [mean for mean, _, count in blocks for _ in range(count)]
    return [m + o for m, o in zip(flat, offsets, strict=True)]


def _wrap(
    net: _Net, rows: list[list[str]], y: Mapping[str, float], row_width: float, gap: float
) -> tuple[dict[str, Point], dict[Edge, tuple[Point, ...]]]:
    """Columns side by side; a new row begins where one card feeds all that follows and the row is long enough."""
    widths = [max((net.size(v)[0] for v in row), default=0) or GAP for row in rows]
    places: dict[str, Point] = {}
    routes: dict[Edge, list[Point]] = {}
    top = 0
    for first, last in _rows(net, widths, row_width, gap):
        span = [v for row in rows[first:last] for v in row]
        base = min(y[v] for v in span)
        x, bottom = 0, 0.0
        for row, width in zip(rows[first:last], widths[first:last], strict=True):
            for v in row:
                at = Point(x, snap(top + y[v] - base))
                if v in net.dummies:
                    line = at.y + 36
                    routes.setdefault(net.dummies[v], []).extend([Point(x, line), Point(x + snap(width), line)])
                else:
                    places[v] = at
                bottom = max(bottom, at.y + (36 if v in net.dummies else net.size(v)[1]))
            x += snap_up(width + gap)
        top = snap_up(bottom + ROW_SPACE)
    return places, {e: _straight(points) for e, points in routes.items()}


def _straight(points: list[Point]) -> tuple[Point, ...]:
    """Without points in the middle of a level stretch."""
    kept = points[:1]
    for k in range(1, len(points) - 1):
        if not points[k - 1].y == points[k].y == points[k + 1].y:
            kept.append(points[k])
    return (*kept, points[-1])


def _rows(net: _Net, widths: list[float], row_width: float, gap: float) -> list[tuple[int, int]]:
    total = sum(w + gap for w in widths) - gap
    if total <= row_width:
        return [(0, len(widths))]
    count = -int(-total // row_width)
    aim = total / count
    crossing: list[set[str]] = [set() for _ in range(len(widths) + 1)]
    for v in net.after:
        crossing[net.column[v] + 1].add(v)
    rows, first, width = [], 0, 0.0
    for k, w in enumerate(widths):
        if k > first and width + w > max(aim, 2 * CARD_WIDTH) + gap and _one_card(net, crossing[k]):
            rows.append((first, k))
            first, width = k, 0.0
        width += w + gap
    return [*rows, (first, len(widths))]


def _one_card(net: _Net, sources: set[str]) -> bool:
    return len(sources) == 1 and not sources & net.dummies.keys()
