"""MaskedAttention: CrossAttention that does not look at places which a mask hides."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.layers.base import LAYERS, Port, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.rules import text
from engine.layers.types.cross_attention import CrossAttention
from engine.primitives import Shape
from engine.primitives.attention import NEVER
from engine.primitives.hide_places import HidePlaces

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class MaskedAttention(CrossAttention, id="masked_attention", title="MaskedAttention"):
    """y = W_o [head_1, ..., head_H] as CrossAttention, each softmax over the places u with m_u not 0 alone.

    Mask m (N, U) of whole numbers at "mask", 0 hides a place (padding); the others as there.
    Where all places are hidden, all are seen alike. Wire one sequence to "in", "key" and "value" for self-attention.
    Vaswani et al. 2017.
    """

    inputs: ClassVar[tuple[Port, ...]] = (*CrossAttention.inputs, Port("mask", dtype="int"))
    keywords: ClassVar[tuple[str, ...]] = (*CrossAttention.keywords, "padding", "mask", "length")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((5, 6), (4, 3), (4, 2), (4,)), {"heads": 2}),
        Sample(((4, 6), (4, 6), (4, 6), (4,)), {"heads": 3, "causal": True}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """That of the queries."""
        shape = super().shape(*inputs)
        if inputs[3] != inputs[1][:1]:
            raise ShapeRefusal(
                "a number of the mask for every key",
                "the mask is {got}, but there are {keys} keys",
                {"got": text(inputs[3]), "keys": inputs[1][0]},
                expected=text(inputs[1][:1]),
                got=text(inputs[3]),
                port="mask",
            )
        return shape

    def masked(self, b: Builder, scores: Ref, *rest: Ref) -> Ref:
        """Hidden places get a score that no softmax lets through."""
        return b.op(HidePlaces(), scores, rest[0])

    def torch_mix(self, t: TorchText, q: str, k: str, v: str, inputs: tuple[str, ...]) -> str:
        """Written out: where a whole row is hidden, PyTorch's own attention answers otherwise in each version."""
        (places, width), others = t.shape(inputs[0]), t.shape(inputs[1])[0]
        hidden = t.line(f"({inputs[3]} == 0)[:, None, None, :]")
        if self.causal:
            later = f"torch.ones({places}, {others}, dtype=torch.bool, device={hidden}.device).triu(1)"
            hidden = t.line(f"{hidden} | {later}")
        scale = (width // self.heads) ** -0.5
        scores = t.line(f"({q} @ {k}.transpose(2, 3) * {scale!r}).masked_fill({hidden}, {NEVER!r})")
        return f"{scores}.softmax(-1) @ {v}"

    def onnx_mask(self, e: OnnxGraph, scores: str, inputs: tuple[str, ...]) -> str:
        """Where."""
        seen = e.node("Cast", inputs[3], to=9)  # BOOL
        seen = e.node("Unsqueeze", seen, e.constant(np.array([1, 2], dtype=np.int64)))
        return e.node("Where", seen, scores, e.constant(np.array(NEVER)))

    def keras_mask(self, k: KerasText, scores: str, inputs: tuple[str, ...]) -> str:
        """ops.where."""
        return k.line(f"ops.where(ops.not_equal({inputs[3]}, 0)[:, None, None, :], {scores}, {NEVER!r})")
