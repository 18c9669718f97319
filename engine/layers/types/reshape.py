"""Reshape: the same numbers in another shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.declare import Ints
from engine.layers.base import LAYERS, Fix, Layer, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.rules import cells
from engine.primitives import Shape, size
from engine.primitives.reshape import Reshape

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class ReshapeLayer(Layer, id="reshape", title="Reshape"):
    """y = the numbers of x, in their order, in the shape ``target``. x (N, ...), y (N, *target)."""

    target: tuple[int, ...] = Ints(
        (-1,),
        low=-1,
        high=1 << 24,
        length=(1, 4),
        label="shape",
        help="One sample's new shape; one entry may be -1: what is left over.",
    )

    group = "shape"
    keywords: ClassVar[tuple[str, ...]] = ("view", "unflatten")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((12,),), {"target": (3, 2, 2)}),
        Sample(((2, 3, 5),), {"target": (-1, 5)}),
        Sample(((3, 5),)),
        Sample(((6,),), {"target": (1, -1)}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """(...) -> target."""
        have = size(inputs[0])
        if 0 in self.target or self.target.count(-1) > 1:
            raise ShapeRefusal(
                "one open axis at most",
                "the shape {target} is not complete: each entry is 1 or more, and at most one is -1",
                {"target": cells(self.target)},
                expected="at most one -1, no 0",
                got=cells(self.target),
                fixes=(Fix("One row", "set_param", {"name": "target", "value": (-1,)}),),
            )
        known = size(tuple(k for k in self.target if k > 0))
        needed = f"a multiple of {known}" if -1 in self.target else str(known)
        if have % known or (-1 not in self.target and have != known):
            raise ShapeRefusal(
                "the same count of numbers",
                "{have} numbers ({came}) do not fill the shape {target}, which takes {needed}",
                {"have": have, "came": cells(inputs[0]), "target": cells(self.target), "needed": needed},
                expected=f"{have} numbers",
                got=needed,
                fixes=(Fix("One row", "set_param", {"name": "target", "value": (-1,)}),),
            )
        return tuple(have // known if k == -1 else k for k in self.target)

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive."""
        return b.op(Reshape(self.shape(inputs[0].shape)), inputs[0])

    def torch(self, t: TorchText, *inputs: str) -> str:
        """reshape."""
        return t.line(f"{inputs[0]}.reshape(-1, {', '.join(map(str, self.shape(t.shape(inputs[0]))))})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Reshape."""
        target = np.array([-1, *self.shape(e.shape(inputs[0]))], dtype=np.int64)
        return e.node("Reshape", inputs[0], e.constant(target))

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Reshape."""
        return k.layer(f"layers.Reshape({self.shape(k.shape(inputs[0]))})", inputs[0])

    def summary(self) -> str:
        """``1 x 28 x 28``."""
        return cells(self.target)

    def explain(self, *inputs: Shape) -> str:
        """``784 = 1 x 28 x 28``."""
        return f"{cells(inputs[0])} = {cells(self.shape(*inputs))}"
