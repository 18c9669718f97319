"""Ready blocks, by id: ``BLOCKS["residual"].make(shape)`` is a fragment with a group around it that one can open.

``shape``: what will enter, per sample, or None; the block takes its width from it, so that it fits where it is put.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from designer.document.geometry import CARD_HEIGHT, CARD_WIDTH, GAP, Point
from designer.document.layered import layered
from designer.document.layout import Group, Slot
from designer.document.templates.sketch import Sketch
from designer.document.verbs.fragment import Fragment
from engine.graph import Edge
from engine.primitives import Shape

#: inner ends of one port: (node, port)
Ends = tuple[tuple[str, str], ...]
#: widths where nothing says another
_CHANNELS, _UNITS, _FEATURES = 16, 32, 32


@dataclass(frozen=True)
class Block:
    """``title`` and ``line`` in English, for translation when shown; ``group``: the layer group whose colour it has."""

    id: str
    title: str
    line: str
    group: str
    make: Callable[[Shape | None], Fragment]


def residual(shape: Shape | None) -> Fragment:
    """y = relu(x + F(x)), F two convolutions with batch norm (dense layers for a vector). He et al. 2016."""
    s = Sketch()
    if shape is not None and len(shape) == 1:
        first = s.chain(f"dense {shape[0]} relu he", "widen")
        s.chain(f"dense {shape[0]} he", "back")
    else:
        wide = shape[0] if shape else _CHANNELS
        first = s.chain(f"conv {wide} 3 same relu bn he", "conv a")
        s.chain(f"conv {wide} 3 same bn he", "conv b")
    join = s.merge("add", (s.last,), "add")
    return _block(s, "Residual block", ((first, "in"), (join, "in")), s.chain("relu", "relu"))


def bottleneck(shape: Shape | None) -> Fragment:
    """As residual, but F narrows to a quarter by 1x1, looks by 3x3, and widens again. He et al. 2016."""
    s, wide = Sketch(), shape[0] if shape else 4 * _CHANNELS
    narrow = max(wide // 4, 1)
    first = s.chain(f"conv {narrow} 1 same relu bn he", "narrow")
    s.chain(f"conv {narrow} 3 same relu bn he > conv {wide} 1 same bn he", "look, widen")
    join = s.merge("add", (s.last,), "add")
    return _block(s, "Bottleneck block", ((first, "in"), (join, "in")), s.chain("relu", "relu"))


def inception(shape: Shape | None) -> Fragment:
    """1x1, 3x3, 5x5 and a pool side by side, their maps concatenated. Szegedy et al. 2015."""
    s, part = Sketch(), max((shape[0] if shape else 2 * _CHANNELS) // 4, 2)
    starts, ends = [], []
    for text, names in (
        (f"conv {part} 1 relu he", "look 1x1"),
        (f"conv {part} 1 relu he > conv {2 * part} 3 same relu he", "reduce 3x3, look 3x3"),
        (f"conv {max(part // 2, 1)} 1 relu he > conv {part} 5 same relu he", "reduce 5x5, look 5x5"),
        (f"pool 3 1 same > conv {part} 1 relu he", "look around, project"),
    ):
        before = set(s.graph.nodes)
        s.last = ""
        ends.append(s.chain(text, names))
        starts.append(next(n for n in s.graph.nodes if n not in before))
    out = s.merge("concat", tuple(ends), "all looks")
    return _block(s, "Inception block", tuple((n, "in") for n in starts), out)


def encoder(shape: Shape | None) -> Fragment:
    """x + attention(norm x), then x + mlp(norm x). Vaswani et al. 2017, norm first: Xiong et al. 2020."""
    s, wide = Sketch(), shape[1] if shape is not None and len(shape) == 2 else _FEATURES
    first = s.chain("layernorm", "norm 1")
    s.chain(f"attention {_heads(wide)}", "attention")
    seen = s.merge("add", (s.last,), "add 1")
    out = _mlp(s, seen, wide, "norm 2")
    return _block(s, "Transformer encoder block", ((first, "in"), (seen, "in")), out)


def decoder(shape: Shape | None) -> Fragment:
    """x + causal attention(norm x), x + attention of norm x to the memory, x + mlp(norm x). Vaswani et al. 2017."""
    s, wide = Sketch(), shape[1] if shape is not None and len(shape) == 2 else _FEATURES
    first = s.chain("layernorm", "norm 1")
    s.chain(f"attention {_heads(wide)} causal=true", "attention")
    seen = s.merge("add", (s.last,), "add 1")
    s.chain("layernorm", "norm 2")
    cross = s.chain(f"cross_attention heads={_heads(wide)}", "look at memory")
    told = s.merge("add", (seen, cross), "add 2")
    out = _mlp(s, told, wide, "norm 3")
    memory = ((cross, "key"), (cross, "value"))
    return _block(s, "Transformer decoder block", ((first, "in"), (seen, "in")), out, memory)


def _mlp(s: Sketch, seen: str, wide: int, norm: str) -> str:
    s.last = seen
    s.chain(f"layernorm > dense {4 * wide} gelu > dense {wide}", f"{norm}, widen, narrow")
    return s.merge("add", (seen, s.last), "add 3" if norm == "norm 3" else "add 2")


def _heads(wide: int) -> int:
    return next(h for h in (4, 2, 1) if wide % h == 0)


def _block(s: Sketch, title: str, into: Ends, out: str, *more: Ends) -> Fragment:
    """Laid out in one row, with its ports declared; ``more``: further input ports."""
    ids = tuple(s.graph.nodes)
    drawn = layered(s.graph, ids, {n: (CARD_WIDTH, CARD_HEIGHT) for n in ids}, 1e6, GAP)
    ports = tuple(tuple(Slot(*end) for end in ends) for ends in (into, *more))
    group = Group(title, ids, at=Point(0, 0), inputs=ports, outputs=(Slot(out, "out"),))
    edges: tuple[Edge, ...] = s.graph.edges
    return Fragment(tuple(s.graph.nodes.values()), drawn, edges, (), (group,))


BLOCKS: dict[str, Block] = {
    b.id: b
    for b in (
        Block("residual", "Residual block", "A path around two layers, added behind them.", "merge", residual),
        Block("bottleneck", "Bottleneck block", "Narrow, look, widen, and a path around.", "merge", bottleneck),
        Block("inception", "Inception block", "1 x 1, 3 x 3, 5 x 5 and a pool side by side.", "convolution", inception),
        Block("encoder", "Transformer encoder block", "Attention and an MLP, each with a path around.", "attention",
              encoder),
        Block("decoder", "Transformer decoder block", "Causal attention, a look at a memory, and an MLP.", "attention",
              decoder),
    )
}  # fmt: skip
