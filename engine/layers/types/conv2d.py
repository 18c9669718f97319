"""Conv2D: the same small kernels slide over the whole image."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Choice, Int, Ints
from engine.layers.base import LAYERS, Fix, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.rules import need_image
from engine.layers.settings import KernelLayer
from engine.layers.sliding import PADDING_HELP, PADDINGS, Sliding
from engine.primitives import Shape
from engine.primitives.conv2d import Conv2d

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class Conv2D(KernelLayer, id="conv2d", title="Conv2D"):
    """y_o = phi(b_o + sum over c, i, j of w_(o,c,i,j) x_(c, s h + d i, s w + d j)), zeros outside the image.

    x (N, C, H, W), w (O, C / groups, kh, kw), b (O,), y (N, O, Ho, Wo),
    Ho = floor((H + pads - d (kh - 1) - 1) / s) + 1. Fukushima 1980; LeCun et al. 1989.
    """

    filters: int = Int(
        32, low=1, high=65536, unit="channels", help="Feature maps that the layer makes: one kernel each."
    )
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
    groups: int = Int(
        1,
        low=1,
        high=65536,
        help="Splits the channels into groups that do not see each other; 1 = all see all.",
        group="advanced",
    )

    group = "convolution"
    keywords: ClassVar[tuple[str, ...]] = ("convolution", "filter", "kernel", "feature map", "image")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((2, 5, 6),), {"filters": 3}),
        Sample(((3, 7, 5),), {"filters": 2, "kernel": (3, 2), "stride": (2, 1), "use_bias": False}),
        Sample(((1, 7, 6),), {"filters": 4, "padding": "same", "stride": (2, 2), "activation": "tanh"}),
        Sample(((2, 6, 6),), {"filters": 3, "padding": "same", "kernel": (2, 4), "dilation": (2, 1)}),
        Sample(((2, 5, 5),), {"filters": 2, "padding": "explicit", "pads": (1, 0, 2, 1), "stride": (2, 2)}),
        Sample(((2, 5, 5),), {"filters": 2, "padding": "explicit", "pads": (1, 2, 1, 2), "kernel": (1, 5)}),
        Sample(((3, 5, 6),), {"filters": 2, "padding": "explicit", "pads": (2, 0, 1, 1)}),
        Sample(((4, 4, 5),), {"filters": 6, "groups": 2, "activation": "sigmoid", "batch_norm": "before"}),
        Sample(((3, 4, 4),), {"filters": 5, "kernel": (1, 1), "activation": "tanh", "batch_norm": "after"}),
        Sample(((3, 4, 4),), {"filters": 2, "activation": "prelu", "dropout": 0.25}),
    )  # fmt: skip

    @property
    def sliding(self) -> Sliding:
        """The window with its padding rule."""
        return Sliding(self.kernel, self.stride, self.padding, self.pads, self.dilation)

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (O, Ho, Wo)."""
        need_image(self.title, inputs[0])
        for name, count in (("input channels", inputs[0][0]), ("filters", self.filters)):
            if count % self.groups:
                raise ShapeRefusal(
                    "groups that divide the channels",
                    "{groups} groups do not divide {count} {name}",
                    {"groups": self.groups, "count": count, "name": name},
                    expected=f"a divisor of {count}",
                    got=str(self.groups),
                    fixes=(Fix("One group", "set_param", {"name": "groups", "value": 1}),),
                )
        return (self.filters, *self.sliding.out(inputs[0]))

    def linear(self, b: Builder, x: Ref) -> Ref:
        """w * x + b."""
        channels = x.shape[0] // self.groups
        cells = self.kernel[0] * self.kernel[1]
        fans = (channels * cells, self.filters // self.groups * cells)
        shape = (self.filters, channels, *self.kernel)
        w = b.weight("weight", shape, self.weight_init, fans=fans, l1=self.l1, l2=self.l2, is_kernel=True)
        operation = Conv2d(self.stride, self.sliding.resolved(x.shape), self.dilation, self.groups)
        if not self.use_bias:
            return b.op(operation, x, w)
        return b.op(operation, x, w, b.weight("bias", (self.filters,), self.bias_init, fans=fans))

    def torch_linear(self, t: TorchText, x: str) -> str:
        """nn.Conv2d, with F.pad before it where the two sides differ."""
        shape = t.shape(x)
        top, left, bottom, right = self.sliding.resolved(shape)
        inside = (top, left) if (top, left) == (bottom, right) else (0, 0)
        words = [f"{shape[0]}, {self.filters}, {self.kernel}"]
        for name, value, usual in (
            ("stride", self.stride, (1, 1)),
            ("padding", inside, (0, 0)),
            ("dilation", self.dilation, (1, 1)),
            ("groups", self.groups, 1),
            ("bias", self.use_bias, True),
        ):
            if value != usual:
                words.append(f"{name}={value}")
        names = {"weight": "weight", "bias": "bias"} if self.use_bias else {"weight": "weight"}
        module = t.module(f"nn.Conv2d({', '.join(words)})", names)
        if (top, left) != (bottom, right):
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
            group=self.groups,
        )

    def keras_linear(self, k: KerasText, x: str) -> str:
        """layers.Conv2D, with ZeroPadding2D before it where needed; its kernel is (kh, kw, C / groups, O)."""
        top, left, bottom, right = self.sliding.resolved(k.shape(x))
        if any((top, left, bottom, right)):
            x = k.layer(f"layers.ZeroPadding2D((({top}, {bottom}), ({left}, {right})))", x)
        weights: tuple[tuple[str, tuple[int, ...] | None], ...] = (("weight", (2, 3, 1, 0)),)
        if self.use_bias:
            weights = (*weights, ("bias", None))
        words = [f"{self.filters}, {self.kernel}"]
        for name, value, usual in (
            ("strides", self.stride, (1, 1)),
            ("dilation_rate", self.dilation, (1, 1)),
            ("groups", self.groups, 1),
            ("use_bias", self.use_bias, True),
        ):
            if value != usual:
                words.append(f"{name}={value}")
        return k.layer(f"layers.Conv2D({', '.join(words)})", x, weights=weights)

    def summary(self) -> str:
        """``32 x 3x3, same, ReLU, He``."""
        first, *rest = self.sliding.summary()
        grouped = [f"{self.groups} groups"] if self.groups > 1 else []
        return ", ".join([f"{self.filters} x {first}", *rest, *grouped, *self.stage_summary()])

    def explain(self, *inputs: Shape) -> str:
        """``28 - 3 + 1 = 26``."""
        return self.sliding.explain(inputs[0])
