"""Conv2D: the same small kernels slide over the whole image."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.declare import Int
from engine.layers.base import LAYERS, Fix, Sample, ShapeRefusal
from engine.layers.convolution import ConvLayer, unusual

if TYPE_CHECKING:
    from engine.layers.emit import KerasText


@LAYERS.add
class Conv2D(ConvLayer, id="conv2d", title="Conv2D"):
    """y_o = phi(b_o + sum over c, i, j of w_(o,c,i,j) x_(c, s h + d i, s w + d j)), zeros outside the image.

    x (N, C, H, W), w (O, C / groups, kh, kw), b (O,), y (N, O, Ho, Wo),
    Ho = floor((H + pads - d (kh - 1) - 1) / s) + 1. Fukushima 1980; LeCun et al. 1989.
    """

    filters: int = Int(
        32, low=1, high=65536, unit="channels", help="Feature maps that the layer makes: one kernel each."
    )
    groups: int = Int(
        1, low=1, high=65536, help="Parts of the channels that do not see each other; 1: all see all.", group="advanced"
    )

    keywords: ClassVar[tuple[str, ...]] = ("convolution", "filter", "kernel", "feature map", "image", "grouped")
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
    )

    def outputs_of(self, channels: int) -> tuple[int, int]:
        """The filters; both counts are multiples of the groups."""
        for name, count in (("input channels", channels), ("filters", self.filters)):
            if count % self.groups:
                raise ShapeRefusal(
                    "groups that divide the channels",
                    "{groups} groups do not divide {count} {what}",
                    {"groups": self.groups, "count": count, "what": name},
                    expected=f"a divisor of {count}",
                    got=str(self.groups),
                    fixes=(Fix("One group", "set_param", {"name": "groups", "value": 1}),),
                )
        return self.filters, self.groups

    def keras_linear(self, k: KerasText, x: str) -> str:
        """layers.Conv2D; its kernel is (kh, kw, C / groups, O)."""
        options = unusual(
            ("strides", self.keras_strides(), (1, 1)),
            ("dilation_rate", self.dilation, (1, 1)),
            ("groups", self.groups, 1),
            ("use_bias", self.use_bias, True),
        )
        expression = f"layers.Conv2D({self.filters}, {self.kernel}{options})"
        y = k.layer(expression, self.keras_padded(k, x), weights=self.keras_weights((2, 3, 1, 0)))
        return self.keras_thinned(k, y)

    def summary(self) -> str:
        """``32 x 3x3, same, ReLU, He``."""
        text = self.window_summary(f"{self.filters} x")
        return f"{text}, {self.groups} groups" if self.groups > 1 else text
