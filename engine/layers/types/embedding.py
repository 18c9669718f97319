"""Embedding: a whole number becomes a learned vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Float, Int, Spec
from engine.declare import Ref as RefParam
from engine.layers.base import LAYERS, Port, Sample, ShapeRefusal, Trained
from engine.layers.builder import Builder, Ref
from engine.layers.rules import text
from engine.primitives import Shape
from engine.primitives.embedding import Embedding

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class EmbeddingLayer(Trained, id="embedding", title="Embedding"):
    """y_t = w_(x_t): row x_t of a learned table. x (N, T) ids below V, w (V, D), y (N, T, D). Bengio et al. 2003."""

    vocabulary: int = Int(1000, low=1, high=1 << 24, help="How many different ids there are.")
    width: int = Int(32, low=1, high=65536, help="Numbers that stand for one id.")
    l2: float = Float(
        0.0, low=0.0, label="L2 rate", help="Adds rate / 2 * sum w^2 to the loss.", group="regularization"
    )
    weight_init: Spec = RefParam(
        Spec("normal", {"std": 1.0}),
        "initializers",
        label="initializer",
        help="Where the table starts.",
        group="initialization",
    )

    group = "attention"
    inputs: ClassVar[tuple[Port, ...]] = (Port(dtype="int"),)
    keywords: ClassVar[tuple[str, ...]] = ("token", "word", "lookup", "table", "vocabulary")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((4,),), {"vocabulary": 5, "width": 3}),
        Sample(((7,),), {"vocabulary": 3, "width": 1}),
        Sample(((2, 3),), {"vocabulary": 4, "width": 2}),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """(T,) -> (T, D)."""
        if not 1 <= len(inputs[0]) <= 2:
            raise ShapeRefusal(
                "a row of ids per sample",
                "{layer} takes a row of ids, but {got} came",
                {"layer": self.title, "got": text(inputs[0])},
                expected="N x T",
                got=text(inputs[0]),
            )
        return (*inputs[0], self.width)

    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """One primitive on the table."""
        shape = (self.vocabulary, self.width)
        return b.op(Embedding(), inputs[0], b.weight("weight", shape, self.weight_init, fans=shape, l2=self.l2))

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.Embedding."""
        module = t.module(f"nn.Embedding({self.vocabulary}, {self.width})", {"weight": "weight"})
        return t.line(f"{module}({inputs[0]})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Gather."""
        return e.node("Gather", e.weight("weight"), inputs[0], axis=0)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.Embedding."""
        expression = f"layers.Embedding({self.vocabulary}, {self.width})"
        return k.layer(expression, inputs[0], weights=(("weight", None),))

    def summary(self) -> str:
        """``1000 x 32``."""
        return f"{self.vocabulary} x {self.width}"

    def explain(self, *inputs: Shape) -> str:
        """``each id becomes 32 numbers; 1000 x 32 = 32000 weights``."""
        count = self.vocabulary * self.width
        return f"each id becomes {self.width} numbers; {self.vocabulary} x {self.width} = {count} weights"
