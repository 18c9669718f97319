"""What the convolutions over images share: the window's settings, shape rule, exported forms and texts."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from engine.declare import Choice, Ints
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_image
from engine.layers.settings import KernelLayer
from engine.layers.sliding import PADDING_HELP, PADDINGS, Sliding
from engine.primitives import Shape
from engine.primitives.conv2d import Conv2d
from engine.primitives.window import Pair

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText

Options = tuple[tuple[str, object, object], ...]


class ConvLayer(KernelLayer):
    """y = phi(w * x + b). x (N, C, H, W), w (O, C / groups, kh, kw), y (N, O, Ho, Wo). Base class, no layer type."""

    kernel: tuple[int, int] = Ints(
        (3, 3), low=1, high=512, length=(2, 2), unit="px", help="Height and width of each kernel."
    )
    stride: tuple[int, int] = Ints(
        (1, 1), low=1, high=512, length=(2, 2), unit="px", help="Steps of the kernel, down and to the right."
    )
    padding: str = Choice("valid", *PADDINGS, help=PADDING_HELP)
    pads: tuple[int, int, int, int] = Ints(
        (0, 0, 0, 0),
        low=0,
        high=4096,
        length=(4, 4),
        unit="px",
        when=("padding", ("explicit",)),
        help="Rows and columns of zeros to add: top, left, bottom, right.",
    )
    dilation: tuple[int, int] = Ints(
        (1, 1),
        low=1,
        high=512,
        length=(2, 2),
        unit="px",
        help="Distance between neighbouring kernel cells.",
        group="advanced",
    )

    group = "convolution"

    @abstractmethod
    def outputs_of(self, channels: int) -> tuple[int, int]:
        """(output channels, groups) for this many input channels; ShapeRefusal where they do not go together."""

    @property
    def sliding(self) -> Sliding:
        """The window with its padding rule."""
        return Sliding(self.kernel, self.stride, self.padding, self.pads, self.dilation)

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (O, Ho, Wo)."""
        need_image(self.title, inputs[0])
        return (self.outputs_of(inputs[0][0])[0], *self.sliding.out(inputs[0]))

    def linear(self, b: Builder, x: Ref) -> Ref:
        """w * x + b."""
        outputs, groups = self.outputs_of(x.shape[0])
        channels, cells = x.shape[0] // groups, self.kernel[0] * self.kernel[1]
        fans = (channels * cells, outputs // groups * cells)
        shape = (outputs, channels, *self.kernel)
        operation = Conv2d(self.stride, self.sliding.resolved(x.shape), self.dilation, groups)
        return self.biased(b, operation, x, self.kernel_weight(b, shape, fans), outputs, fans)

    def torch_linear(self, t: TorchText, x: str) -> str:
        """nn.Conv2d, with F.pad before it where the two sides differ."""
        shape = t.shape(x)
        outputs, groups = self.outputs_of(shape[0])
        top, left, bottom, right = self.sliding.resolved(shape)
        symmetric = (top, left) == (bottom, right)
        options = unusual(
            ("stride", self.stride, (1, 1)),
            ("padding", (top, left) if symmetric else (0, 0), (0, 0)),
            ("dilation", self.dilation, (1, 1)),
            ("groups", groups, 1),
            ("bias", self.use_bias, True),
        )
        names = {"weight": "weight", "bias": "bias"} if self.use_bias else {"weight": "weight"}
        module = t.module(f"nn.Conv2d({shape[0]}, {outputs}, {self.kernel}{options})", names)
        if not symmetric:
            x = t.line(f"F.pad({x}, ({left}, {right}, {top}, {bottom}))")
        return t.line(f"{module}({x})")

    def onnx_linear(self, e: OnnxGraph, x: str) -> str:
        """Conv."""
        operands = [e.weight("weight"), e.weight("bias")] if self.use_bias else [e.weight("weight")]
        return e.node(
            "Conv",
            x,
            *operands,
            kernel_shape=self.kernel,
            strides=self.stride,
            pads=self.sliding.resolved(e.shape(x)),
            dilations=self.dilation,
            group=self.outputs_of(e.shape(x)[0])[1],
        )

    def keras_padded(self, k: KerasText, x: str) -> str:
        """layers.ZeroPadding2D where there is any."""
        top, left, bottom, right = self.sliding.resolved(k.shape(x))
        if any((top, left, bottom, right)):
            return k.layer(f"layers.ZeroPadding2D((({top}, {bottom}), ({left}, {right})))", x)
        return x

    def keras_strides(self) -> Pair:
        """The strides that Keras takes: with a dilation it takes none, and the output is thinned out instead."""
        return (1, 1) if self.dilation != (1, 1) else self.stride

    def keras_thinned(self, k: KerasText, y: str) -> str:
        """Every s-th row and column, where Keras could not be told to stride."""
        if self.keras_strides() == self.stride:
            return y
        return k.line(f"{y}[:, :, ::{self.stride[0]}, ::{self.stride[1]}]")

    def keras_weights(self, axes: tuple[int, ...]) -> tuple[tuple[str, tuple[int, ...] | None], ...]:
        """The kernel, its axes in Keras' order, and the bias if there is one."""
        return (("weight", axes), ("bias", None)) if self.use_bias else (("weight", axes),)

    def window_summary(self, first: str) -> str:
        """``32 x 3x3, same, ReLU, He``, where first is ``32 x``."""
        size, *rest = self.sliding.summary()
        return ", ".join([f"{first} {size}".strip(), *rest, *self.stage_summary()])

    def explain(self, *inputs: Shape) -> str:
        """``28 - 3 + 1 = 26``."""
        return self.sliding.explain(inputs[0])


def unusual(*options: tuple[str, object, object]) -> str:
    """``, name=value`` for each option that is not at its usual value."""
    return "".join(f", {name}={value}" for name, value, usual in options if value != usual)
