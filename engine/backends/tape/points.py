"""Winograd's matrices of F(2x2, 3x3) and F(4x4, 3x3).

Points of F(4x4): 0, +-5/8, +-3/2, infinity: half the error of the usual +-1, +-2, and every constant is exact in
float32. Winograd 1980; Lavin & Gray 2016.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEAR, FAR = 0.625, 1.5
#: tiles that one block transforms before it multiplies; a multiple of four, and eight at least, as products take them
TILES = {2: 64, 4: 24}
#: floats between the points of a block, so that they do not fall into one cache set
GAP = 16


def kernel_matrix(m: int) -> NDArray[np.float64]:
    """G (m + 2, 3): U = G w G^T."""
    if m == 2:
        return np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1.0]])
    a, b = NEAR**2, FAR**2
    p, q = 2 * a * (a - b), 2 * b * (b - a)
    rows = [[1 / (a * b), 0, 0], [1 / p, NEAR / p, a / p], [1 / p, -NEAR / p, a / p]]
    return np.array([*rows, [1 / q, FAR / q, b / q], [1 / q, -FAR / q, b / q], [0, 0, 1.0]])


def input_matrix(m: int) -> NDArray[np.float64]:
    """B^T (m + 2, m + 2): V = B^T d B."""
    if m == 2:
        return np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1.0]])
    a, b, p, q = NEAR**2, FAR**2, NEAR, FAR
    return np.array([
        [a * b, 0, -a - b, 0, 1, 0], [0, -p * b, -b, p, 1, 0], [0, p * b, -b, -p, 1, 0], [0, -q * a, -a, q, 1, 0],
        [0, q * a, -a, -q, 1, 0], [0, a * b, 0, -a - b, 0, 1.0],
    ])  # fmt: skip


def output_matrix(m: int) -> NDArray[np.float64]:
    """A^T (m, m + 2): y = A^T M A."""
    if m == 2:
        return np.array([[1, 1, 1, 0], [0, 1, -1, 1.0]])
    p, q = NEAR, FAR
    return np.array([
        [1, 1, 1, 1, 1, 0], [0, p, -p, q, -q, 0], [0, p**2, p**2, q**2, q**2, 0], [0, p**3, -(p**3), q**3, -(q**3), 1.0]
    ])  # fmt: skip


def scratch(m: int, inputs: int, outputs: int) -> int:
    """Floats that one thread needs for a block."""
    points, some = (m + 2) ** 2, TILES[m]
    return points * (some * (inputs + outputs) + 2 * GAP) + points * max(inputs, outputs)
