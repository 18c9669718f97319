"""AvgPool2D: the mean answer in each window."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.layers.base import LAYERS
from engine.layers.pooling import PoolLayer, symmetric
from engine.primitives import Primitive
from engine.primitives.avg_pool2d import AvgPool2d
from engine.primitives.window import Window

if TYPE_CHECKING:
    from engine.layers.emit import KerasText, OnnxGraph, TorchText


@LAYERS.add
class AvgPool2D(PoolLayer, id="avg_pool2d", title="AvgPool2D"):
    """y = mean of x over the window's cells that lie on the image. x (N, C, H, W), y (N, C, Ho, Wo).

    Ho = floor((H + pads - kh) / s) + 1. Padding is not counted. Every cell gets its share of the gradient.
    LeCun et al. 1998 (subsampling).
    """

    keywords: ClassVar[tuple[str, ...]] = ("average", "mean", "subsampling", "downsample")

    def primitive(self, window: Window) -> Primitive:
        """AvgPool2d."""
        return AvgPool2d(window.kernel, window.stride, window.pads)

    def torch(self, t: TorchText, *inputs: str) -> str:
        """nn.AvgPool2d without counting the padding; unequal padding by dividing through the pooled ones."""
        x = inputs[0]
        top, left, bottom, right = pads = self.sliding.resolved(t.shape(x))
        fits = symmetric(pads, self.size)
        inside = f", padding={(top, left)}, count_include_pad=False" if fits and any(pads) else ""
        module = t.module(f"nn.AvgPool2d({self.size}, {self.stride}{inside})")
        if fits:
            return t.line(f"{module}({x})")
        border = (left, right, top, bottom)
        return t.line(f"{module}(F.pad({x}, {border})) / {module}(F.pad(torch.ones_like({x}), {border}))")

    def onnx(self, e: OnnxGraph, *inputs: str) -> str:
        """AveragePool, which leaves padding out by default."""
        pads = self.sliding.resolved(e.shape(inputs[0]))
        return e.node(
            "AveragePool", inputs[0], kernel_shape=self.size, strides=self.stride, pads=pads, count_include_pad=0
        )

    def keras(self, k: KerasText, *inputs: str) -> str:
        """layers.AveragePooling2D; padding by dividing through the pooled ones."""
        x = inputs[0]
        top, left, bottom, right = pads = self.sliding.resolved(k.shape(x))
        if not any(pads):
            return k.layer(f"layers.AveragePooling2D({self.size}, {self.stride})", x)
        border = f"((0, 0), (0, 0), ({top}, {bottom}), ({left}, {right}))"
        how = f'{self.size}, {self.stride}, data_format="channels_first"'
        ones = k.line(f"ops.average_pool(ops.pad(ops.ones_like({x}), {border}), {how})")
        return k.line(f"ops.average_pool(ops.pad({x}, {border}), {how}) / {ones}")
