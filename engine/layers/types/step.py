"""Step activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.activation import Activation
from engine.layers.base import LAYERS
from engine.primitives import Primitive
from engine.primitives.step import Step

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class StepLayer(Activation, id="step", title="Step"):
    """y = 1 where x > 0, else 0; slope zero, so no gradient passes. McCulloch & Pitts 1943; Rosenblatt 1958."""

    keywords: ClassVar[tuple[str, ...]] = ("threshold", "heaviside", "perceptron", "binary")

    def primitive(self) -> Primitive:
        """Step."""
        return Step()

    def torch(self, t: TorchText, *inputs: str) -> str:
        """The sign of the rectified x, which autograd knows to have slope zero."""
        return t.line(f"torch.sign(torch.relu({inputs[0]}))")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Sign of Relu."""
        return e.node("Sign", e.node("Relu", inputs[0]))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """The sign of the rectified x."""
        return k.line(f"ops.sign(ops.relu({inputs[0]}))")
