"""Two-dimensional convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.primitives.base import Array, Context, Primitive, Shape, primitive, size
from engine.primitives.sums import total
from engine.primitives.window import Pads, Pair, Window, chunks


@primitive
@dataclass(frozen=True)
class Conv2d(Primitive):
    """y_o = sum over c, i, j of w_(o,c,i,j) x_(c, s h + d i - top, s w + d j - left) (+ b_o), zeros outside.

    x (N, C, H, W), w (O, C / groups, kh, kw), b (O,), y (N, O, Ho, Wo), where Ho = floor((H + top + bottom
    - d (kh - 1) - 1) / s) + 1. A cross-correlation, as all frameworks call convolution. Computed as matrix products
    over unfolded images (Chellapilla, Puri & Simard 2006), a few samples at a time, to bound the memory.
    """

    stride: Pair = (1, 1)
    pads: Pads = (0, 0, 0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    id: ClassVar[str] = "conv2d"

    def window(self, w: Shape) -> Window:
        """The geometry for a kernel tensor of this shape."""
        return Window((w[-2], w[-1]), self.stride, self.pads, self.dilation)

    def shape(self, *inputs: Shape) -> Shape:
        """(C, H, W), (O, C / groups, kh, kw)[, (O,)] -> (O, Ho, Wo)."""
        return (inputs[1][0], *self.window(inputs[1]).out(inputs[0]))

    def forward(self, ctx: Context, *inputs: Array) -> tuple[Array, Any]:
        """W times the unfolded images. Keeps nothing: backward unfolds again."""
        y = correlate(ctx.xp, inputs[0], inputs[1], self.window(inputs[1].shape), self.groups)
        if len(inputs) > 2:
            y += inputs[2][:, None, None]
        return y, None

    def backward(
        self, ctx: Context, grad: Array, saved: Any, inputs: Sequence[Array], output: Array, needs: Sequence[bool]
    ) -> Sequence[Array | None]:
        """dw = dy unfolded(x)^T; dx = folded(W^T dy), each cell the sum over the windows that saw it; db = sum dy."""
        x, w = inputs[0], inputs[1]
        window = self.window(w.shape)
        dx = spread(ctx.xp, grad, w, window, self.groups, x.shape[-2:]) if needs[0] else None
        dw = kernel_gradient(ctx.xp, x, grad, w.shape, window, self.groups) if needs[1] else None
        if len(inputs) == 2:
            return dx, dw
        return dx, dw, (total(grad, (0, 2, 3)) if needs[2] else None)

    def macs(self, *inputs: Shape) -> int:
        """Ho Wo O (C / groups) kh kw."""
        return size(self.shape(*inputs)) * size(inputs[1][1:])


class Unfolder:
    """x (n, C, H, W) -> (n, groups, C / groups kh kw, Ho Wo), reusing its memory from chunk to chunk."""

    def __init__(self, xp: Any, window: Window, groups: int) -> None:
        self.xp, self.window, self.groups = xp, window, groups
        self.cells: Array = None
        self.border: Array = None

    def __call__(self, x: Array) -> Array:
        """The unfolded chunk; valid until the next call."""
        n, c = x.shape[:2]
        out = self.window.out(x.shape)
        shape = (n, self.groups, c // self.groups * size(self.window.kernel), size(out))
        if self.window.is_point:
            return x.reshape(shape)
        if self.cells is None or len(self.cells) < n:
            self.cells = self.xp.empty((n, c, *self.window.kernel, *out), dtype=x.dtype)
            self.border = self.window.border(self.xp, x, 0.0) if any(self.window.pads) else None
        padded = x if self.border is None else self.window.padded(self.xp, x, 0.0, self.border[:n])
        for i, j, view in self.window.views(padded, out):
            self.cells[:n, :, i, j] = view
        return self.cells[:n].reshape(shape)


def _cell_bytes(channels: int, window: Window, out: Pair, itemsize: int) -> int:
    return channels * size(window.kernel) * size(out) * itemsize


def correlate(xp: Any, x: Array, w: Array, window: Window, groups: int) -> Array:
    """y = w * x without bias: (N, C, H, W), (O, C / groups, kh, kw) -> (N, O, Ho, Wo)."""
    out = window.out(x.shape)
    y = xp.empty((len(x), len(w), *out), dtype=x.dtype)
    matrix = w.reshape(groups, len(w) // groups, -1)
    rows = y.reshape(len(x), groups, len(w) // groups, size(out))
    unfold = Unfolder(xp, window, groups)
    for part in chunks(xp, len(x), _cell_bytes(x.shape[1], window, out, x.itemsize)):
        xp.matmul(matrix, unfold(x[part]), out=rows[part])
    return y


def spread(xp: Any, grad: Array, w: Array, window: Window, groups: int, image: Shape) -> Array:
    """The transpose of ``correlate`` in x: (N, O, Ho, Wo), (O, C / groups, kh, kw) -> (N, C, H, W)."""
    channels, out = w.shape[1] * groups, grad.shape[2:]
    mirrored = _mirrored(window)
    if mirrored is not None and channels >= len(w):  # gathering dy copies O cells a place, scattering sums C
        turned = w.reshape(groups, len(w) // groups, *w.shape[1:]).swapaxes(1, 2)[..., ::-1, ::-1]
        return correlate(xp, grad, turned.reshape(channels, len(w) // groups, *window.kernel), mirrored, groups)
    matrix = w.reshape(groups, len(w) // groups, -1).transpose(0, 2, 1)
    rows = grad.reshape(len(grad), groups, len(w) // groups, size(out))
    dx = xp.empty((len(grad), channels, *image), dtype=grad.dtype)
    for part in chunks(xp, len(grad), _cell_bytes(channels, window, out, grad.itemsize)):
        cells = xp.matmul(matrix, rows[part])
        if window.is_point:
            dx[part] = cells.reshape(dx[part].shape)
            continue
        cells = cells.reshape(-1, channels, *window.kernel, *out)
        padded = window.border(xp, dx[part], 0.0)
        for i, j, view in window.views(padded, out):
            view += cells[:, :, i, j]
        dx[part] = window.inside(padded)
    return dx


def _mirrored(window: Window) -> Window | None:
    """The window with which dx is itself a convolution of dy, by the kernel turned round; None at strides above 1."""
    rows, columns = (d * (k - 1) for d, k in zip(window.dilation, window.kernel, strict=True))
    top, left, bottom, right = window.pads
    pads = (rows - top, columns - left, rows - bottom, columns - right)
    return (
        Window(window.kernel, pads=pads, dilation=window.dilation)
        if window.stride == (1, 1) and min(pads) >= 0
        else None
    )


def kernel_gradient(xp: Any, x: Array, grad: Array, shape: Shape, window: Window, groups: int) -> Array:
    """The transpose of ``correlate`` in w: sum over samples of dy unfolded(x)^T, shape of w."""
    out = grad.shape[2:]
    rows = grad.reshape(len(grad), groups, shape[0] // groups, size(out))
    dw = xp.zeros((groups, size(shape[1:]), shape[0] // groups), dtype=grad.dtype)
    unfold = Unfolder(xp, window, groups)
    for part in chunks(xp, len(x), _cell_bytes(x.shape[1], window, out, x.itemsize)):
        dw += xp.matmul(unfold(x[part]), rows[part].swapaxes(2, 3)).sum(0)  # this way round the BLAS is faster
    return xp.ascontiguousarray(dw.swapaxes(1, 2)).reshape(shape)
