"""MultiHeadAttention: every place of a sequence looks at all places."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Bool, Float, Int, Spec
from engine.declare import Ref as RefParam
from engine.layers.base import LAYERS, Fix, Sample, ShapeRefusal, Trained
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_sequence
from engine.primitives import Shape
from engine.primitives.attention import NEVER, AttentionMix, AttentionScores
from engine.primitives.linear import Linear
from engine.primitives.softmax import Softmax

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText

PARTS = ("query", "key", "value", "out")


@LAYERS.add
class MultiHeadAttention(Trained, id="multi_head_attention", title="MultiHeadAttention"):
    """y = W_o [head_1, ..., head_H], head_h = softmax(q_h k_h^T / sqrt(D / H)) v_h with q, k, v = W_q x, W_k x, W_v x.

    x, y (N, T, D), each W (D, D); the attention maps (N, H, T, T) are the value marked "attention". Self-attention:
    Vaswani et al. 2017; ``causal`` hides later places, as in a language model.
    """

    heads: int = Int(4, low=1, high=1024, help="Parts of the features that attend by themselves.")
    causal: bool = Bool(False, help="A place does not see later ones.")
    use_bias: bool = Bool(True, label="bias", help="Adds trainable offsets to queries, keys, values and the output.")
    l2: float = Float(
        0.0, low=0.0, label="L2 rate", help="Adds rate / 2 * sum w^2 to the loss.", group="regularization"
    )
    weight_init: Spec = RefParam(
        "xavier_uniform", "initializers", label="initializer", help="Where the weights start.", group="initialization"
    )

    group = "attention"
    keywords: ClassVar[tuple[str, ...]] = ("transformer", "self-attention", "query", "key", "value", "mask")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((5, 6),), {"heads": 2}),
        Sample(((4, 6),), {"heads": 3, "causal": True}),
        Sample(((3, 4),), {"heads": 1, "use_bias": False}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        need_sequence(self.title, inputs[0])
        width = inputs[0][1]
        if width % self.heads:
            fits = max(k for k in range(1, min(self.heads, width) + 1) if width % k == 0)
            raise ShapeRefusal(
                "heads that divide the features",
                "{heads} heads do not divide {width} features",
                {"heads": self.heads, "width": width},
                expected=f"a divisor of {width}",
                got=str(self.heads),
                fixes=(Fix(f"{fits} heads", "set_param", {"name": "heads", "value": fits}),),
            )
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """Four linear maps, the scores, their softmax, the mix."""
        q, k, v = (self._map(b, part, inputs[0]) for part in PARTS[:3])
        scores = b.op(AttentionScores(self.heads, self.causal), q, k)
        maps = b.mark("attention", b.op(Softmax(), scores))
        return self._map(b, "out", b.op(AttentionMix(), maps, v))

    def _map(self, b: Builder, part: str, x: Ref) -> Ref:
        fans = (x.shape[1], x.shape[1])
        w = b.weight(f"{part}_weight", fans, self.weight_init, fans=fans, l2=self.l2, is_kernel=True)
        if not self.use_bias:
            return b.op(Linear(), x, w)
        return b.op(Linear(), x, w, b.weight(f"{part}_bias", fans[:1], Spec("zeros"), fans=fans))

    def torch(self, t: TorchText, *inputs: str) -> str:
        """Four nn.Linear around F.scaled_dot_product_attention."""
        width = t.shape(inputs[0])[1]

        def linear(part: str, x: str) -> str:
            names = {"weight": f"{part}_weight"} | ({"bias": f"{part}_bias"} if self.use_bias else {})
            return f"{t.module(f'nn.Linear({width}, {width}, bias={self.use_bias})', names)}({x})"

        x = inputs[0]
        q, k, v = (t.line(f"{linear(part, x)}.unflatten(-1, ({self.heads}, -1)).transpose(1, 2)") for part in PARTS[:3])
        causal = ", is_causal=True" if self.causal else ""
        y = t.line(f"F.scaled_dot_product_attention({q}, {k}, {v}{causal})")
        return t.line(linear("out", f"{y}.transpose(1, 2).flatten(2)"))

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """MatMul, Softmax and what brings the heads into place."""
        places, width = e.shape(inputs[0])
        x, part = inputs[0], width // self.heads
        split = e.constant(np.array([0, 0, self.heads, part], dtype=np.int64))
        join = e.constant(np.array([0, 0, width], dtype=np.int64))

        def linear(name: str, value: str) -> str:
            y = e.node("MatMul", value, e.weight(f"{name}_weight", (1, 0)))
            return e.node("Add", y, e.weight(f"{name}_bias")) if self.use_bias else y

        q, k, v = (e.node("Reshape", linear(name, x), split) for name in PARTS[:3])
        q = e.node("Mul", e.node("Transpose", q, perm=[0, 2, 1, 3]), e.constant(np.array(part**-0.5)))
        s = e.node("MatMul", q, e.node("Transpose", k, perm=[0, 2, 3, 1]))
        if self.causal:
            s = e.node("Add", s, e.constant(np.triu(np.full((places, places), NEVER), 1)))
        y = e.node("MatMul", e.node("Softmax", s, axis=-1), e.node("Transpose", v, perm=[0, 2, 1, 3]))
        return linear("out", e.node("Reshape", e.node("Transpose", y, perm=[0, 2, 1, 3]), join))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """Four layers.Dense around ops.matmul and ops.softmax."""
        places, width = k.shape(inputs[0])
        x, part = inputs[0], width // self.heads

        def linear(name: str, value: str) -> str:
            weights: tuple[tuple[str, tuple[int, ...] | None], ...] = ((f"{name}_weight", (1, 0)),)
            if self.use_bias:
                weights = (*weights, (f"{name}_bias", None))
            return k.layer(f"layers.Dense({width}, use_bias={self.use_bias})", value, weights=weights)

        def split(value: str, axes: tuple[int, ...]) -> str:
            return k.line(f"ops.transpose(ops.reshape({value}, (-1, {places}, {self.heads}, {part})), {axes})")

        q, keys, v = (linear(name, x) for name in PARTS[:3])
        q, keys, v = split(q, (0, 2, 1, 3)), split(keys, (0, 2, 3, 1)), split(v, (0, 2, 1, 3))
        s = k.line(f"ops.matmul({q}, {keys}) * {part**-0.5!r}")
        if self.causal:
            s = k.line(f"{s} + ops.triu(ops.full(({places}, {places}), {NEVER!r}), 1)")
        y = k.line(f"ops.transpose(ops.matmul(ops.softmax({s}), {v}), (0, 2, 1, 3))")
        return linear("out", k.line(f"ops.reshape({y}, (-1, {places}, {width}))"))

    def summary(self) -> str:
        """``4 heads, causal``."""
        return f"{self.heads} heads" + (", causal" if self.causal else "")

    def explain(self, *inputs: Shape) -> str:
        """``64 / 4 = 16 features per head; 4 maps of 32 x 32``."""
        places, width = inputs[0]
        part = f"{width} / {self.heads} = {width // self.heads} features per head"
        return f"{part}; {self.heads} maps of {places} x {places}"
