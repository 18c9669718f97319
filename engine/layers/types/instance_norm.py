"""InstanceNorm: each feature map of each sample is normalised."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Float, Spec
from engine.layers.base import LAYERS, Sample, Trained
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_axes
from engine.primitives import Shape
from engine.primitives.group_norm import GroupNorm

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class InstanceNorm(Trained, id="instance_norm", title="InstanceNorm"):
    """y = gamma (x - mean) / sqrt(var + eps) + beta, mean and variance of each feature map of each sample.

    x, y (N, C, ...), gamma, beta (C,). Ulyanov, Vedaldi & Lempitsky 2016.
    """

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
    keywords: ClassVar[tuple[str, ...]] = ("normalize", "style", "contrast")
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((3, 4, 5),)), Sample(((2, 7),), {"eps": 1e-3}))

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        need_axes(self.title, inputs[0], 2, "N x C x H x W")
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """Group norm with a group per channel."""
        channels = inputs[0].shape[:1]
        gamma = b.weight("gamma", channels, Spec("constant", {"value": 1.0}))
        return b.op(GroupNorm(channels[0], self.eps), inputs[0], gamma, b.weight("beta", channels, Spec("zeros")))

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.GroupNorm with a group per channel: unlike nn.InstanceNorm2d it takes maps of one cell."""
        channels = t.shape(inputs[0])[0]
        names = {"weight": "gamma", "bias": "beta"}
        module = t.module(f"nn.GroupNorm({channels}, {channels}, eps={self.eps!r})", names)
        return t.line(f"{module}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """InstanceNormalization."""
        return e.node("InstanceNormalization", inputs[0], e.weight("gamma"), e.weight("beta"), epsilon=self.eps)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.GroupNormalization with a group per channel."""
        how = f"{k.shape(inputs[0])[0]}, axis=1, epsilon={self.eps!r}"
        return k.layer(f"layers.GroupNormalization({how})", inputs[0], weights=(("gamma", None), ("beta", None)))
