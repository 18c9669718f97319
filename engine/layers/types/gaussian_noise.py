"""GaussianNoise: noise is added in each training step."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Float
from engine.layers.base import LAYERS, Layer, Sample
from engine.layers.builder import Builder, Ref
from engine.primitives import Shape
from engine.primitives.gaussian_noise import GaussianNoise

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class GaussianNoiseLayer(Layer, id="gaussian_noise", title="GaussianNoise"):
    """y = x + deviation n, n ~ N(0, 1), new in each training step; y = x outside training. Any shape. Bishop 1995."""

    deviation: float = Float(0.1, low=0.0, high=1e6, label="standard deviation", help="Size of the noise.")

    group = "regularization"
    keywords: ClassVar[tuple[str, ...]] = ("jitter", "overfitting", "robust")
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((7,),)), Sample(((2, 3, 5),), {"deviation": 0.5}))

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive, with a random stream of its own."""
        return b.op(GaussianNoise(self.deviation), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """torch.randn_like, in training only."""
        return t.line(f"{inputs[0]} + {self.deviation!r} * self.training * torch.randn_like({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Nothing to write: a model in use adds no noise."""
        return inputs[0]

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.GaussianNoise, which takes deviations up to 1."""
        if self.deviation > 1:
            y = k.layer("layers.GaussianNoise(1.0)", k.line(f"{inputs[0]} / {self.deviation!r}"))
            return k.line(f"{y} * {self.deviation!r}")
        return k.layer(f"layers.GaussianNoise({self.deviation!r})", inputs[0])

    def summary(self) -> str:
        """``sd 0.1``."""
        return f"sd {self.deviation:g}"
