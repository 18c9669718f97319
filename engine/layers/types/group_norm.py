"""GroupNorm: each sample's groups of channels are normalised."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Float, Int, Spec
from engine.layers.base import LAYERS, Fix, Sample, ShapeRefusal, Trained
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_axes
from engine.primitives import Shape
from engine.primitives.group_norm import GroupNorm

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class GroupNormLayer(Trained, id="group_norm", title="GroupNorm"):
    """y = gamma (x - mean) / sqrt(var + eps) + beta, mean and variance of each sample's group of channels.

    x, y (N, C, ...), gamma, beta (C,). Works with a batch of one. Wu & He 2018.
    """

    groups: int = Int(8, low=1, high=65536, help="The channels are split into this many groups.")
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
    keywords: ClassVar[tuple[str, ...]] = ("normalize", "gn")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((4, 3, 5),), {"groups": 2}),
        Sample(((6, 7),), {"groups": 3, "eps": 1e-3}),
        Sample(((5, 2, 3),), {"groups": 1}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        need_axes(self.title, inputs[0], 2, "N x C x H x W")
        channels = inputs[0][0]
        if channels % self.groups:
            fits = max(k for k in range(1, self.groups + 1) if channels % k == 0)
            raise ShapeRefusal(
                "groups that divide the channels",
                "{groups} groups do not divide {channels} channels",
                {"groups": self.groups, "channels": channels},
                expected=f"a divisor of {channels}",
                got=str(self.groups),
                fixes=(Fix(f"{fits} groups", "set_param", {"name": "groups", "value": fits}),),
            )
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive on gamma and beta."""
        channels = inputs[0].shape[:1]
        gamma = b.weight("gamma", channels, Spec("constant", {"value": 1.0}))
        return b.op(GroupNorm(self.groups, self.eps), inputs[0], gamma, b.weight("beta", channels, Spec("zeros")))

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.GroupNorm."""
        channels = t.shape(inputs[0])[0]
        names = {"weight": "gamma", "bias": "beta"}
        module = t.module(f"nn.GroupNorm({self.groups}, {channels}, eps={self.eps!r})", names)
        return t.line(f"{module}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """InstanceNormalization of the groups as rows: GroupNormalization means something else before opset 21."""
        shape = e.shape(inputs[0])
        rows = e.node("Reshape", inputs[0], e.constant(np.array([0, self.groups, -1], dtype=np.int64)))
        one, zero = e.constant(np.ones(self.groups)), e.constant(np.zeros(self.groups))
        rows = e.node("InstanceNormalization", rows, one, zero, epsilon=self.eps)
        y = e.node("Reshape", rows, e.constant(np.array([-1, *shape], dtype=np.int64)))
        column = e.constant(np.array([-1, *(1 for _ in shape[1:])], dtype=np.int64))
        y = e.node("Mul", y, e.node("Reshape", e.weight("gamma"), column))
        return e.node("Add", y, e.node("Reshape", e.weight("beta"), column))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.GroupNormalization."""
        how = f"{self.groups}, axis=1, epsilon={self.eps!r}"
        return k.layer(f"layers.GroupNormalization({how})", inputs[0], weights=(("gamma", None), ("beta", None)))

    def summary(self) -> str:
        """``8 groups``."""
        return f"{self.groups} groups"

    def explain(self, *inputs: Shape) -> str:
        """``shape unchanged; 32 / 8 = 4 channels per group``."""
        channels = inputs[0][0]
        return f"shape unchanged; {channels} / {self.groups} = {channels // self.groups} channels per group"
