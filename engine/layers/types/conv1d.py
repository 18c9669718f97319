"""Conv1D: the same small kernels slide along a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Choice, Int, Ints
from engine.layers.base import LAYERS, Fix, Sample, ShapeRefusal
from engine.layers.builder import Builder, Ref
from engine.layers.convolution import unusual
from engine.layers.rules import text
from engine.layers.settings import KernelLayer
from engine.layers.sliding import PADDING_HELP, PADDINGS, Sliding
from engine.primitives import Shape
from engine.primitives.conv1d import Conv1d

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class Conv1D(KernelLayer, id="conv1d", title="Conv1D"):
    """y_o = phi(b_o + sum over c, i of w_(o,c,i) x_(c, s t + d i)), zeros outside the sequence.

    x (N, C, L), w (O, C, k), b (O,), y (N, O, Lo), Lo = floor((L + pads - d (k - 1) - 1) / s) + 1. Waibel et al. 1989.
    """

    filters: int = Int(32, low=1, high=65536, unit="channels", help="Channels that the layer makes: one kernel each.")
    kernel: int = Int(3, low=1, high=4096, help="Length of each kernel.")
    stride: int = Int(1, low=1, high=4096, help="Steps of the kernel.")
    padding: str = Choice("valid", *PADDINGS, help=PADDING_HELP)
    pads: tuple[int, int] = Ints(
        (0, 0), low=0, high=4096, length=(2, 2), when=("padding", ("explicit",)), help="Zeros to add: before, after."
    )
    dilation: int = Int(1, low=1, high=4096, help="Distance between neighbouring kernel cells.", group="advanced")

    group = "convolution"
    keywords: ClassVar[tuple[str, ...]] = ("convolution", "sequence", "time", "signal", "tdnn")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((2, 7),), {"filters": 3}),
        Sample(((3, 9),), {"filters": 2, "kernel": 2, "stride": 2, "dilation": 3, "use_bias": False}),
        Sample(((1, 7),), {"filters": 4, "padding": "same", "stride": 2, "activation": "tanh", "batch_norm": "before"}),
        Sample(((2, 5),), {"filters": 2, "padding": "explicit", "pads": (2, 1), "dropout": 0.25}),
    )

    @property
    def sliding(self) -> Sliding:
        """The window over a row."""
        before, after = self.pads
        return Sliding((1, self.kernel), (1, self.stride), self.padding, (0, before, 0, after), (1, self.dilation))

    def _pads(self, shape: Shape) -> tuple[int, int]:
        _, before, _, after = self.sliding.resolved(_row(shape))
        return (before, after)

    def shape(self, *inputs: Shape) -> Shape:
        """(C, L) -> (O, Lo)."""
        shape = inputs[0]
        if len(shape) != 2:
            fix = Fix("Insert Reshape", "insert_before", {"layer": "reshape", "params": {"target": (1, -1)}})
            raise ShapeRefusal(
                "a sequence per sample",
                "{layer} takes a sequence (channels x length), but {got} came",
                {"layer": self.title, "got": text(shape)},
                expected="N x C x L",
                got=text(shape),
                fixes=(fix,) if shape and max(shape) >= self.sliding.reach[1] else (),
            )
        if self.sliding.window(_row(shape)).out(_row(shape))[1] < 1:
            fix = Fix('Padding "same"', "set_param", {"name": "padding", "value": "same"})
            raise ShapeRefusal(
                "a window that fits the sequence",
                "a kernel that spans {reach} does not fit a sequence of {length}",
                {"reach": self.sliding.reach[1], "length": shape[1]},
                expected=f"at most {shape[1] + sum(self._pads(shape))}",
                got=str(self.sliding.reach[1]),
                fixes=(fix,),
            )
        return (self.filters, self.sliding.out(_row(shape))[1])

    def linear(self, b: Builder, x: Ref) -> Ref:
        """w * x + b."""
        fans = (x.shape[0] * self.kernel, self.filters * self.kernel)
        shape = (self.filters, x.shape[0], self.kernel)
        operation = Conv1d(self.stride, self._pads(x.shape), self.dilation)
        return self.biased(b, operation, x, self.kernel_weight(b, shape, fans), self.filters, fans)

    def torch_linear(self, t: TorchText, x: str) -> str:
        """nn.Conv1d, with F.pad before it where the two sides differ."""
        before, after = self._pads(t.shape(x))
        options = unusual(
            ("stride", self.stride, 1),
            ("padding", before if before == after else 0, 0),
            ("dilation", self.dilation, 1),
            ("bias", self.use_bias, True),
        )
        names = {"weight": "weight", "bias": "bias"} if self.use_bias else {"weight": "weight"}
        module = t.module(f"nn.Conv1d({t.shape(x)[0]}, {self.filters}, {self.kernel}{options})", names)
        if before != after:
            x = t.line(f"F.pad({x}, ({before}, {after}))")
        return t.line(f"{module}({x})")

    def onnx_linear(self, e: OnnxGraph, x: str) -> str:
        """Conv."""
        operands = [e.weight("weight"), e.weight("bias")] if self.use_bias else [e.weight("weight")]
        return e.node(
            "Conv",
            x,
            *operands,
            kernel_shape=[self.kernel],
            strides=[self.stride],
            pads=self._pads(e.shape(x)),
            dilations=[self.dilation],
        )

    def keras_linear(self, k: KerasText, x: str) -> str:
        """layers.Conv1D, with zeros before it where needed; its kernel is (k, C, O)."""
        before, after = self._pads(k.shape(x))
        if before or after:
            x = k.line(f"ops.pad({x}, ((0, 0), (0, 0), ({before}, {after})))")
        stride = self.stride if self.dilation == 1 else 1  # Keras takes not both; the output is thinned out instead
        options = unusual(
            ("strides", stride, 1), ("dilation_rate", self.dilation, 1), ("use_bias", self.use_bias, True)
        )
        weights: tuple[tuple[str, tuple[int, ...] | None], ...] = (("weight", (2, 1, 0)),)
        if self.use_bias:
            weights = (*weights, ("bias", None))
        y = k.layer(f"layers.Conv1D({self.filters}, {self.kernel}{options})", x, weights=weights)
        return y if stride == self.stride else k.line(f"{y}[:, :, ::{self.stride}]")

    def summary(self) -> str:
        """``32 x 3, same, ReLU, He``."""
        words = [f"{self.filters} x {self.kernel}", self.padding]
        words += [f"stride {self.stride}"] if self.stride > 1 else []
        words += [f"dilation {self.dilation}"] if self.dilation > 1 else []
        return ", ".join([*words, *self.stage_summary()])

    def explain(self, *inputs: Shape) -> str:
        """``100 - 3 + 1 = 98``."""
        return self.sliding.explain_axis(_row(inputs[0]), 1)


def _row(shape: Shape) -> Shape:
    """A sequence as an image of one row."""
    return (*shape[:-1], 1, shape[-1])
