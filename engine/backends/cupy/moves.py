"""Optimizers as CUDA C over one element, and the numbers of each step that they read.

The texts know ``w`` and ``g``, the optimizer's tensors by name, and ``c``: the rate, then ``optimizer.scalars``, which
the host computes in float64 for many steps ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.cupy.units import number
from engine.layers import WeightInfo
from engine.optimizers import Optimizer, StepRules

_MEAN = "mean = mean * {b1} + {rest1} * g;"
_SQUARE = "square = square * {b2} + g * g * {rest2};"


def _adam(o: Any) -> str:
    largest = "largest = larger(largest, square); " if o.amsgrad else ""
    root = "largest" if o.amsgrad else "square"
    return f"{_MEAN} {_SQUARE} {largest}w -= mean / (sqrt({root}) / (real)c[2] + {{eps}}) * (real)c[1];"


def _rmsprop(o: Any) -> str:
    a, rest = number(o.alpha), number(1 - o.alpha)
    text = f"square = square * {a} + g * g * {rest}; real d = square;"
    if o.centered:
        text += f" mean = mean * {a} + {rest} * g; d = square - mean * mean; d = d < 0 ? (real)0 : d;"
    text += " real move = g / (sqrt(d) + {eps});"
    if o.momentum > 0:
        text += f" velocity = velocity * {number(o.momentum)} + move; move = velocity;"
    return text + " w -= move * (real)c[0];"


def _lion(_: Any) -> str:
    return "real d = {b1} * mean + {rest1} * g; mean = mean * {b2} + {rest2} * g; w -= sign_of(d) * (real)c[0];"


def _fixed(text: str) -> Callable[[Any], str]:
    return lambda _: text


_MOVES: dict[str, Callable[[Any], str]] = {
    "sgd": _fixed("w -= (real)c[0] * g;"),
    "momentum": _fixed("velocity = velocity * {mu} + g; w -= (real)c[0] * velocity;"),
    "nesterov": _fixed("velocity = velocity * {mu} + g; w -= ({mu} * velocity + g) * (real)c[0];"),
    "adam": _adam,
    "adamw": _adam,
    "rmsprop": _rmsprop,
    "adagrad": _fixed("sum += g * g; w -= g / (sqrt(sum) + {eps}) * (real)c[1];"),
    "adamax": _fixed(
        f"{_MEAN} largest = larger(largest * {{b2}}, fabs(g) + {{eps}}); w -= mean / largest * (real)c[1];"
    ),
    "nadam": _fixed(
        f"{_MEAN} {_SQUARE} w -= ((real)c[1] * g + (real)c[2] * mean) / (sqrt(square) / (real)c[3] + {{eps}});"
    ),
    "radam": _fixed(
        f"{_MEAN} {_SQUARE} if (c[2] != 0) w -= mean / (sqrt(square) + {{eps}}) * (real)(c[1] * c[2]);"
        " else w -= mean * (real)c[1];"
    ),
    "adabelief": _fixed(
        f"{_MEAN} {{{{ real d = g - mean; surprise = surprise * {{b2}} + d * d * {{rest2}} + {{eps}}; }}}}"
        " w -= mean / (sqrt(surprise) / (real)c[2] + {eps}) * (real)c[1];"
    ),
    "adabound": _fixed(
        f"{_MEAN} {_SQUARE}"
        " w -= bounded((real)c[1] / (sqrt(square) + {eps}), (real)c[2], (real)c[3]) * mean;"
    ),
    "lion": _lion,
}


def known(optimizer: Optimizer) -> bool:
    """Whether there is a text for it."""
    return optimizer.id in _MOVES


def move_text(optimizer: Optimizer, *, decays: bool) -> str:
    """Statements that move ``w`` by ``g``; ``decays``: with the optimizer's own weight decay."""
    own: Any = optimizer
    decay = float(getattr(own, "weight_decay", 0.0)) if decays else 0.0
    before = ""
    if decay and (optimizer.id in ("adamw", "lion") or getattr(own, "decoupled", False)):
        before = f"w *= (real)(1 - c[0] * {decay!r}); "
    elif decay:
        before = f"g = g + {number(decay)} * w; "
    names = {"b1": "beta1", "b2": "beta2", "eps": "epsilon", "mu": "momentum"}
    numbers = {k: number(getattr(own, v)) for k, v in names.items() if hasattr(own, v)}
    rests = {f"rest{k}": number(1 - getattr(own, f"beta{k}")) for k in (1, 2) if hasattr(own, f"beta{k}")}
    return before + _MOVES[optimizer.id](own).format(**numbers, **rests)


def factors(trained: Sequence[WeightInfo]) -> list[float]:
    """The distinct factors of the rate, in order."""
    return list(dict.fromkeys(w.rate_factor for w in trained)) or [1.0]


def width(optimizer: Optimizer) -> int:
    """Numbers of one step and one factor."""
    return 1 + len(optimizer.scalars(1.0, 1))


def step_numbers(
    optimizer: Optimizer, rules: StepRules, rates: NDArray[np.float64], first_step: int, shares: Sequence[float]
) -> NDArray[np.float64]:
    """(S, factors * width): for each factor the rate, then the optimizer's own numbers."""
    columns = []
    for factor in shares:
        own = [float(r) * factor for r in rates]
        each = [(r, *optimizer.scalars(r, rules.update_of(first_step + k) + 1)) for k, r in enumerate(own)]
        columns.append(np.array(each, np.float64).reshape(len(rates), width(optimizer)))
    return np.concatenate(columns, 1)
