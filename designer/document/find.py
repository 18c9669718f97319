"""Find layers by name, type or output shape.

``conv`` matches names and types, ``relu dense`` both words; ``*x32x32`` the shapes of three axes that end so, ``64``
a name with 64 in it or a vector of 64. Best first: the name begins so, a word of it does, it occurs, then type and
shape; in the order of the network where equal.
"""

from __future__ import annotations

import re

from designer.document.ports import title_of
from engine.analysis import Analysis
from engine.graph import Node
from engine.primitives import Shape

_AXES = re.compile(r"(?:n\s*[x×]\s*)?([*?]|\d+)(\s*[x×]\s*([*?]|\d+))*")


def find_layers(analysis: Analysis, query: str) -> list[str]:
    """Ids of the layers that match, best first; all of them for an empty query."""
    graph = analysis.graph
    ranked = []
    for k, node_id in enumerate(graph.order):
        known = analysis.output(node_id)
        rank = match(graph.nodes[node_id], known.shape if known is not None else None, query)
        if rank is not None:
            ranked.append((rank, k, node_id))
    return [node_id for _, _, node_id in sorted(ranked)]


def match(node: Node, shape: Shape | None, query: str) -> int | None:
    """How well one layer matches, 0 is best; None if it does not."""
    text = " ".join(query.casefold().split())
    if not text:
        return 0
    if shape is not None and shape_matches(shape, text):
        return 3
    name, types = node.name.casefold(), f"{node.type} {title_of(node.type)}".casefold()
    if name.startswith(text):
        return 0
    if any(word.startswith(text) for word in re.split(r"[\s_]+", name)):
        return 1
    words = text.split()
    if all(word in name for word in words):
        return 2
    return 4 if all(word in name or word in types for word in words) else None


def shape_matches(shape: Shape, pattern: str) -> bool:
    """``*x32x32``: as many axes, each equal where the pattern has a number. ``n x`` before it is the batch."""
    pattern = pattern.strip().casefold()
    if not _AXES.fullmatch(pattern):
        return False
    axes = [a.strip() for a in re.split("[x×]", pattern)]
    axes = axes[1:] if axes[0] == "n" else axes
    return len(axes) == len(shape) and all(a in ("*", "?") or int(a) == n for a, n in zip(axes, shape, strict=True))
