"""ConvTranspose2D: every cell paints a kernel onto a larger image."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Choice, Int, Ints
from engine.layers.base import LAYERS, Fix, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.convolution import unusual
from engine.layers.rules import need_image
from engine.layers.settings import KernelLayer
from engine.layers.sliding import times
from engine.primitives import Shape
from engine.primitives.conv_transpose2d import ConvTranspose2d
from engine.primitives.window import Pads, Pair

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class ConvTranspose2D(KernelLayer, id="conv_transpose2d", title="ConvTranspose2D"):
    """y_o = phi(b_o + sum over c, h, w of x_(c,h,w) times the kernel w_(c,o) laid at (s h, s w)).

    x (N, C, H, W), w (C, O, kh, kw), b (O,), y (N, O, Ho, Wo), Ho = (H - 1) s + d (kh - 1) + 1 - rows cropped.
    The transpose of a convolution. Zeiler et al. 2010; Long, Shelhamer & Darrell 2015.
    """

    filters: int = Int(32, low=1, high=65536, unit="channels", help="Feature maps that the layer makes.")
    kernel: tuple[int, int] = Ints(
        (2, 2), low=1, high=512, length=(2, 2), unit="px", help="Height and width of each kernel."
    )
    stride: tuple[int, int] = Ints(
        (2, 2), low=1, high=512, length=(2, 2), unit="px", help="Distance of neighbouring kernels on the output."
    )
    padding: str = Choice(
        "valid",
        "same",
        "valid",
        "explicit",
        help="same: output = input x stride; valid: everything painted; explicit: cropped as set below.",
    )
    pads: tuple[int, int, int, int] = Ints(
        (0, 0, 0, 0),
        low=0,
        high=4096,
        length=(4, 4),
        unit="px",
        when=("padding", ("explicit",)),
        help="Rows and columns to crop from the output: top, left, bottom, right.",
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
    keywords: ClassVar[tuple[str, ...]] = ("deconvolution", "upconvolution", "upsample", "decoder", "transposed")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((2, 3, 4),), {"filters": 3}),
        Sample(((3, 4, 3),), {"filters": 2, "kernel": (3, 3), "padding": "same", "activation": "tanh"}),
        Sample(((2, 3, 3),), {"filters": 2, "kernel": (1, 2), "stride": (3, 2), "padding": "same", "use_bias": False}),
        Sample(
            ((2, 4, 5),),
            {"filters": 2, "kernel": (3, 4), "stride": (1, 2), "padding": "explicit", "pads": (1, 0, 2, 1)},
        ),
        Sample(((2, 3, 4),), {"filters": 3, "kernel": (3, 2), "stride": (1, 1), "dilation": (2, 3)}),
    )

    def _crop(self) -> tuple[Pads, Pair]:
        """((top, left, bottom, right) to crop, (rows, columns) to add behind)."""
        if self.padding == "valid":
            return (0, 0, 0, 0), (0, 0)
        if self.padding == "explicit":
            return self.pads, (0, 0)
        over = [d * (k - 1) + 1 - s for d, k, s in zip(self.dilation, self.kernel, self.stride, strict=True)]
        top, left = max(over[0], 0) // 2, max(over[1], 0) // 2
        return (top, left, max(over[0], 0) - top, max(over[1], 0) - left), (max(-over[0], 0), max(-over[1], 0))

    def _operation(self) -> ConvTranspose2d:
        pads, extra = self._crop()
        return ConvTranspose2d(self.stride, pads, self.dilation, extra)

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (O, Ho, Wo)."""
        need_image(self.title, inputs[0])
        out = self._operation().shape(inputs[0], (inputs[0][0], self.filters, *self.kernel))
        if min(out) < 1:
            raise ShapeRefusal(
                "a crop that leaves something",
                "cropping {pads} leaves {left} of the output",
                {"pads": " ".join(map(str, self.pads)), "left": times(out[1:])},
                expected="at least 1 x 1",
                got=times(out[1:]),
                fixes=(Fix("Crop nothing", "set_param", {"name": "padding", "value": "valid"}),),
            )
        return out

    def linear(self, b: Builder, x: Ref) -> Ref:
        """The transpose of w *, plus b."""
        cells = self.kernel[0] * self.kernel[1]
        fans = (x.shape[0] * cells, self.filters * cells)
        shape = (x.shape[0], self.filters, *self.kernel)
        return self.biased(b, self._operation(), x, self.kernel_weight(b, shape, fans), self.filters, fans)

    def torch_linear(self, t: TorchText, x: str) -> str:
        """nn.ConvTranspose2d, cropped behind it where the two sides differ."""
        (top, left, bottom, right), extra = self._crop()
        symmetric = (top, left) == (bottom, right)
        options = unusual(
            ("stride", self.stride, (1, 1)),
            ("padding", (top, left) if symmetric else (0, 0), (0, 0)),
            ("output_padding", extra, (0, 0)),
            ("bias", self.use_bias, True),
            ("dilation", self.dilation, (1, 1)),
        )
        names = {"weight": "weight", "bias": "bias"} if self.use_bias else {"weight": "weight"}
        module = t.module(f"nn.ConvTranspose2d({t.shape(x)[0]}, {self.filters}, {self.kernel}{options})", names)
        y = t.line(f"{module}({x})")
        return y if symmetric else t.line(f"F.pad({y}, ({-left}, {-right}, {-top}, {-bottom}))")

    def onnx_linear(self, e: OnnxGraph, x: str) -> str:
        """ConvTranspose."""
        pads, extra = self._crop()
        operands = [e.weight("weight"), e.weight("bias")] if self.use_bias else [e.weight("weight")]
        return e.node(
            "ConvTranspose",
            x,
            *operands,
            kernel_shape=self.kernel,
            strides=self.stride,
            pads=pads,
            output_padding=extra,
            dilations=self.dilation,
        )

    def keras_linear(self, k: KerasText, x: str) -> str:
        """layers.Conv2DTranspose, which fills up to the stride itself, cropped behind it; kernel (kh, kw, O, C)."""
        (top, left, _, _), _ = self._crop()
        _, rows, columns = self.shape(k.shape(x))
        stride = self.stride
        if self.dilation != (1, 1) and stride != (1, 1):
            x, stride = self._keras_stretched(k, x), (1, 1)
        options = unusual(
            ("strides", stride, (1, 1)),
            ("dilation_rate", self.dilation, (1, 1)),
            ("use_bias", self.use_bias, True),
        )
        weights: tuple[tuple[str, tuple[int, ...] | None], ...] = (("weight", (2, 3, 1, 0)),)
        if self.use_bias:
            weights = (*weights, ("bias", None))
        y = k.layer(f"layers.Conv2DTranspose({self.filters}, {self.kernel}{options})", x, weights=weights)
        return k.line(f"{y}[:, :, {top}:{top + rows}, {left}:{left + columns}]")

    def _keras_stretched(self, k: KerasText, x: str) -> str:
        """x with stride - 1 zeros behind each cell: Keras does not stride and dilate at once."""
        (c, h, w), (s, t) = k.shape(x), self.stride
        zeros = f"((0, 0), (0, 0), (0, 0), (0, {s - 1}), (0, 0), (0, {t - 1}))"
        apart = f"ops.pad(ops.reshape({x}, (-1, {c}, {h}, 1, {w}, 1)), {zeros})"
        return k.line(f"ops.reshape({apart}, (-1, {c}, {h * s}, {w * t}))")

    def summary(self) -> str:
        """``32 x 2x2, valid, stride 2x2, ReLU``."""
        first = f"{self.filters} x {'x'.join(map(str, self.kernel))}"
        return ", ".join([first, self.padding, f"stride {'x'.join(map(str, self.stride))}", *self.stage_summary()])

    def explain(self, *inputs: Shape) -> str:
        """``height: (7 - 1) x 2 + 2 = 14; ...``."""
        (top, left, bottom, right), extra = self._crop()
        out = self.shape(*inputs)
        parts = []
        for axis, name, cut in ((0, "height", top + bottom), (1, "width", left + right)):
            reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1
            less = f" - {cut}" if cut else f" + {extra[axis]}" if extra[axis] else ""
            parts.append(f"{name}: ({inputs[0][axis + 1]} - 1) x {self.stride[axis]} + {reach}{less} = {out[axis + 1]}")
        return "; ".join(parts)
