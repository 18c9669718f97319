"""Output: marks a head of the network and carries its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Float, Spec, Text
from engine.declare import Ref as RefParam
from engine.layers.base import LAYERS, Layer, Sample
from engine.layers.builder import Builder, Ref
from engine.primitives import Shape

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class Output(Layer, id="output", title="Output"):
    """L = weight * mean over the batch of loss(y, target). y (N, ...), unchanged.

    A cross-entropy is computed from logits: a softmax or sigmoid directly before is fused, and shown as probabilities.
    """

    loss: Spec = RefParam("mse", "losses", help="What training makes small.")
    weight: float = Float(
        1.0, low=0.0, label="loss weight", help="Share of this head where there are several.", group="advanced"
    )
    field: str = Text("y", help="Which field of the data is the target.", group="advanced")

    group = "output"
    outputs: ClassVar[tuple[str, ...]] = ()
    keywords: ClassVar[tuple[str, ...]] = ("head", "loss", "target")
    samples: ClassVar[tuple[Sample, ...]] = (Sample(((3,),)),)

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """The input itself; the plan attaches the loss."""
        return inputs[0]

    def torch(self, t: TorchText, *inputs: str) -> str:
        """Nothing to write."""
        return inputs[0]

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Nothing to write."""
        return inputs[0]

    def keras(self, k: KerasText, *inputs: str) -> str:
        """Nothing to write."""
        return inputs[0]

    def summary(self) -> str:
        """The loss."""
        return self.loss.type.replace("_", " ")
