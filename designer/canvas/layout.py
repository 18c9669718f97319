"""What auto layout needs to know of the screen: how wide a row may be and how much room wire labels want."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from designer.canvas.scene import CanvasScene
from designer.document import DocState
from designer.document.geometry import CARD_WIDTH, GAP, Size, snap_up
from designer.document.layered import ROW_SPACE

#: a row holds at least this many cards before it wraps
LEAST_CARDS = 4
#: where labels want more room than this, they are shown on hover only
_WIDEST_GAP = 96


def column_gap(scene: CanvasScene) -> int:
    """The usual gap, or wider so that the short form of most shape texts fits on its wire."""
    measure = scene.look.line_metrics.horizontalAdvance
    widths = sorted(measure(w.labels[-1]) for w in scene.wires.values() if w.labels)
    wanted = widths[int(0.9 * (len(widths) - 1))] + 16 if widths else 0
    return min(max(GAP, snap_up(wanted)), _WIDEST_GAP)


def row_width(
    state: DocState, ids: Iterable[str] | None, sizes: Mapping[str, Size], gap: float, width: float, height: float
) -> float:
    """Where chains wrap, so that the whole has about the view's proportions: sqrt(length * row height * aspect)."""
    chosen = set(state.graph.nodes if ids is None else ids)
    depth: dict[str, int] = {}
    for n in state.graph.order:
        if n in chosen:
            depth[n] = 1 + max((depth.get(e.source, 0) for e in state.graph.incoming.get(n, ())), default=0)
    columns = max(depth.values(), default=1)
    mean = sum(sizes[n][0] for n in chosen) / max(len(chosen), 1)
    tall = max((sizes[n][1] for n in chosen), default=128) + ROW_SPACE
    in_one_row = columns * (mean + gap)
    aspect = max(width, 1) / max(height, 1)
    return max(math.sqrt(in_one_row * tall * aspect), LEAST_CARDS * (max(mean, CARD_WIDTH) + gap), width - 72)
