"""The optimizer over all weights in one launch, where the primitives would take some ten for each tensor."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.backends.cupy import moves
from engine.backends.cupy.units import HELPERS
from engine.backends.together import Together
from engine.backends.update import Updater
from engine.layers import WeightInfo
from engine.primitives import Array, size

LOG = logging.getLogger("gradloom.cupy")
#: threads of a block
BLOCK = 256
#: the kind of numbers that do not move
STILL = 255


@dataclass
class FusedUpdater(Updater):
    """As Updater; the weights and each tensor of the optimizer (``pieces``) lie in one piece of memory each.

    The first update is done both ways; where the kernel's is another, the primitives go on alone, and a line says so.
    """

    moving: Together | None = None
    pieces: Mapping[str, Array] = field(default_factory=dict)
    _kernel: Any = None
    _kinds: dict[tuple[int, ...], Array] = field(default_factory=dict)
    _gradients: Array = None
    _proved: bool = False

    def update(self, weights: Mapping[int, Array], grads: Mapping[int, Array], rate: float, step: int) -> None:
        """See Updater.update."""
        if self.moving is None:
            super().update(weights, grads, rate, step)
        elif self._proved:
            self._launch(weights, grads, rate, step)
        else:
            self._prove(weights, grads, rate, step)

    def _prove(self, weights: Mapping[int, Array], grads: Mapping[int, Array], rate: float, step: int) -> None:
        """The update by primitives is what stays."""
        assert self.moving is not None
        whole = [self.moving.whole, *self.pieces.values()]
        before, reason = [a.copy() for a in whole], ""
        try:
            self._launch(weights, grads, rate, step)
        except (RuntimeError, ValueError, TypeError, OSError) as error:  # what CuPy's compiler and driver raise
            reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        found = [a.copy() for a in whole]
        for piece, old in zip(whole, before, strict=True):
            piece[...] = old
        super().update(weights, grads, rate, step)
        if not reason and not all(self._near(a, b) for a, b in zip(found, whole, strict=True)):
            reason = "its first update is not that of the primitives"
        self._proved = not reason
        if reason:
            self.moving = None
            LOG.warning("the GPU updates weights tensor by tensor, not all at once: %s", reason)

    def _near(self, found: Array, wanted: Array) -> bool:
        """Apart by rounding; a value that is not finite settles nothing, and nothing is said against it."""
        distance = self.xp.abs(found - wanted)
        far = distance > 1e-4 * self.xp.abs(wanted) + 1e-6 * self.xp.abs(wanted).max()
        return not bool(far.any())

    def _launch(self, weights: Mapping[int, Array], grads: Mapping[int, Array], rate: float, step: int) -> None:
        assert self.moving is not None
        moved = [w for w in self.trained if w.value in grads]
        wanted = [self._penalised(w, weights[w.value], grads[w.value]) for w in moved]
        self._clip(wanted)
        whole = self.moving.whole
        if self._gradients is None:
            self._gradients = self.xp.zeros_like(whole)
        for w, g in zip(moved, wanted, strict=True):
            at = self.moving.starts[w.value]
            self._gradients[at : at + size(w.shape)] = g.reshape(-1)
        count = self.rules.update_of(step) + 1
        rates = [rate * f for f in moves.factors(self.trained)]
        numbers = [np.float64(v) for r in rates for v in (r, *self.optimizer.scalars(r, count))]
        if self._kernel is None:
            self._kernel = self.xp.RawKernel(self.source(str(whole.dtype)), "update", options=("--std=c++17",))
        kinds, total = self._kinds_of(moved), whole.size
        given = (whole, self._gradients, *self.pieces.values(), kinds, *numbers, np.int32(total))
        self._kernel((-(-total // BLOCK),), (BLOCK,), given)

    def _kinds_of(self, moved: list[WeightInfo]) -> Array:
        """Which text moves each number."""
        assert self.moving is not None
        key = tuple(w.value for w in moved)
        if key not in self._kinds:
            table = np.full(self.moving.whole.size, STILL, np.uint8)
            for w in moved:
                at = self.moving.starts[w.value]
                table[at : at + size(w.shape)] = self._distinct().index(self._kind(w))
            self._kinds[key] = self.xp.asarray(table)
        return self._kinds[key]

    def _kind(self, w: WeightInfo) -> tuple[bool, float, float]:
        """With the optimizer's decay; L1 that acts after the step; the factor of the rate."""
        decays = len(w.shape) > 1 or self.rules.decay_biases
        return decays, w.l1 if self.rules.proximal else 0.0, w.rate_factor

    def _distinct(self) -> list[tuple[bool, float, float]]:
        return list(dict.fromkeys(self._kind(w) for w in self.trained))[:STILL]

    def source(self, dtype: str) -> str:
        """CUDA C, a branch for each kind."""
        wide, factors = moves.width(self.optimizer), moves.factors(self.trained)
        slots = self.optimizer.slots
        names = [f"c{k}" for k in range(wide * len(factors))]
        given = ["real* weights", "const real* grads", *(f"real* {s}_s" for s in slots), "const unsigned char* kinds"]
        branches = []
        for k, (decays, l1, factor) in enumerate(self._distinct()):
            shrink = f" {{ const real a = (real)(c[0] * {l1!r}); w -= bounded(w, -a, a); }}" if l1 else ""
            text = moves.move_text(self.optimizer, decays=decays) + shrink
            branches.append(f"if (kind == {k}) {{ const double* c = all + {wide * factors.index(factor)}; {text} }}")
        return f"""typedef {"float" if dtype == "float32" else "double"} real;
{HELPERS}
extern "C" __global__ void update({", ".join((*given, *(f"const double {c}" for c in names), "const int n"))}) {{
  const int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  const int kind = kinds[i];
  if (kind == {STILL}) return;
  const double all[] = {{{", ".join(names)}}};
  real w = weights[i], g = grads[i];
  {" ".join(f"real& {s} = {s}_s[i];" for s in slots)}
  {" else ".join(branches)}
  weights[i] = w;
}}
"""
