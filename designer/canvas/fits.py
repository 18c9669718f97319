"""Which layers fit where a wire was dropped, best first; and a fuzzy match of what a person types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from designer.canvas.blocks import PREFIX, entries
from designer.canvas.ports import PortRef
from designer.document import DocState
from engine.analysis import Analysis, infer
from engine.declare import ParamError
from engine.graph import Edge
from engine.layers import LAYERS, Layer, ShapeRefusal
from widgets import tokens
from widgets.i18n import tr_declared

#: what usually follows an image and what a vector, by layer group; others come after in palette order
_AFTER_IMAGE = ("convolution", "pooling", "activation", "normalization", "shape", "regularization", "merge")
_AFTER_VECTOR = ("dense", "activation", "output", "regularization", "normalization", "merge", "shape")

#: of layers that match a search equally well, these come first
_COMMON = ("dense", "conv2d", "max_pool2d", "flatten", "relu", "dropout", "batch_norm", "input", "output", "add")


@dataclass(frozen=True)
class Offer:
    """A layer type on offer. ``fits``: its shape rule takes what the wire carries."""

    type: str
    title: str
    group: str
    keywords: tuple[str, ...]
    fits: bool = True


def offers(analysis: Analysis, origin: PortRef | None = None, blocks: bool = True) -> list[Offer]:
    """All layer types and blocks, or those that can be wired to ``origin``, in the order of what usually follows."""
    found = []
    for cls in LAYERS.classes():
        if origin is not None and not (cls.outputs if origin.is_input else cls.inputs):
            continue
        fits = origin is None or origin.is_input or _takes(cls, analysis, origin.node)
        found.append(Offer(cls.id, tr_declared(cls.title), cls.group, cls.keywords, fits))
    carried = analysis.output(origin.node) if origin is not None and not origin.is_input else None
    if blocks:
        rank = len(carried.shape) if carried is not None else 0
        found += [Offer(b.id, b.title, b.group, ("block",), _suits(b.id, rank)) for b in entries()]
    usual: Sequence[str] = () if carried is None else _AFTER_IMAGE if len(carried.shape) == 3 else _AFTER_VECTOR
    ranks = {g: k for k, g in enumerate((*usual, *(g for g in tokens.GROUPS if g not in usual)))}
    common = {t: k for k, t in enumerate(_COMMON)}
    found.sort(key=lambda o: (not o.fits, ranks.get(o.group, 99), common.get(o.type, 99)))
    return [o for o in found if o.fits] if origin is not None and not origin.is_input else found


def _suits(block: str, rank: int) -> bool:
    """A ready block is for images or for sequences; one of the user's is for what they made it for."""
    wanted = {"residual": (1, 3), "bottleneck": (3,), "inception": (3,), "encoder": (2,), "decoder": (2,)}
    return rank == 0 or rank in wanted.get(block.removeprefix(PREFIX), (rank,))


def _takes(cls: type[Layer], analysis: Analysis, source: str) -> bool:
    carried = analysis.output(source)
    if carried is None:
        return True
    port = cls.inputs[0]
    if port.dtype != carried.dtype and cls.id != "output":
        return False
    try:
        cls().shape(*(carried.shape for _ in range(2 if port.many else len(cls.inputs))))
    except (ShapeRefusal, ParamError):
        return False
    return True


def score(query: str, offer: Offer) -> int | None:
    """How well the letters match title or keywords: smaller is better, None = not at all.

    A prefix beats the start of a word, which beats letters in order anywhere.
    """
    query = query.casefold().replace(" ", "")
    if not query:
        return 0
    best: int | None = None
    for penalty, text in ((0, offer.title), (5, offer.type), *((10, k) for k in offer.keywords)):
        own = _score(query, text.casefold())
        if own is not None and (best is None or own + penalty < best):
            best = own + penalty
    return best


def _score(query: str, text: str) -> int | None:
    plain = text.replace(" ", "").replace("_", "")
    if plain.startswith(query):
        return 0
    if any(word.startswith(query) for word in text.replace("_", " ").split()):
        return 20
    if query in plain:
        return 30
    at, gaps = -1, 0
    for letter in query:
        found = plain.find(letter, at + 1)
        if found < 0:
            return None
        gaps += found - at - 1
        at = found
    return 40 + gaps


def new_problem(state: DocState, wires: Iterable[Edge], analysis: Analysis) -> str:
    """What the analysis newly says against these wires of a document that has them, or ""."""
    after = infer(state.graph, analysis)
    for wire in wires:
        known = analysis.by_node.get(wire.target, ())
        for problem in after.by_node.get(wire.target, ()):
            if problem.severity == "error" and problem not in known and problem.port in ("", wire.port):
                return tr_declared(problem.template, **problem.values)
    return ""
