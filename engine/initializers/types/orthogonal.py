"""Orthogonal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.declare import Float
from engine.initializers.base import INITIALIZERS, Initializer
from engine.primitives import Shape, size


@INITIALIZERS.add
class Orthogonal(Initializer, id="orthogonal", title="orthogonal"):
    """W W^T = gain^2 I, or W^T W = gain^2 I where W is taller than wide; Var W = gain^2 / max(rows, columns).

    W of shape (O, ...) is a matrix of O rows and as many columns as the rest has entries; uniform over all such
    matrices, by the QR decomposition of a normal one. Keeps lengths through any number of layers.
    Saxe, McClelland & Ganguli 2014; sign correction Mezzadri 2007.
    """

    gain: float = Float(1.0, low=0.0, low_open=True, help="Factor on every weight, e.g. 1.414 before ReLU.")

    def draw(self, shape: Shape, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Q of the QR decomposition, each column with the sign of R's diagonal, without which it is not uniform."""
        rows, columns = _matrix(shape)
        q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
        matrix = q if rows >= columns else q.T
        return np.ascontiguousarray(self.gain * matrix).reshape(shape)

    def variance(self, fan_in: int, fan_out: int, shape: Shape = ()) -> float:
        """gain^2 / max(rows, columns); without a shape, as for a dense layer."""
        return self.gain**2 / max(_matrix(shape) if shape else (fan_in, fan_out, 1))


def _matrix(shape: Shape) -> tuple[int, int]:
    """Rows and columns; a vector is one row."""
    return (shape[0], size(shape[1:])) if len(shape) > 1 else (1, size(shape))
