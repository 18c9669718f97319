"""DepthwiseConv2D: every channel has kernels of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Int
from engine.layers.base import LAYERS, Sample
from engine.layers.convolution import ConvLayer, unusual

if TYPE_CHECKING:
    from engine.layers.emit import KerasText


@LAYERS.add
class DepthwiseConv2D(ConvLayer, id="depthwise_conv2d", title="DepthwiseConv2D"):
    """y_(c m + j) = phi(b + sum over i, i' of w_(c m + j, i, i') x_(c, ...)): m kernels for each channel, none across.

    x (N, C, H, W), w (C m, 1, kh, kw), b (C m,), y (N, C m, Ho, Wo). Sifre 2014; Howard et al. 2017 (MobileNet).
    """

    multiplier: int = Int(1, low=1, high=1024, label="kernels per channel", help="Feature maps made of each channel.")

    keywords: ClassVar[tuple[str, ...]] = ("depthwise", "separable", "mobilenet", "convolution")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(((3, 5, 6),)),
        Sample(((2, 7, 5),), {"multiplier": 3, "stride": (2, 1), "padding": "same", "activation": "tanh"}),
        Sample(((3, 6, 6),), {"multiplier": 2, "kernel": (2, 3), "dilation": (2, 1), "use_bias": False}),
    )

    def outputs_of(self, channels: int) -> tuple[int, int]:
        """As many groups as channels."""
        return channels * self.multiplier, channels

    def keras_linear(self, k: KerasText, x: str) -> str:
        """layers.Conv2D with groups: the strides of layers.DepthwiseConv2D must be equal. Kernel (kh, kw, 1, C m)."""
        channels = k.shape(x)[0]
        options = unusual(
            ("strides", self.keras_strides(), (1, 1)),
            ("dilation_rate", self.dilation, (1, 1)),
            ("groups", channels, 1),
            ("use_bias", self.use_bias, True),
        )
        expression = f"layers.Conv2D({channels * self.multiplier}, {self.kernel}{options})"
        y = k.layer(expression, self.keras_padded(k, x), weights=self.keras_weights((2, 3, 1, 0)))
        return self.keras_thinned(k, y)

    def summary(self) -> str:
        """``3x3, same, ReLU``; ``2 x`` before it where each channel has two."""
        return self.window_summary(f"{self.multiplier} x" if self.multiplier > 1 else "")
