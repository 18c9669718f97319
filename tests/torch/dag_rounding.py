"""How far single precision may lead a network astray: float64 with every number rounded at random, as float32 would.

Monte Carlo arithmetic (Parker 1997): whatever an operation reads, forward and backward, is rounded to float32 on a grid
that chance stretches. What a sound algorithm in float32 does to the result is of that size; what an unsound one does,
or a wrong one, is not. Where a number decides (a ReLU's kink, the larger of two, a threshold) and
chance turns the decision, rounding alone settles the matter: that is a tie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.numpy import NumpyExecutable
from engine.plan import Plan

#: these move numbers or choose among them, and leave none rounded
EXACT = frozenset((
    "concat", "embedding", "global_max_pool", "hide_places", "max_pool2d", "maximum", "permute", "relu", "reshape",
    "slice", "step",
))  # fmt: skip
#: a decision is a tie where it is nearer than so many times the farthest that chance moved it
NEAR = 4.0


@dataclass
class Chance:
    """Rounds by ``rng``, or not at all; ``margins``: how far each decision was from the other way, in order."""

    rng: np.random.Generator | None = None
    dtype: str = "float32"
    margins: list[NDArray[Any]] = field(default_factory=list)

    def round(self, a: Any) -> Any:
        """To ``dtype`` on a grid that is stretched by chance: equal numbers stay equal, and short ones as they are."""
        if self.rng is None or not isinstance(a, np.ndarray) or a.dtype.kind != "f":
            return a
        stretch = self.rng.uniform(1, 2)
        with np.errstate(over="ignore"):
            short = a.astype(np.float16) == a
        return np.where(short, a, (a * stretch).astype(self.dtype).astype(a.dtype) / stretch)


class _Rounding:
    """A primitive whose operands are rounded."""

    def __init__(self, inner: Any, chance: Chance) -> None:
        self._inner, self._chance = inner, chance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _read(self, arrays: Sequence[Any]) -> list[Any]:
        """Running statistics stay themselves: forward moves them in place."""
        kept = 3 if self._inner.id == "batch_norm" else len(arrays)
        if self._inner.id in EXACT:
            return list(arrays)
        return [*map(self._chance.round, arrays[:kept]), *arrays[kept:]]

    def forward(self, ctx: Any, *inputs: Any) -> Any:
        read = self._read(inputs)
        if ctx.training:
            self._chance.margins += decisions(self._inner, read)
        return self._inner.forward(ctx, *read)

    def backward(self, ctx: Any, grad: Any, saved: Any, inputs: Any, output: Any, needs: Any) -> Any:
        """Clip alone asks its output for a decision, which rounding it would turn."""
        shown = output if self._inner.id in (*EXACT, "clip") else self._chance.round(output)
        return self._inner.backward(ctx, self._chance.round(grad), saved, self._read(inputs), shown, needs)


class _RoundingLoss:
    """A loss whose prediction, target and gradient are rounded."""

    def __init__(self, inner: Any, chance: Chance) -> None:
        self._inner, self._chance = inner, chance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def gradient(self, xp: Any, y: Any, t: Any) -> Any:
        y, t = self._chance.round(y), self._chance.round(t)
        self._chance.margins += loss_decisions(self._inner, y, t)
        return self._chance.round(self._inner.gradient(xp, y, t))


def decisions(primitive: Any, inputs: Sequence[Any]) -> list[NDArray[Any]]:
    """Margins of what a primitive decides by: 0 where two ways are equally near."""
    x = inputs[0]
    match primitive.id:
        case "relu" | "leaky_relu" | "prelu" | "elu" | "step":
            return [x]
        case "clip":
            y = primitive.slope * x + primitive.offset
            return [y - primitive.low, y - primitive.high]
        case "hide_places":
            return [inputs[1]]
        case "maximum":
            return [_lead(np.stack(inputs))]
        case "global_max_pool":
            return [_lead(np.moveaxis(x.reshape(*x.shape[:2], -1), 2, 0))]
        case "max_pool2d":
            window = primitive.window
            views = window.views(window.padded(np, x, -np.inf), window.out(x.shape))
            return [_lead(np.stack([v.copy() for _, _, v in views]))]
    return []


def loss_decisions(loss: Any, y: Any, t: Any) -> list[NDArray[Any]]:
    """The same of a loss: the sides of its kinks."""
    match loss.id:
        case "mae":
            return [y - t.reshape(y.shape)]
        case "hinge":
            return [loss.margin - loss._side(np, y, t) * y]
        case "multiclass_hinge":
            return [loss._missing(np, y, t)[0]]
        case "cosine":  # nothing has no direction
            return [np.sqrt((y.reshape(len(y), -1) ** 2).sum(1))]
    return []


def _lead(stacked: NDArray[Any]) -> NDArray[Any]:
    """The largest along axis 0 minus the next."""
    if len(stacked) == 1:
        return np.ones(1)
    top = np.partition(stacked, (-2, -1), axis=0)
    return np.where(np.isfinite(top[-2]), top[-1], 1.0) - np.where(np.isfinite(top[-2]), top[-2], 0.0)


def rounded_plan(plan: Plan, chance: Chance) -> Plan:
    """The plan whose operations all round by this chance."""
    steps = tuple(replace(s, primitive=_Rounding(s.primitive, chance)) for s in plan.steps)  # type: ignore[arg-type]
    heads = tuple(replace(h, loss=_RoundingLoss(h.loss, chance)) for h in plan.heads)  # type: ignore[arg-type]
    return replace(plan, steps=steps, heads=heads)


class RoundingExecutable(NumpyExecutable):
    """The reference in float64 whose weights and optimizer tensors are rounded after every step as well."""

    def __init__(self, chance: Chance, plan: Plan, *rest: Any, **more: Any) -> None:
        super().__init__(rounded_plan(plan, chance), *rest, **more)
        self.chance = chance

    def _step(self, *arguments: Any) -> None:
        super()._step(*arguments)
        for w in self._trained:
            for a in (self._stored[w.value], *self._slots[w.value].values()):
                a[...] = self.chance.round(a)


@dataclass
class Rounding:
    """``results``: what each run came to, the first unrounded. ``ties``: decisions that rounding alone settles."""

    results: list[dict[str, NDArray[Any]]]
    ties: int


def rounding(
    run: Callable[[Callable[..., Any]], dict[str, NDArray[Any]]], count: int, dtype: str = "float32", seed: int = 0
) -> Rounding:
    """``run(make)`` trains by the executables that ``make`` makes; once as it is, then ``count`` times rounded."""
    chances = [Chance(), *(Chance(np.random.default_rng([seed, k]), dtype) for k in range(count))]
    results = [run(lambda *a, chance=c, **k: RoundingExecutable(chance, *a, **k)) for c in chances]
    ties = 0
    for first, *others in zip(*(c.margins for c in chances), strict=True):
        moved = np.max([np.abs(o - first) for o in others], axis=0)
        ties += int(np.count_nonzero((np.abs(first) <= NEAR * moved) & (moved > 0)))
    return Rounding(results, ties)
