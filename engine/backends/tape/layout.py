"""Where values lie in the arena, and the way there and back from arrays as people know them (N, C, H, W)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.tape.opcodes import PANEL
from engine.primitives import Shape, size

Image = tuple[int, int, int]  # C, H, W
View = tuple[int, int, int]  # offset, sample stride, row stride
Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class Store:
    """A batch in the arena, sample after sample.

    ``image``: the numbers lie as (H, W, C) with ``halo`` zeros around, though the shape may be flat; else in C order.
    ``offset`` is the first number of the first sample, behind its halo. ``shared``: all samples take the same place,
    one after the other.
    """

    base: int
    shape: Shape
    image: Image | None = None
    halo: int = 0
    shared: bool = False

    @property
    def pitch(self) -> int:
        """Floats from one sample to the next."""
        return 0 if self.shared else self.extent

    @property
    def extent(self) -> int:
        """Floats of one sample."""
        if self.image is None:
            return size(self.shape)
        c, h, w = self.image
        return c * (h + 2 * self.halo) * (w + 2 * self.halo)

    @property
    def stride(self) -> int:
        """Floats from one row of the image to the next."""
        c, _, w = self.image or (1, 1, self.extent)
        return c * (w + 2 * self.halo)

    @property
    def offset(self) -> int:
        """The first number."""
        return self.base + (self.halo * (self.stride + self.image[0]) if self.image else 0)

    @property
    def view(self) -> View:
        """(offset, sample stride, row stride)."""
        return self.offset, self.pitch, self.stride

    def at(self, base: int, halo: int | None = None) -> Store:
        """The same elsewhere, maybe with another halo."""
        return replace(self, base=base, halo=self.halo if halo is None else halo, shared=False)

    def _inside(self, arena: Floats32, count: int) -> Floats32:
        whole = arena[self.base : self.base + count * self.pitch]
        if self.image is None:
            return whole.reshape(count, -1)
        c, h, w = self.image
        e = self.halo
        return whole.reshape(count, h + 2 * e, w + 2 * e, c)[:, e : e + h, e : e + w]

    def read(self, arena: Floats32, count: int) -> Floats32:
        """A copy (N, *shape)."""
        inside = self._inside(arena, count)
        if self.image is not None:
            inside = inside.transpose(0, 3, 1, 2)
        return np.array(inside, order="C").reshape(count, *self.shape)


def common(*stores: Store) -> tuple[int, int, list[View]]:
    """(rows, row length, views) over which stores of one shape and order can be walked together."""
    first = stores[0]
    if first.image is None or not any(s.halo for s in stores):
        return 1, first.extent, [(s.offset, s.pitch, 0) for s in stores]
    c, h, w = first.image
    return h, w * c, [s.view for s in stores]


def ordered(array: NDArray[Any], image: Image | None, *, whole: bool) -> NDArray[Any]:
    """Samples (N, ...) as rows (N, K) in the order of a store without halo; float32 unless ``whole`` numbers."""
    kind = np.int64 if whole else np.float32
    if image is not None:
        array = array.reshape(len(array), *image).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(array, kind).reshape(len(array), -1)


@dataclass(frozen=True)
class Slot:
    """A weight or state in the arena.

    ``matrix``: a K x N matrix in panels of 16 columns, zeros behind the last; K counts (kh, kw, inputs). ``image``: the
    order of the inputs of a dense layer that reads a flattened image. ``outputs_last``: (kh, kw, inputs, outputs).
    """

    shape: Shape
    offset: int = -1
    matrix: bool = False
    image: Image | None = None
    outputs_last: bool = False

    @property
    def inner(self) -> int:
        """K."""
        return size(self.shape[1:])

    @property
    def columns(self) -> int:
        """N."""
        return self.shape[0]

    @property
    def count(self) -> int:
        """Floats in the arena."""
        return -(-self.columns // PANEL) * PANEL * self.inner if self.matrix else size(self.shape)

    def pack(self, array: NDArray[np.floating]) -> Floats32:
        """The array as it lies in the arena."""
        if self.outputs_last:
            array = np.moveaxis(np.asarray(array), (0, 1), (-1, -2))
        if not self.matrix:
            return np.ascontiguousarray(array, np.float32).reshape(-1)
        rows = np.asarray(array, np.float32)
        if self.image is not None:
            rows = rows.reshape(-1, *self.image)
        if rows.ndim > 2:
            rows = np.moveaxis(rows, 1, -1)
        panels = -(-self.columns // PANEL)
        padded = np.zeros((panels * PANEL, self.inner), np.float32)
        padded[: self.columns] = rows.reshape(self.columns, self.inner)
        return np.ascontiguousarray(padded.reshape(panels, PANEL, self.inner).transpose(0, 2, 1)).reshape(-1)

    def unpack(self, flat: Floats32) -> Floats32:
        """The array as people know it, a copy."""
        if self.outputs_last:
            last = flat.reshape(*self.shape[2:], self.shape[1], self.shape[0])
            return np.array(np.moveaxis(last, (-1, -2), (0, 1)), order="C")
        if not self.matrix:
            return flat.reshape(self.shape).copy()
        rows = flat.reshape(-1, self.inner, PANEL).transpose(0, 2, 1).reshape(-1, self.inner)[: self.columns]
        dims = self.image or (self.shape[1:] if len(self.shape) > 2 else None)
        if dims is not None:
            rows = np.moveaxis(rows.reshape(self.columns, *dims[1:], dims[0]), -1, 1)
        return np.array(rows, order="C").reshape(self.shape)
