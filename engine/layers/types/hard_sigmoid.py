"""Hard sigmoid activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.clip import Clip

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class HardSigmoidLayer(Activation, id="hard_sigmoid", title="Hard sigmoid"):
    """y = min(max(x / 6 + 1/2, 0), 1); slope 1/6 for -3 < x < 3, else 0. Courbariaux, Bengio & David 2015."""

    keywords: ClassVar[tuple[str, ...]] = ("piecewise linear",)

    def primitive(self) -> Primitive:
        """Clip."""
        return Clip(0.0, 1.0, 1 / 6, 0.5)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """F.relu6: nn.Hardsigmoid rounds its slope to float32 even in float64."""
        return t.line(f"F.relu6({inputs[0]} + 3) / 6")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """HardSigmoid with the slope of 1/6."""
        return e.node("HardSigmoid", inputs[0], alpha=1 / 6, beta=0.5)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Activation("hard_sigmoid")."""
        return k.layer('layers.Activation("hard_sigmoid")', inputs[0])
