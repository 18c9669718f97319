"""LayerNorm: each sample is normalised over its features."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Choice, Float, Spec
from engine.layers.base import LAYERS, Sample, Trained
from engine.layers.builder import Builder, Ref
from engine.layers.rules import cells, need_axes
from engine.primitives import Shape
from engine.primitives.layer_norm import LayerNorm

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class LayerNormLayer(Trained, id="layer_norm", title="LayerNorm"):
    """y = gamma (x - mean) / sqrt(var + eps) + beta, over the last axis or over all.

    x, y (N, ..., D), gamma, beta (D,). Mean and biased variance are the sample's own: no batch,
    no running statistics. Ba, Kiros & Hinton 2016.
    """

    over: str = Choice("last", "last", "all", help="The features of each place (last axis), or the whole sample.")
    eps: float = Float(
        1e-5,
        low=0.0,
        low_open=True,
        high=1.0,
        label="epsilon",
        help="Added to the variance, so that it is never zero.",
        group="advanced",
    )

    group = "normalization"
    keywords: ClassVar[tuple[str, ...]] = ("normalize", "transformer", "ln")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((5,),)),
        Sample(((3, 7),), {"eps": 1e-3}),
        Sample(((2, 3, 5),), {"over": "all"}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        need_axes(self.title, inputs[0], 1, "features")
        return inputs[0]

    def _normalised(self, shape: Shape) -> Shape:
        return shape if self.over == "all" else shape[-1:]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive on gamma and beta."""
        shape = self._normalised(inputs[0].shape)
        gamma = b.weight("gamma", shape, Spec("constant", {"value": 1.0}))
        return b.op(LayerNorm(self.eps), inputs[0], gamma, b.weight("beta", shape, Spec("zeros")))

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.LayerNorm."""
        shape = self._normalised(t.shape(inputs[0]))
        module = t.module(f"nn.LayerNorm({shape}, eps={self.eps!r})", {"weight": "gamma", "bias": "beta"})
        return t.line(f"{module}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """LayerNormalization."""
        axis = 1 if self.over == "all" else -1
        return e.node("LayerNormalization", inputs[0], e.weight("gamma"), e.weight("beta"), axis=axis, epsilon=self.eps)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.LayerNormalization."""
        axes = list(range(1, len(k.shape(inputs[0])) + 1)) if self.over == "all" else -1
        how = f"axis={axes}, epsilon={self.eps!r}"
        return k.layer(f"layers.LayerNormalization({how})", inputs[0], weights=(("gamma", None), ("beta", None)))

    def explain(self, *inputs: Shape) -> str:
        """``shape unchanged; mean and variance over 64 numbers``."""
        return f"shape unchanged; mean and variance over {cells(self._normalised(inputs[0]))} numbers of each sample"
