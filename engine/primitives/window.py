"""The sliding window that convolution and pooling share: its geometry, and views of what it sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.primitives.base import Array, Shape

Pair = tuple[int, int]
Pads = tuple[int, int, int, int]  # top, left, bottom, right, as ONNX orders them

#: working memory of one chunk: about the cache of one core on a CPU, few launches on a device
HOST_BYTES, DEVICE_BYTES = 1 << 20, 256 << 20


def chunks(xp: Any, count: int, bytes_each: int) -> Iterator[slice]:
    """Slices of a batch of ``count`` samples, each within the working memory (one sample at least)."""
    step = max(1, (HOST_BYTES if xp is np else DEVICE_BYTES) // bytes_each)
    return (slice(k, min(k + step, count)) for k in range(0, count, step))


def out_length(length: int, kernel: int, stride: int, dilation: int, before: int, after: int) -> int:
    """floor((length + before + after - (dilation (kernel - 1) + 1)) / stride) + 1; below 1 if nothing fits."""
    return (length + before + after - (dilation * (kernel - 1) + 1)) // stride + 1


@dataclass(frozen=True)
class Window:
    """kernel, stride, pads and dilation over the two last axes of an array."""

    kernel: Pair
    stride: Pair = (1, 1)
    pads: Pads = (0, 0, 0, 0)
    dilation: Pair = (1, 1)

    def out(self, image: Shape) -> Pair:
        """(..., H, W) -> (Ho, Wo)."""
        top, left, bottom, right = self.pads
        return (
            out_length(image[-2], self.kernel[0], self.stride[0], self.dilation[0], top, bottom),
            out_length(image[-1], self.kernel[1], self.stride[1], self.dilation[1], left, right),
        )

    @property
    def is_point(self) -> bool:
        """Whether the window is one cell that visits every cell: a 1 x 1 convolution of stride 1."""
        return self.kernel == (1, 1) and self.stride == (1, 1) and not any(self.pads)

    def padded(self, xp: Any, x: Array, fill: float, buffer: Array | None = None) -> Array:
        """x with its border, or x itself where there is none. A ``buffer`` keeps its border from an earlier call."""
        if not any(self.pads):
            return x
        if buffer is None:
            buffer = self.border(xp, x, fill)
        self.inside(buffer)[...] = x
        return buffer

    def border(self, xp: Any, x: Array, fill: float) -> Array:
        """A padded array for images like x, filled throughout."""
        top, left, bottom, right = self.pads
        return xp.full((*x.shape[:-2], x.shape[-2] + top + bottom, x.shape[-1] + left + right), fill, dtype=x.dtype)

    def inside(self, padded: Array) -> Array:
        """View of a padded array without its border."""
        top, left, bottom, right = self.pads
        return padded[..., top : padded.shape[-2] - bottom, left : padded.shape[-1] - right]

    def views(self, padded: Array, out: Pair) -> Iterator[tuple[int, int, Array]]:
        """(i, j, view): the cell (i, j) of the kernel at every place of the window, shape (..., Ho, Wo)."""
        (kh, kw), (sh, sw), (dh, dw) = self.kernel, self.stride, self.dilation
        for i in range(kh):
            rows = slice(i * dh, i * dh + (out[0] - 1) * sh + 1, sh)
            for j in range(kw):
                yield i, j, padded[..., rows, j * dw : j * dw + (out[1] - 1) * sw + 1 : sw]

    def counts(self, image: Shape) -> np.ndarray[Any, np.dtype[np.float64]]:
        """How many cells of the window lie on the image, not on its padding, at each place: (Ho, Wo)."""
        ones = np.ones(image[-2:])
        out = self.out(image)
        total = np.zeros(out)
        for _, _, view in self.views(self.padded(np, ones, 0.0), out):
            total += view
        return total
