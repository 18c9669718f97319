"""Slice: a part of one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Int
from engine.layers.base import LAYERS, Fix, Layer, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.rules import text
from engine.primitives import Shape
from engine.primitives.slice import Slice

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class SliceLayer(Layer, id="slice", title="Slice"):
    """y_k = x_(start + k step) along one axis, before ``end``. (A, H, W) -> (B, H, W), B = ceil((end - start) / step).

    Negative start and end count from the back, as in NumPy and PyTorch.
    """

    axis: int = Int(0, low=0, high=3, help="Counted per sample: 0 = channels or features, 1 = rows, 2 = columns.")
    start: int = Int(0, low=-65536, high=65536, help="The first that is taken; -1 is the last of all.")
    end: int | None = Int(None, low=-65536, high=65536, optional=True, help="The first that is not taken; none: all.")
    step: int = Int(1, low=1, high=65536, help="Every so many are taken.", group="advanced")

    group = "shape"
    keywords: ClassVar[tuple[str, ...]] = ("crop", "part", "range", "select", "split", "narrow")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((7,),), {"start": 2, "end": 5}),
        Sample(((4, 3, 5),), {"axis": 2, "start": -3}),
        Sample(((6, 2),), {"start": 1, "step": 2}),
        Sample(((3, 4, 2),), {"axis": 1, "start": 1, "end": -1}),
    )

    def _taken(self, shape: Shape) -> range:
        return range(*slice(self.start, self.end, self.step).indices(shape[self.axis]))

    def shape(self, *inputs: Shape) -> Shape:
        """The axis as long as what is taken of it, which is something."""
        first = inputs[0]
        if self.axis >= len(first):
            raise ShapeRefusal(
                "an axis that is there",
                "axis {axis} is not there: a sample {shape} has axes 0 to {last}",
                {"axis": self.axis, "shape": text(first), "last": len(first) - 1},
                expected=f"0 to {len(first) - 1}",
                got=str(self.axis),
                fixes=(Fix("Axis 0", "set_param", {"name": "axis", "value": 0}),),
            )
        count = len(self._taken(first))
        if not count:
            end = first[self.axis] if self.end is None else self.end
            open_end = type(self)(axis=self.axis, start=self.start, step=self.step)
            fixes = (
                (Fix("Take all to the end", "reset_param", {"name": "end"}),)
                if open_end._taken(first)
                else (Fix("Start at 0", "set_param", {"name": "start", "value": 0}),)
            )
            raise ShapeRefusal(
                "a part that is not empty",
                "from {start} to {end} there is nothing on an axis of {length}",
                {"start": self.start, "end": end, "length": first[self.axis]},
                expected=f"a start below the end, within {first[self.axis]}",
                got=f"{self.start} to {end}",
                fixes=fixes,
            )
        return (*first[: self.axis], count, *first[self.axis + 1 :])

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        taken = self._taken(inputs[0].shape)
        return b.op(Slice(self.axis, taken.start, len(taken), self.step), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """Indexing."""
        return t.line(self._indexed(inputs[0]))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """Indexing."""
        return k.line(self._indexed(inputs[0]))

    def _indexed(self, x: str) -> str:
        end = "" if self.end is None else str(self.end)
        step = "" if self.step == 1 else f":{self.step}"
        return f"{x}[{':, ' * (self.axis + 1)}{self.start or ''}:{end}{step}]"

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Slice."""
        taken = self._taken(e.shape(inputs[0]))
        numbers = (taken.start, taken[-1] + 1, self.axis + 1, self.step)
        return e.node("Slice", inputs[0], *(e.constant(np.array([n], dtype=np.int64)) for n in numbers))

    def summary(self) -> str:
        """``2:5``."""
        step = "" if self.step == 1 else f":{self.step}"
        return f"{self.start}:{'' if self.end is None else self.end}{step}"

    def explain(self, *inputs: Shape) -> str:
        """``3 of 7, from 2 to 4``."""
        taken = self._taken(inputs[0])
        return f"{len(taken)} of {inputs[0][self.axis]}, from {taken[0]} to {taken[-1]}"
