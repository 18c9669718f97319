"""What a layer type is: one class in one file, from which palette, form, file, exporters and tests are generated."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from engine.declare import Declared, Float, Registry
from engine.primitives import Shape

if TYPE_CHECKING:
    from engine.layers.builder import Builder, Ref
    from engine.layers.emit import KerasText, OnnxGraph, TorchText

Group = Literal[
    "data", "dense", "convolution", "pooling", "normalization", "activation", "regularization", "merge", "attention",
    "shape", "output",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Port:
    """An input port. ``many``: takes any number (>= 2) of wires, in wire order. ``dtype``: "float" or "int" ids."""

    name: str = "in"
    many: bool = False
    dtype: Literal["float", "int"] = "float"


@dataclass(frozen=True, slots=True)
class Fix:
    """A suggested repair, as data for the editor: ``kind`` names a document verb, ``args`` its arguments.

    Kinds: "insert_before" (layer, params), "set_param" (name, value), "remove", "set_loss" (value), "connect",
    "unshare", "take_settings" (owner).
    """

    label: str
    kind: str
    args: dict[str, Any] = field(default_factory=dict)


class ShapeRefusal(ValueError):
    """A layer cannot take these inputs. ``template`` is formatted with ``values`` (so that it can be translated).

    Example: ShapeRefusal("a kernel that fits", "kernel {kernel} does not fit a {h}x{w} input",
    {"kernel": 9, "h": 5, "w": 5}, expected="at most 5", got="9", fixes=(...)).
    """

    def __init__(
        self,
        rule: str,
        template: str,
        values: dict[str, Any] | None = None,
        *,
        expected: str = "",
        got: str = "",
        fixes: tuple[Fix, ...] = (),
        port: str = "in",
    ) -> None:
        self.rule, self.template, self.values = rule, template, dict(values or {})
        self.expected, self.got, self.fixes, self.port = expected, got, fixes, port
        super().__init__(template.format(**self.values))


@dataclass(frozen=True)
class Sample:
    """A configuration to test a layer with: per-sample input shapes and parameters."""

    inputs: tuple[Shape, ...]
    params: dict[str, Any] = field(default_factory=dict)


class Layer(Declared):
    """Base of all layer types. The docstring opens with the formula, then shapes by axis letters, then the source.

    A subclass declares parameters, ``group``, ports, ``samples``, the shape rule, how it is built from primitives and
    its ONNX, PyTorch and Keras forms.
    """

    group: ClassVar[Group]
    inputs: ClassVar[tuple[Port, ...]] = (Port(),)
    outputs: ClassVar[tuple[str, ...]] = ("out",)
    samples: ClassVar[tuple[Sample, ...]] = ()
    #: words a search also finds it by
    keywords: ClassVar[tuple[str, ...]] = ()
    #: False where ONNX has no such operator at opset 17-21
    has_onnx: ClassVar[bool] = True

    @abstractmethod
    def shape(self, *inputs: Shape) -> Shape:
        """Per-sample output shape; ShapeRefusal says which rule is broken, what was expected and what came."""

    @abstractmethod
    def build(self, b: Builder, *inputs: Ref) -> Ref:
        """Emit primitives; return the output value."""

    @abstractmethod
    def torch(self, t: TorchText, *inputs: str) -> str:
        """Emit PyTorch text; return the name of the output variable."""

    @abstractmethod
    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """Emit ONNX operators; return the name of the output value."""

    @abstractmethod
    def keras(self, k: KerasText, *inputs: str) -> str:
        """Emit Keras 3 functional text (channels first); return the name of the output variable."""

    def summary(self) -> str:
        """One line of what matters, for the node's card: ``32 x 3x3, same, ReLU``."""
        return ""

    def explain(self, *inputs: Shape) -> str:
        """How the output shape comes about, with the actual numbers: ``28 - 3 + 1 = 26``."""
        return ""


class Trained(Layer):
    """A layer with weights: each learns at rate_factor times the training's learning rate. Base class."""

    rate_factor: float = Float(
        1.0, low=0.0, high=1000.0, label="learning rate factor", group="advanced",
        help="Multiplies the learning rate for this layer's weights; 0 leaves them as they are.",
    )  # fmt: skip


class LayerRegistry(Registry[Layer]):
    """Layers by id; one without samples does not register."""

    def add(self, cls: type[Layer]) -> type[Layer]:
        """As Registry.add; refuses a layer that declares no samples to test it with."""
        if not cls.samples:
            raise TypeError(f"layer {cls.__name__} declares no samples, so nothing would test it")
        return super().add(cls)


LAYERS: LayerRegistry = LayerRegistry("layer", "engine.layers.types")
