"""What Dense and convolutions share: kernel, bias, initializers, penalties, and the stages set on them as chips.

Order of the stages: linear, batch norm, activation, dropout (batch norm may be set after the activation instead). Each
stage is built by the very layer type that draws as a node, so both train bit-equal.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.declare import Bool, Choice, Float, Ref, Registry, Spec
from engine.layers.base import LAYERS, Layer, Trained
from engine.layers.builder import Builder
from engine.layers.builder import Ref as Value
from engine.primitives import Primitive, Shape

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


class KernelLayer(Trained):
    """y = dropout(phi(norm(W * x + b))). Base of the layers with a kernel; not a layer type itself."""

    use_bias: bool = Bool(True, label="bias", help="Adds a trainable offset to every unit.")
    activation: Spec = Ref("linear", "activations", help="Applied to the weighted sum, after batch norm.")
    batch_norm: str = Choice(
        "none",
        "none",
        "before",
        "after",
        label="batch norm",
        help="Normalises each unit over the batch, before the activation or after it.",
    )
    dropout: float = Float(
        0.0, low=0.0, high=0.95, help="Share of units silenced in each training step.", group="regularization"
    )
    l1: float = Float(0.0, low=0.0, label="L1 rate", help="Adds rate * sum |w| to the loss.", group="regularization")
    l2: float = Float(
        0.0, low=0.0, label="L2 rate", help="Adds rate / 2 * sum w^2 to the loss.", group="regularization"
    )
    penalize_bias: bool = Bool(
        False, label="L1 and L2 on biases", group="regularization", help="Else they are for the weights alone."
    )
    weight_init: Spec = Ref(
        "xavier_uniform", "initializers", label="initializer", help="Where the weights start.", group="initialization"
    )
    bias_init: Spec = Ref(
        "zeros", "initializers", label="bias initializer", help="Where the biases start.", group="initialization"
    )

    @abstractmethod
    def linear(self, b: Builder, x: Value) -> Value:
        """The weighted sum alone."""

    def kernel_weight(self, b: Builder, shape: Shape, fans: tuple[int, int]) -> Value:
        """The kernel, with its penalties."""
        return b.weight("weight", shape, self.weight_init, fans=fans, l1=self.l1, l2=self.l2, is_kernel=True)

    def biased(self, b: Builder, operation: Primitive, x: Value, w: Value, count: int, fans: tuple[int, int]) -> Value:
        """The operation on x, the kernel, and a bias per output where there is one."""
        if not self.use_bias:
            return b.op(operation, x, w)
        l1, l2 = (self.l1, self.l2) if self.penalize_bias else (0.0, 0.0)
        return b.op(operation, x, w, b.weight("bias", (count,), self.bias_init, fans=fans, l1=l1, l2=l2))

    def stages(self) -> Iterator[tuple[str, Layer]]:
        """(scope, layer) of what follows the weighted sum, in order."""
        if self.batch_norm == "before":
            yield ("bn", LAYERS["batch_norm"]())
        if self.activation.type != "linear":
            yield ("act", LAYERS.make(self.activation))
        if self.batch_norm == "after":
            yield ("bn", LAYERS["batch_norm"]())
        if self.dropout > 0:
            yield ("drop", LAYERS["dropout"](rate=self.dropout))

    def build(self, b: Builder, *inputs: Value) -> Value:
        """The weighted sum, then the stages. Marks "z", the input of the activation, and "a", its output."""
        y = b.mark("z", self.linear(b, inputs[0]))
        for scope, layer in self.stages():
            is_activation = scope == "act"
            if is_activation:
                b.mark("z", y)
            y = layer.build(b.scope(scope, getattr(layer, "rate_factor", 1.0)), y)
            if is_activation:
                b.mark("a", y)
        return y

    def torch(self, t: TorchText, *inputs: str) -> str:
        """The weighted sum's module, then those of the stages."""
        y = self.torch_linear(t, inputs[0])
        for scope, layer in self.stages():
            y = layer.torch(t.scope(scope), y)
        return y

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """The weighted sum's operator, then those of the stages."""
        y = self.onnx_linear(e, inputs[0])
        for scope, layer in self.stages():
            y = layer.onnx(e.scope(scope), y)
        return y

    def keras(self, k: KerasText, *inputs: str) -> str:
        """The weighted sum's layer, then those of the stages."""
        y = self.keras_linear(k, inputs[0])
        for scope, layer in self.stages():
            y = layer.keras(k.scope(scope), y)
        return y

    @abstractmethod
    def torch_linear(self, t: TorchText, x: str) -> str:
        """PyTorch form of the weighted sum."""

    @abstractmethod
    def onnx_linear(self, e: OnnxGraph, x: str) -> str:
        """ONNX form of the weighted sum."""

    @abstractmethod
    def keras_linear(self, k: KerasText, x: str) -> str:
        """Keras form of the weighted sum."""

    def stage_summary(self) -> list[str]:
        """The settings that matter on the card, besides the shape of the kernel: ``["ReLU", "He"]``."""
        from engine.initializers import INITIALIZERS

        words = [_title(LAYERS, self.activation)] if self.activation.type != "linear" else []
        if self.weight_init != self.params["weight_init"].default:
            words.append(_title(INITIALIZERS, self.weight_init).removesuffix(" uniform").removesuffix(" normal"))
        return words


def _title(registry: Registry[Any], chosen: Spec) -> str:
    """What people call the choice; the id as it stands where this version does not know it."""
    return registry[chosen.type].title if chosen.type in registry else chosen.type
