"""Input: where the data enters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Choice, Ints, Text
from engine.layers.base import LAYERS, Layer, Port, Sample
from engine.layers.builder import Builder, Ref
from engine.primitives import Shape

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class Input(Layer, id="input", title="Input"):
    """y = x, one sample's values. y (N, *shape): features as (D,), images as (C, H, W)."""

    size: tuple[int, ...] = Ints(
        (2,),
        low=1,
        high=1 << 24,
        length=(1, 4),
        label="shape",
        help="One sample's shape: features, or channels x height x width.",
    )
    field: str = Text("x", help="Which field of the data enters here.", group="advanced")
    dtype: str = Choice(
        "float", "float", "int", label="values", help="Numbers, or whole-number ids for an Embedding.", group="advanced"
    )

    group = "data"
    inputs: ClassVar[tuple[Port, ...]] = ()
    keywords: ClassVar[tuple[str, ...]] = ("data", "source", "dataset")
    samples: ClassVar[tuple[Sample, ...]] = (Sample((), {"size": (3,)}), Sample((), {"size": (2, 5, 4)}))

    def shape(self, *inputs: Shape) -> Shape:
        """The declared shape."""
        return self.size

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """A new input value."""
        return b.value(self.size, "input", self.field, "int" if self.dtype == "int" else "float")

    def torch(self, t: TorchText, *inputs: str) -> str:
        """The exporter passes the argument's name as the only input."""
        return inputs[0]

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """The exporter passes the graph input's name as the only input."""
        return inputs[0]

    def keras(self, k: KerasText, *inputs: str) -> str:
        """The exporter passes the input's name as the only input."""
        return inputs[0]

    def summary(self) -> str:
        """``1 x 28 x 28``."""
        return " x ".join(map(str, self.size))
