"""What a product's rows go through while they are in the nearest cache: an activation, or the slope of the one before.

Kinds are 1 + the opcode of the elementwise function; 0 is none. ReLU is applied in the product's own registers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.kernels.math32 import sigmoid32, tanh32
from engine.backends.tape.kernels.native import loop

f4 = np.float32


@loop
def ended(kind: int, y: Any) -> None:
    """y <- f(y)."""
    if kind == 1 + o.SIGMOID:
        for i in range(y.size):
            y[i] = sigmoid32(y[i])
    elif kind == 1 + o.TANH:
        for i in range(y.size):
            y[i] = tanh32(y[i])


@loop
def sloped(kind: int, d: Any, y: Any) -> None:
    """d <- d f', from the output y."""
    if kind == 1 + o.RELU:
        for i in range(d.size):
            d[i] = d[i] if y[i] > f4(0) else f4(0)
    elif kind == 1 + o.SIGMOID:
        for i in range(d.size):
            d[i] = d[i] * y[i] * (f4(1) - y[i])
    elif kind == 1 + o.TANH:
        for i in range(d.size):
            d[i] = d[i] * (f4(1) - y[i] * y[i])
