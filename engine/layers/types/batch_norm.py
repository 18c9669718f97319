"""BatchNorm: each channel is normalised over the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Float, Spec
from engine.layers.base import LAYERS, Sample, Trained
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_axes
from engine.primitives import Shape
from engine.primitives.batch_norm import BatchNorm

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class BatchNormLayer(Trained, id="batch_norm", title="BatchNorm"):
    """y = gamma (x - mean) / sqrt(var + eps) + beta, per feature or channel. x, y (N, C, ...), gamma, beta (C,).

    In training mean and var are the batch's; the running ones, used afterwards, move towards them by ``momentum``
    (with the unbiased variance). Ioffe & Szegedy 2015.
    """

    momentum: float = Float(
        0.1, low=0.0, high=1.0, help="Share of the newest batch in the running mean and variance.", group="advanced"
    )
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
    keywords: ClassVar[tuple[str, ...]] = ("normalize", "bn", "batch normalization", "running mean")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((5,),)),
        Sample(((3, 4, 5),), {"momentum": 0.3, "eps": 1e-3}),
        Sample(((2, 7),)),
        Sample(((1, 3, 1),)),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        need_axes(self.title, inputs[0], 1, "features or channels")
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive on gamma, beta and the running statistics."""
        channels = (inputs[0].shape[0],)
        return b.op(
            BatchNorm(self.momentum, self.eps),
            inputs[0],
            b.weight("gamma", channels, Spec("constant", {"value": 1.0})),
            b.weight("beta", channels, Spec("zeros")),
            b.state("running_mean", channels, 0.0),
            b.state("running_var", channels, 1.0),
        )

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.BatchNorm1d, 2d or 3d."""
        shape = t.shape(inputs[0])
        names = {"weight": "gamma", "bias": "beta", "running_mean": "running_mean", "running_var": "running_var"}
        kind = max(len(shape) - 1, 1)
        module = t.module(f"nn.BatchNorm{kind}d({shape[0]}, eps={self.eps!r}, momentum={self.momentum!r})", names)
        return t.line(f"{module}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """BatchNormalization; its momentum is the share of the old."""
        names = ("gamma", "beta", "running_mean", "running_var")
        return e.node(
            "BatchNormalization",
            inputs[0],
            *(e.weight(name) for name in names),
            epsilon=self.eps,
            momentum=1 - self.momentum,
        )

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.BatchNormalization; its momentum is the share of the old."""
        names = ("gamma", "beta", "running_mean", "running_var")
        how = f"axis=1, momentum={1 - self.momentum!r}, epsilon={self.eps!r}"
        return k.layer(f"layers.BatchNormalization({how})", inputs[0], weights=tuple((n, None) for n in names))

    def explain(self, *inputs: Shape) -> str:
        """``2 x 32 = 64 weights: gamma and beta of each of 32 channels``."""
        c = inputs[0][0]
        return f"shape unchanged; 2 x {c} = {2 * c} weights: gamma and beta of each of {c} channels"
