"""Standardize: mean zero, standard deviation one, with constants taken from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.declare import Floats
from engine.layers.base import LAYERS, Fix, Layer, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_axes
from engine.primitives import Shape
from engine.primitives.scale_shift import ScaleShift

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class Standardize(Layer, id="standardize", title="Standardize"):
    """y = (x - mean) / std, per feature or channel. x, y (N, C, ...); mean, std: one number, or C along the first axis.

    The numbers are constants, usually the training data's; they are not learned and do not move.
    """

    mean: tuple[float, ...] = Floats(
        (0.0,), length=(1, 65536), help="Taken off: one number for all, or one per feature or channel."
    )
    std: tuple[float, ...] = Floats(
        (1.0,),
        low=0.0,
        low_open=True,
        length=(1, 65536),
        label="standard deviation",
        help="Divided by: one number for all, or one per feature or channel.",
    )

    group = "normalization"
    keywords: ClassVar[tuple[str, ...]] = ("normalize", "z-score", "mean", "whiten")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((3,),), {"mean": (1.0, -2.0, 0.5), "std": (2.0, 0.5, 1.0)}),
        Sample(((2, 3, 5),), {"mean": (0.1307, 0.5), "std": (0.3081, 0.25)}),
        Sample(((5,),), {"mean": (0.5,), "std": (0.25,)}),
        Sample(((2, 3),), {"std": (2.0, 3.0)}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """Unchanged."""
        need_axes(self.title, inputs[0], 1, "features or channels")
        for name in ("mean", "std"):
            count = len(getattr(self, name))
            if count not in (1, inputs[0][0]):
                raise ShapeRefusal(
                    "one constant, or one per feature or channel",
                    "{what} has {count} numbers, but {axes} features or channels come",
                    {"what": name, "count": count, "axes": inputs[0][0]},
                    expected=f"1 or {inputs[0][0]}",
                    got=str(count),
                    fixes=(Fix("Reset to default", "reset_param", {"name": name}),),
                )
        return inputs[0]

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        return b.op(ScaleShift(tuple(1 / s for s in self.std), (0.0,), self.mean), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """Plain arithmetic with constant tensors."""
        x, axes = inputs[0], (1,) * (len(t.shape(inputs[0])) - 1)
        mean, std = (f"{x}.new_tensor({list(v)!r}).reshape{(-1, *axes)}" for v in (self.mean, self.std))
        return t.line(f"({x} - {mean}) / {std}")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Sub and Div."""
        axes = len(e.shape(inputs[0])) - 1
        y = e.node("Sub", inputs[0], e.constant(_column(self.mean, axes)))
        return e.node("Div", y, e.constant(_column(self.std, axes)))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """Plain arithmetic with constants."""
        axes = (1,) * (len(k.shape(inputs[0])) - 1)
        mean, std = (f"ops.reshape(ops.array({list(v)!r}), {(-1, *axes)})" for v in (self.mean, self.std))
        return k.line(f"({inputs[0]} - {mean}) / {std}")

    def summary(self) -> str:
        """``mean 0.1307, sd 0.3081``; the count where there are several."""
        if len(self.mean) == len(self.std) == 1:
            return f"mean {self.mean[0]:g}, sd {self.std[0]:g}"
        return f"{max(len(self.mean), len(self.std))} means and deviations"


def _column(values: tuple[float, ...], axes: int) -> NDArray[np.float64]:
    return np.array(values).reshape(-1, *(1,) * axes)
