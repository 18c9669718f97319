"""CrossAttention: every place of one sequence looks at all places of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Bool, Float, Int, Spec
from engine.declare import Ref as RefParam
from engine.layers.base import LAYERS, Fix, Port, Sample, ShapeRefusal, Trained
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_sequence, text
from engine.primitives import Shape
from engine.primitives.attention import NEVER, AttentionMix, AttentionScores
from engine.primitives.linear import Linear
from engine.primitives.softmax import Softmax

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText

PARTS = ("query", "key", "value")
HEADS = (0, 2, 1, 3)


@LAYERS.add
class CrossAttention(Trained, id="cross_attention", title="CrossAttention"):
    """y = W_o [head_1, ..., head_H], head_h = softmax(q_h k_h^T / sqrt(D / H)) v_h with q, k, v = W_q x, W_k a, W_v b.

    Queries x (N, T, D) at "in", a (N, U, K) at "key", b (N, U, V) at "value" (often the same wire), y (N, T, D); the
    attention maps (N, H, T, U) are the value marked "attention". Vaswani et al. 2017, section 3.2.3; Bahdanau et al.
    2015.
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
    inputs: ClassVar[tuple[Port, ...]] = (Port(), Port("key"), Port("value"))
    keywords: ClassVar[tuple[str, ...]] = ("transformer", "decoder", "query", "key", "value", "encoder-decoder")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((5, 6), (4, 3), (4, 2)), {"heads": 2}),
        Sample(((3, 4), (5, 4), (5, 4)), {"heads": 1, "use_bias": False}),
        Sample(((4, 6), (4, 6), (4, 6)), {"heads": 3, "causal": True}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """That of the queries."""
        for x in inputs[:3]:
            need_sequence(self.title, x)
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
        if inputs[1][0] != inputs[2][0]:
            raise ShapeRefusal(
                "a value for every key",
                "{keys} keys came with values {values}; there is one value for each key",
                {"keys": inputs[1][0], "values": text(inputs[2])},
                expected=text((inputs[1][0], inputs[2][1])),
                got=text(inputs[2]),
                port="value",
            )
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """Three linear maps, the scores, their softmax, the mix, a fourth map."""
        width = inputs[0].shape[1]
        q, k, v = (self._map(b, part, x, width) for part, x in zip(PARTS, inputs, strict=False))
        scores = self.masked(b, b.op(AttentionScores(self.heads, self.causal), q, k), *inputs[3:])
        maps = b.mark("attention", b.op(Softmax(), scores))
        return self._map(b, "out", b.op(AttentionMix(), maps, v), width)

    def masked(self, b: Builder, scores: Ref, *rest: Ref) -> Ref:
        """The scores, where a mask hides none."""
        return scores

    def _map(self, b: Builder, part: str, x: Ref, width: int) -> Ref:
        fans = (x.shape[1], width)
        w = b.weight(f"{part}_weight", fans[::-1], self.weight_init, fans=fans, l2=self.l2, is_kernel=True)
        if not self.use_bias:
            return b.op(Linear(), x, w)
        return b.op(Linear(), x, w, b.weight(f"{part}_bias", (width,), Spec("zeros"), fans=fans))

    def torch(self, t: TorchText, *inputs: str) -> str:
        """Four nn.Linear around F.scaled_dot_product_attention."""
        width = t.shape(inputs[0])[1]

        def linear(part: str, x: str, count: int) -> str:
            names = {"weight": f"{part}_weight"} | ({"bias": f"{part}_bias"} if self.use_bias else {})
            return f"{t.module(f'nn.Linear({count}, {width}, bias={self.use_bias})', names)}({x})"

        q, k, v = (
            t.line(f"{linear(part, x, t.shape(x)[1])}.unflatten(-1, ({self.heads}, -1)).transpose(1, 2)")
            for part, x in zip(PARTS, inputs, strict=False)
        )
        y = t.line(self.torch_mix(t, q, k, v, inputs))
        return t.line(linear("out", f"{y}.transpose(1, 2).flatten(2)", width))

    def torch_mix(self, t: TorchText, q: str, k: str, v: str, inputs: tuple[str, ...]) -> str:
        """PyTorch's attention; ``is_causal`` counts places from the first of both."""
        return f"F.scaled_dot_product_attention({q}, {k}, {v}{', is_causal=True' if self.causal else ''})"

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """MatMul, Softmax and what brings the heads into place."""
        (places, width), others = e.shape(inputs[0]), e.shape(inputs[1])[0]
        part = width // self.heads
        split = e.constant(np.array([0, 0, self.heads, part], dtype=np.int64))
        join = e.constant(np.array([0, 0, width], dtype=np.int64))

        def linear(name: str, value: str) -> str:
            y = e.node("MatMul", value, e.weight(f"{name}_weight", (1, 0)))
            return e.node("Add", y, e.weight(f"{name}_bias")) if self.use_bias else y

        q, k, v = (e.node("Reshape", linear(n, x), split) for n, x in zip(PARTS, inputs, strict=False))
        q = e.node("Mul", e.node("Transpose", q, perm=list(HEADS)), e.constant(np.array(part**-0.5)))
        s = e.node("MatMul", q, e.node("Transpose", k, perm=[0, 2, 3, 1]))
        if self.causal:
            s = e.node("Add", s, e.constant(np.triu(np.full((places, others), NEVER), 1)))
        s = self.onnx_mask(e, s, inputs)
        y = e.node("MatMul", e.node("Softmax", s, axis=-1), e.node("Transpose", v, perm=list(HEADS)))
        return linear("out", e.node("Reshape", e.node("Transpose", y, perm=list(HEADS)), join))

    def onnx_mask(self, e: OnnxGraph, scores: str, inputs: tuple[str, ...]) -> str:
        """The scores, where a mask hides none."""
        return scores

    def keras(self, k: KerasText, *inputs: str) -> str:
        """Four layers.Dense around ops.matmul and ops.softmax."""
        (places, width), others = k.shape(inputs[0]), k.shape(inputs[1])[0]
        part = width // self.heads

        def linear(name: str, value: str) -> str:
            weights: tuple[tuple[str, tuple[int, ...] | None], ...] = ((f"{name}_weight", (1, 0)),)
            if self.use_bias:
                weights = (*weights, (f"{name}_bias", None))
            return k.layer(f"layers.Dense({width}, use_bias={self.use_bias})", value, weights=weights)

        def split(value: str, count: int, axes: tuple[int, ...]) -> str:
            return k.line(f"ops.transpose(ops.reshape({value}, (-1, {count}, {self.heads}, {part})), {axes})")

        q, keys, v = (linear(name, x) for name, x in zip(PARTS, inputs, strict=False))
        q, keys, v = split(q, places, HEADS), split(keys, others, (0, 2, 3, 1)), split(v, others, HEADS)
        s = k.line(f"ops.matmul({q}, {keys}) * {part**-0.5!r}")
        if self.causal:
            s = k.line(f"{s} + ops.triu(ops.full(({places}, {others}), {NEVER!r}), 1)")
        s = self.keras_mask(k, s, inputs)
        y = k.line(f"ops.transpose(ops.matmul(ops.softmax({s}), {v}), {HEADS})")
        return linear("out", k.line(f"ops.reshape({y}, (-1, {places}, {width}))"))

    def keras_mask(self, k: KerasText, scores: str, inputs: tuple[str, ...]) -> str:
        """The scores, where a mask hides none."""
        return scores

    def summary(self) -> str:
        """``4 heads, causal``."""
        return f"{self.heads} heads" + (", causal" if self.causal else "")

    def explain(self, *inputs: Shape) -> str:
        """``64 / 4 = 16 features per head; 4 maps of 32 x 20``."""
        (places, width), others = inputs[0], inputs[1][0]
        part = f"{width} / {self.heads} = {width // self.heads} features per head"
        return f"{part}; {self.heads} maps of {places} x {others}"
