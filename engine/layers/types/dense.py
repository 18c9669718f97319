"""Dense: every unit sees every input."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Int
from engine.layers.base import LAYERS, Fix, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_axes
from engine.layers.settings import KernelLayer
from engine.primitives import Shape
from engine.primitives.linear import Linear

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class Dense(KernelLayer, id="dense", title="Dense"):
    """y = phi(W x + b) over the last axis. x (N, ..., I), W (O, I), b (O,), y (N, ..., O). Rosenblatt 1958."""

    units: int = Int(32, low=1, high=65536, help="Outputs of the layer.")

    group = "dense"
    keywords: ClassVar[tuple[str, ...]] = ("linear", "fully connected", "fc", "perceptron")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((5,),), {"units": 3}),
        Sample(((4,),), {"units": 3, "use_bias": False, "activation": "tanh"}),
        Sample(((3, 4),), {"units": 2}),
        Sample(((6,),), {"units": 4, "activation": "sigmoid", "batch_norm": "before"}),
        Sample(((6,),), {"units": 4, "activation": "tanh", "batch_norm": "after", "dropout": 0.25}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """(..., I) -> (..., O). An image is refused: it wants a Flatten first."""
        if len(inputs[0]) == 3:
            axes = " x ".join(map(str, inputs[0]))
            raise ShapeRefusal(
                "a vector per sample",
                "Dense takes a vector, but {axes} is an image; flatten it first",
                {"axes": axes},
                expected="N x features",
                got=f"N x {axes}",
                fixes=(Fix("Insert Flatten", "insert_before", {"layer": "flatten"}),),
            )
        need_axes(self.title, inputs[0], 1, "N x features")
        return (*inputs[0][:-1], self.units)

    def linear(self, b: Builder, x: Ref) -> Ref:
        """W x + b."""
        fans = (x.shape[-1], self.units)
        w = self.kernel_weight(b, (self.units, fans[0]), fans)
        return self.biased(b, Linear(), x, w, self.units, fans)

    def torch_linear(self, t: TorchText, x: str) -> str:
        """nn.Linear."""
        names = {"weight": "weight", "bias": "bias"} if self.use_bias else {"weight": "weight"}
        module = t.module(f"nn.Linear({t.shape(x)[-1]}, {self.units}, bias={self.use_bias})", names)
        return t.line(f"{module}({x})")

    def onnx_linear(self, e: OnnxGraph, x: str) -> str:
        """MatMul and Add, which take any number of leading axes."""
        y = e.node("MatMul", x, e.weight("weight", (1, 0)))
        return e.node("Add", y, e.weight("bias")) if self.use_bias else y

    def keras_linear(self, k: KerasText, x: str) -> str:
        """layers.Dense; its kernel is (I, O)."""
        weights: tuple[tuple[str, tuple[int, ...] | None], ...] = (("weight", (1, 0)),)
        if self.use_bias:
            weights = (*weights, ("bias", None))
        return k.layer(f"layers.Dense({self.units}, use_bias={self.use_bias})", x, weights=weights)

    def explain(self, *inputs: Shape) -> str:
        """``128 -> 10; 128 x 10 + 10 = 1290 weights``."""
        count, biases = inputs[0][-1], self.units if self.use_bias else 0
        sums = f"{count} x {self.units}" + (f" + {biases}" if biases else "")
        return f"{count} -> {self.units}; {sums} = {count * self.units + biases} weights"

    def summary(self) -> str:
        """``4, sigmoid, uniform``."""
        return ", ".join([str(self.units), *self.stage_summary()])
