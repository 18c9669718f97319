"""How large and how alike the cells of a picture are, and what pooling makes of that: for the prediction.

S(p, p') = E[x(p) x(p')] over samples and channels, (H W, H W). Random kernels pass it on: a convolution adds
up S(s p + u, s p' + u) over its taps u (Xiao et al. 2018, Novak et al. 2019). A mean over windows is linear in x, so
that S becomes A S A^T. What a maximum does is looked up in random pictures: drawn normal with that S, taken through the
network's own operations and back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.primitives import Context, Primitive
from engine.primitives.window import Window

Floats = NDArray[np.float64]

#: cells of the largest picture that S is kept of
MOST_CELLS = 1024
#: cells that are drawn in all, and limits to the number of pictures
CELLS, LEAST, MOST = 300_000, 64, 1024
#: values between which an expectation is looked up
NODES = 33


class Alike(NamedTuple):
    """``products``: S, see above; ``size``: (H, W)."""

    products: Floats
    size: tuple[int, int]

    @property
    def where(self) -> Floats:
        """E[x(p)^2] by cell."""
        return np.diagonal(self.products)

    @property
    def q(self) -> float:
        """The mean square."""
        return float(self.where.mean())


def alike_of(pictures: Floats) -> Alike:
    """Of pictures (N, C, H, W) that were measured or drawn."""
    flat = pictures.reshape(-1, pictures.shape[-2] * pictures.shape[-1])
    return Alike(flat.T @ flat / len(flat), (pictures.shape[-2], pictures.shape[-1]))


def unlike(second: float, common: float, size: tuple[int, ...]) -> Alike:
    """Cells that have nothing in common but the mean."""
    cells = size[-2] * size[-1]
    return Alike(np.full((cells, cells), common) + (second - common) * np.eye(cells), (size[-2], size[-1]))


def convolved(x: Alike, window: Window, tap: float, bias: float) -> Alike:
    """Behind random kernels: each tap adds ``tap`` times the products where it looks, unless that is padding."""
    (high, wide), out = x.size, window.out(x.size)
    # The window runs over the first cell, then over the second; both look through the same tap.
    first = window.padded(np, np.moveaxis(x.products.reshape(high, wide, high * wide), 2, 0), 0.0)
    found = np.zeros((out[0] * out[1], *out))
    for i, j, view in window.views(first, out):
        second = window.padded(np, view.reshape(high, wide, -1).transpose(2, 0, 1), 0.0)
        found += next(v for a, b, v in window.views(second, out) if (a, b) == (i, j))
    cells = out[0] * out[1]
    return Alike(tap * found.reshape(cells, cells) + bias, out)


def activated(x: Alike, second: Callable[[float], float], shared: Callable[[float], float]) -> Alike:
    """Behind an activation: ``second(q)`` = E[phi(z)^2], ``shared(covariance)`` = E[phi(y) phi(z)] at the mean q; the
    correlation of two cells is as there, their size as at their own place."""
    before, after = np.sqrt(x.where), np.sqrt(local(x.where, second))
    scale = np.outer(before, before)
    part = np.clip(np.divide(x.products, scale, out=np.zeros_like(scale), where=scale > 0), -1.0, 1.0)
    # dense towards full correlation, where activations with a kink bend most
    low = float(part.min())
    nodes = low + (1 - low) * np.sin(np.linspace(0, math.pi / 2, NODES))
    values = np.array([shared(x.q * v) for v in nodes])
    found = np.interp(part, nodes, values / values[-1] if values[-1] > 0 else values)
    found *= np.outer(after, after)
    np.fill_diagonal(found, after**2)
    return Alike(found, x.size)


def local(where: Floats, figure: Callable[[float], float]) -> Floats:
    """``figure(q)`` at each place's q, looked up between NODES of them."""
    low, high = float(where.min()), float(where.max())
    if high <= low * (1 + 1e-9):
        return np.full(where.shape, figure(high))
    nodes = low + (high - low) * np.linspace(0, 1, NODES) ** 2
    return np.interp(where, nodes, [figure(float(v)) for v in nodes])


def averaged(x: Alike, mean: Primitive) -> Alike:
    """Behind means over windows, or over the whole picture; the operation itself says over which cells."""
    cells = len(x.products)
    matrix, _ = mean.forward(Context(np), np.eye(cells).reshape(cells, 1, *x.size))
    size = (matrix.shape[-2], matrix.shape[-1]) if matrix.ndim == 4 else (1, 1)
    matrix = matrix.reshape(cells, -1)
    return Alike(matrix.T @ x.products @ matrix, size)


class Drawn(NamedTuple):
    """What random pictures became. ``common``: E[y y'] of two samples; ``passed``: mean square of the gradient at the
    source over that at the end, where the latter is independent from cell to cell."""

    alike: Alike
    common: float
    passed: float


def drawn_through(source: Alike, common: float, chain: Sequence[Primitive]) -> Drawn:
    """Normal pictures like the source, two samples sharing ``common``, taken through the operations and back."""
    rng = np.random.default_rng(0)
    values = normal_pictures(source, common, rng)[:, None]
    context, kept = Context(np), []
    for operation in chain:
        y, saved = operation.forward(context, values)
        kept.append((operation, values, saved, y))
        values = y
    given = rng.standard_normal(values.shape)
    back = given
    for operation, x, saved, y in reversed(kept):
        back = np.asarray(operation.backward(context, back, saved, [x], y, [True])[0])
    ends = values.reshape(len(values), 1, *(values.shape[2:] or (1, 1)))
    first, second = np.split(ends.mean(axis=(1, 2, 3)), 2)
    return Drawn(alike_of(ends), float(np.mean(first * second)), float(np.mean(back**2) / np.mean(given**2)))


def normal_pictures(x: Alike, common: float, rng: np.random.Generator) -> Floats:
    """(2 M, H, W): pictures m and M + m are two samples of one channel. What they share and their strongest component
    are spread evenly over the normal distribution, so that few pictures say what many would."""
    cells = len(x.products)
    count = min(max(CELLS // cells, LEAST), MOST)
    relative = np.sqrt(x.where / x.q) if x.q > 0 else np.zeros(cells)
    shared = math.sqrt(_part_of(x.products, relative, common)) * relative
    sizes, vectors = np.linalg.eigh(x.products - np.outer(shared, shared))
    factor = vectors * np.sqrt(np.maximum(sizes, 0.0))
    noise = rng.standard_normal((2, count, cells))
    noise[0, :, -1], noise[1, :, -1] = _even(count, rng), _even(count, rng)
    pictures = noise @ factor.T + np.outer(_even(count, rng), shared)
    found: Floats = pictures.reshape(2 * count, *x.size)
    return found


def _part_of(products: Floats, direction: Floats, wanted: float) -> float:
    """As much of d d^T as is wanted, but no more than S holds: the rest must stay a covariance."""
    sizes, vectors = np.linalg.eigh(products)
    known = sizes > 1e-9 * max(float(sizes[-1]), 0.0)
    along = float(np.sum((vectors.T @ direction)[known] ** 2 / sizes[known]))
    return max(min(wanted, 1 / along if along > 0 else 0.0), 0.0)


def _even(count: int, rng: np.random.Generator) -> Floats:
    normal = NormalDist()
    return rng.permutation(np.array([normal.inv_cdf((m + 0.5) / count) for m in range(count)]))
