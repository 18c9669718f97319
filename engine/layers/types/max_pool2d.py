"""MaxPool2D: the strongest answer in each window."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.base import LAYERS
from engine.layers.pooling import PoolLayer, symmetric
from engine.primitives import Primitive
from engine.primitives.max_pool2d import MaxPool2d
from engine.primitives.window import Window

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class MaxPool2D(PoolLayer, id="max_pool2d", title="MaxPool2D"):
    """y = max over the window of x. x (N, C, H, W), y (N, C, Ho, Wo), Ho = floor((H + pads - kh) / s) + 1.

    The gradient returns to the cell that won. Padding never wins. Ranzato et al. 2007; Scherer, Müller & Behnke 2010.
    """

    keywords: ClassVar[tuple[str, ...]] = ("maximum", "subsampling", "downsample")

    def primitive(self, window: Window) -> Primitive:
        """MaxPool2d."""
        return MaxPool2d(window.kernel, window.stride, window.pads)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.MaxPool2d, with F.pad by -inf before it where PyTorch's own padding cannot say it."""
        x = inputs[0]
        top, left, bottom, right = pads = self.sliding.resolved(t.shape(x))
        fits = symmetric(pads, self.size)
        inside = f", padding={(top, left)}" if fits and any(pads) else ""
        module = t.module(f"nn.MaxPool2d({self.size}, {self.stride}{inside})")
        if not fits:
            x = t.line(f'F.pad({x}, ({left}, {right}, {top}, {bottom}), value=float("-inf"))')
        return t.line(f"{module}({x})")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """MaxPool."""
        pads = self.sliding.resolved(e.shape(inputs[0]))
        return e.node("MaxPool", inputs[0], kernel_shape=self.size, strides=self.stride, pads=pads)

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.MaxPooling2D, with ops.pad by -inf before it where needed."""
        x = inputs[0]
        top, left, bottom, right = pads = self.sliding.resolved(k.shape(x))
        if any(pads):
            x = k.line(
                f'ops.pad({x}, ((0, 0), (0, 0), ({top}, {bottom}), ({left}, {right})), constant_values=float("-inf"))'
            )
        return k.layer(f"layers.MaxPooling2D({self.size}, {self.stride})", x)
