"""PositionalEncoding: tells an attention layer which place is which."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Choice, Spec
from engine.layers.base import LAYERS, Sample, Trained
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_sequence
from engine.primitives import Context, Shape
from engine.primitives.add_sinusoid import AddSinusoid
from engine.primitives.add_weight import AddWeight

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class PositionalEncoding(Trained, id="positional_encoding", title="PositionalEncoding"):
    """y_t = x_t + p_t, p_(t,2i) = sin(t / 10000^(2i/D)), p_(t,2i+1) = cos of the same; or p learned. x, y (N, T, D).

    Vaswani et al. 2017; learned: Gehring et al. 2017.
    """

    kind: str = Choice("sinusoidal", "sinusoidal", "learned", help="Fixed waves, or a learned vector for each place.")

    group = "attention"
    keywords: ClassVar[tuple[str, ...]] = ("position", "transformer", "order", "sinusoid")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((4, 6),)),
        Sample(((5, 3),)),
        Sample(((4, 3),), {"kind": "learned"}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        need_sequence(self.title, inputs[0])
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        x = inputs[0]
        if self.kind == "sinusoidal":
            return b.op(AddSinusoid(), x)
        weight = b.weight("weight", x.shape, Spec("normal", {"std": 0.02}), fans=(x.shape[0], x.shape[1]))
        return b.op(AddWeight(), x, weight)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """The waves written out, or nn.Embedding read as a whole."""
        x, (places, width) = inputs[0], t.shape(inputs[0])
        if self.kind == "learned":
            return t.line(f"{x} + {t.module(f'nn.Embedding({places}, {width})', {'weight': 'weight'})}.weight")
        place, wave = (f"torch.arange({k}, dtype={x}.dtype, device={x}.device)" for k in (places, f"0, {width}, 2"))
        angle = t.line(f"{place}[:, None] / 10000 ** ({wave} / {width})")
        waves = t.line(f"torch.stack((torch.sin({angle}), torch.cos({angle})), -1).flatten(1)[:, :{width}]")
        return t.line(f"{x} + {waves}")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Add."""
        shape = e.shape(inputs[0])
        if self.kind == "learned":
            return e.node("Add", inputs[0], e.weight("weight"))
        waves, _ = AddSinusoid().forward(Context(np), np.zeros((1, *shape)))
        return e.node("Add", inputs[0], e.constant(waves[0]))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """The waves written out, or layers.Embedding of the place numbers."""
        x, (places, width) = inputs[0], k.shape(inputs[0])
        if self.kind == "learned":
            numbers = k.line(f"ops.cumsum(ops.ones_like({x}[:, :, 0]), axis=1) - 1")
            table = k.layer(f"layers.Embedding({places}, {width})", numbers, weights=(("weight", None),))
            return k.line(f"{x} + {table}")
        place, wave = f'ops.arange({places}, dtype="float32")', f'ops.arange(0, {width}, 2, dtype="float32")'
        angle = f"{place}[:, None] / 10000 ** ({wave} / {width})"
        waves = f"ops.reshape(ops.stack((ops.sin({angle}), ops.cos({angle})), -1), ({places}, -1))[:, :{width}]"
        return k.line(f"{x} + {waves}")

    def summary(self) -> str:
        """``sinusoidal``."""
        return self.kind
