"""A whole training of a small net as one CUDA kernel: one block, everything in shared memory, many steps a launch.

A launch costs more than a step of such a net, and so does every read of a figure; here nothing leaves the block
between two steps but the figures themselves. Every element is computed by one thread in a fixed order, so the bits do
not depend on the number of threads. What it cannot do, ``refusal`` names.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from engine.backends.cupy import moves
from engine.backends.cupy.body import Body
from engine.backends.cupy.ends import end_refusal, end_text, hit_text
from engine.backends.cupy.units import HELPERS, number, unit
from engine.layers import WeightInfo
from engine.optimizers import Optimizer, StepRules
from engine.plan import Plan
from engine.primitives import size

#: lanes that a sum over many numbers is split into, whatever the number of threads
LANES = 32
#: threads of a block: the registers of every GPU allow so many, with 128 for each
MOST = 512


def refusal(plan: Plan, optimizer: Optimizer, rules: StepRules) -> str:
    """Why the plan cannot train in one kernel; empty where it can."""
    for k in plan.loss_steps:
        p = plan.steps[k].primitive
        if p.id not in ("linear", "softmax", "dropout", "add") and unit(p) is None:
            return f"the primitive {p.id!r}"
        last = len(plan.values[plan.steps[k].output].shape) - 1
        if p.id == "softmax" and getattr(p, "axis", -1) not in (-1, last):
            return "softmax over an inner axis"
        if getattr(p, "spatial", False):
            return "dropout of whole channels"
    if any(plan.values[s.value].dtype == "int" for s in plan.inputs):
        return "whole-number inputs"
    if not moves.known(optimizer):
        return f"the optimizer {optimizer.id!r}"
    if rules.gather > 1 or rules.mean_decay is not None:
        return "gradients gathered over steps, or a mean of the weights"
    return next((r for h in plan.heads if (r := end_refusal(plan, h))), "")


@dataclass(frozen=True)
class Small:
    """The kernel of one plan. ``starts``: where each trained weight begins in their common memory of ``total``
    numbers; ``held``: the same for the weights that do not train."""

    plan: Plan
    optimizer: Optimizer
    rules: StepRules
    dtype: str
    starts: dict[int, int]
    total: int
    held: dict[int, int]

    @cached_property
    def trained(self) -> tuple[WeightInfo, ...]:
        """In plan order."""
        return tuple(w for w in self.plan.weights if w.trainable)

    @cached_property
    def factors(self) -> list[float]:
        """Of the rate, by trained weight."""
        return moves.factors(self.trained)

    @cached_property
    def body(self) -> Body:
        """Forward and backward."""
        return Body(self.plan, self.starts, self.held)

    @property
    def sums(self) -> int:
        """Squared norm of each weight's gradient; penalties; loss of each head; hits; the norm of all."""
        return 2 * len(self.plan.weights) + len(self.plan.heads) + 2

    def shared_bytes(self, batch: int) -> int:
        """What a block needs for so many samples."""
        item = 4 if self.dtype == "float32" else 8
        doubles = self.sums * (LANES + 1) + 2
        each = self.body.per_sample + len(self.plan.heads) + 1
        return 8 * doubles + item * (self.total * (3 + len(self.optimizer.slots)) + batch * each)

    def threads(self, batch: int) -> int:
        """As many as there is work for in the widest phase, in whole warps."""
        widest = max(batch * self.body.widest, self.total, LANES)
        return int(min(max(-(-widest // LANES) * LANES, 64), MOST))

    @cached_property
    def source(self) -> str:
        """CUDA C. Arguments: inputs, targets, weights, optimizer tensors, held weights, rows, keys of the random
        streams, numbers of the steps; then what is written: loss, penalty, hits, norms, stop."""
        real = "float" if self.dtype == "float32" else "double"
        return f"""typedef {real} real;
{HELPERS}
#define EACH(i, n) for (int i = (int)threadIdx.x; i < (n); i += (int)blockDim.x)
{self._tables()}
extern "C" __global__ void __launch_bounds__({MOST}) train({self._parameters()}) {{
  extern __shared__ double arena[];
  {self._carving()}
  EACH(i, {self.total}) {{ W[i] = weights[i]; G[i] = 0; {self._slots("{0}_s[i] = {0}_in[i];")} }}
  if (threadIdx.x == 0) spoiled[0] = 0x7fffffff;
  __syncthreads();
  int stopped = 0;
  for (int s = 0; s < steps && !stopped; s++) {{
    const long long* row = rows + (long long)s * B;
    const double* numbers = scalars + (long long)s * {len(self.factors) * moves.width(self.optimizer)};
    const unsigned int* key = keys + (long long)s * {max(len(self.body.streams), 1)};
    (void)key;
    {self.body.gather()}
    {self.body.forward()}
    __syncthreads();
    {self._ends()}
    __syncthreads();
    {self.body.backward()}
    __syncthreads();
    {self._figures()}
    {self._limits()}
    {self._update()}
  }}
  __syncthreads();
  EACH(i, {self.total}) {{ weights[i] = W[i]; {self._slots("{0}_in[i] = {0}_s[i];")} }}
}}
"""

    def _slots(self, text: str) -> str:
        return " ".join(text.format(s) for s in self.optimizer.slots)

    def _tables(self) -> str:
        known = self.plan.weights
        at = [self.starts.get(w.value, 0) if w.value in self.body.reached else 0 for w in known]
        counts = [size(w.shape) if w.value in self.body.reached else 0 for w in known]
        first = [self.starts.get(w.value, 0) for w in known]
        whole = [size(w.shape) if w.trainable and (w.l1 or w.l2) else 0 for w in known]
        return (
            f"__constant__ int AT[] = {_braced(at or [0])}; __constant__ int COUNT[] = {_braced(counts or [0])};\n"
            f"__constant__ int FIRST[] = {_braced(first or [0])}; __constant__ int WHOLE[] = {_braced(whole or [0])};\n"
            f"__constant__ double L1[] = {_braced([w.l1 for w in known] or [0.0])};\n"
            f"__constant__ double L2[] = {_braced([w.l2 for w in known] or [0.0])};\n"
            f"__constant__ double SHARE[] = {_braced([h.weight for h in self.plan.heads])};"
        )

    def _parameters(self) -> str:
        inputs = [f"const real* x{k}" for k in range(len(self.plan.inputs))]
        kinds = ("long long" if h.loss.target == "classes" else "real" for h in self.plan.heads)
        targets = [f"const {kind}* t{k}" for k, kind in enumerate(kinds)]
        slots = [f"real* {s}_in" for s in self.optimizer.slots]
        rest = (
            "const real* held, const long long* rows, const unsigned int* keys, const double* scalars, "
            "double* loss, double* penalty, double* hits, double* norms, int* stop, const int B, const int steps"
        )
        return ", ".join((*inputs, *targets, "real* weights", *slots, rest))

    def _carving(self) -> str:
        texts = [f"double* part = arena; double* found = part + {self.sums * LANES};"]
        texts.append(f"int* spoiled = (int*)(found + {self.sums}); real* W = (real*)(found + {self.sums + 2});")
        texts.append(f"real* before = W + {self.total}; real* G = before + {self.total};")
        at = f"G + {self.total}"
        for name in self.optimizer.slots:
            texts.append(f"real* {name}_s = {at};")
            at = f"{name}_s + {self.total}"
        texts.append(f"real* samples = {at};")
        heads = len(self.plan.heads)
        texts.append(f"real* losses = samples + {self.body.per_sample} * B; real* right = losses + {heads} * B;")
        texts.append("(void)held; (void)right;")
        return "\n  ".join((*texts, *self.body.carving()))

    def _ends(self) -> str:
        counted = next((k for k, h in enumerate(self.plan.heads) if h.loss.target != "values"), None)
        texts: list[str] = []
        seen: set[int] = set()
        for k, h in enumerate(self.plan.heads):
            count = size(self.plan.values[h.prediction].shape)
            classes = h.loss.target == "classes"
            target = f"const long long t = t{k}[row[n]];" if classes else f"const real* t = t{k} + row[n] * K;"
            hit = f"int hit = 0; {hit_text(h.loss)} right[n] = hit;" if k == counted else ""
            first = h.prediction not in seen
            store = "D[k] = d[k];" if first else "D[k] += d[k];"
            seen.add(h.prediction)
            texts.append(
                f"EACH(n, B) {{ const int K = {count}; const real share = {number(h.weight)} / B;"
                f" const real* y = v{h.prediction} + n * K; real* D = g{h.prediction} + n * K; {target}"
                f" real value = 0; real d[{count}]; {end_text(h.loss)} losses[{k} * B + n] = value;"
                f" for (int k = 0; k < K; k++) {{ {store} }} {hit} }}"
            )
        return "\n    __syncthreads();\n    ".join(texts)

    def _figures(self) -> str:
        """Sums in float64 by 32 lanes, then their verdict: every thread comes to the same."""
        w, heads = len(self.plan.weights), len(self.plan.heads)
        counts = "a += (double)right[e]" if any(h.loss.target != "values" for h in self.plan.heads) else "a += 0"
        return f"""EACH(i, {self.sums * LANES}) {{
      const int r = i / {LANES}; double a = 0;
      if (r < {w}) for (int e = i % {LANES}; e < COUNT[r]; e += {LANES}) {{ double q = G[AT[r] + e]; a += q * q; }}
      else if (r < {2 * w}) for (int e = i % {LANES}; e < WHOLE[r - {w}]; e += {LANES}) {{
        double q = W[FIRST[r - {w}] + e]; a += L1[r - {w}] * fabs(q) + L2[r - {w}] / 2 * q * q; }}
      else if (r < {2 * w + heads})
        for (int e = i % {LANES}; e < B; e += {LANES}) a += (double)losses[(r - {2 * w}) * B + e];
      else if (r == {2 * w + heads}) for (int e = i % {LANES}; e < B; e += {LANES}) {counts};
      part[i] = a;
    }}
    __syncthreads();
    EACH(r, {self.sums}) {{
      double a = 0;
      for (int e = 0; e < {LANES}; e++) a += part[r * {LANES} + e];
      if (r < {w}) {{ a = sqrt(a); norms[(long long)s * {w} + r] = a; }}
      found[r] = a;
    }}
    __syncthreads();
    double all = 0, cost = 0, mean = 0;
    for (int r = 0; r < {w}; r++) {{ all += found[r]; cost += found[{w} + r]; }}
    for (int r = 0; r < {heads}; r++) mean += SHARE[r] * (found[{2 * w} + r] / B);
    if (!isfinite(all + mean)) {{ stopped = 1; if (threadIdx.x == 0) {{ stop[0] = s; stop[1] = -1; }} continue; }}
    if (threadIdx.x == 0) {{ loss[s] = mean; penalty[s] = cost; hits[s] = found[{2 * w + heads}]; }}"""

    def _limits(self) -> str:
        """Penalties and clipping on the gradients, where there are any."""
        texts = []
        for w in self.trained:
            l1 = 0.0 if self.rules.proximal else w.l1
            if w.value not in self.body.reached or not (l1 or w.l2 or self.rules.clip_value is not None):
                continue
            add = f"g += {number(l1)} * sign_of(W[i]); " if l1 else ""
            add += f"g += {number(w.l2)} * W[i]; " if w.l2 else ""
            if (limit := self.rules.clip_value) is not None:
                add += f"g = bounded(g, {number(-limit)}, {number(limit)}); "
            start = self.starts[w.value]
            texts.append(f"EACH(e, {size(w.shape)}) {{ const int i = {start} + e; real g = G[i]; {add}G[i] = g; }}")
        if texts:
            texts = ["__syncthreads();", *texts, "__syncthreads();"]
        if self.rules.clip_norm is not None:
            texts.append(self._norm_of_all())
        return "\n    ".join(texts)

    def _norm_of_all(self) -> str:
        last, w = self.sums - 1, len(self.plan.weights)
        return f"""EACH(i, {LANES}) {{
      double a = 0;
      for (int r = 0; r < {w}; r++)
        for (int e = i; e < COUNT[r]; e += {LANES}) {{ double q = G[AT[r] + e]; a += q * q; }}
      part[i] = a;
    }}
    __syncthreads();
    EACH(r, 1) {{ double a = 0; for (int e = 0; e < {LANES}; e++) a += part[e]; found[{last}] = sqrt(a); }}
    __syncthreads();
    {{ const double norm = found[{last}], share = {self.rules.clip_norm!r} / (norm + 1e-6);
      const real f = (real)(share < 1 ? share : (norm == norm ? 1.0 : norm));
      EACH(i, {self.total}) G[i] *= f; }}
    __syncthreads();"""

    def _update(self) -> str:
        texts = []
        wide = moves.width(self.optimizer)
        for at, w in enumerate(self.plan.weights):
            if not w.trainable or w.value not in self.body.reached:
                continue
            decays = len(w.shape) > 1 or self.rules.decay_biases
            slots = self._slots("real& {0} = {0}_s[i];")
            shrink = ""
            if self.rules.proximal and w.l1:
                shrink = f" {{ const real a = (real)(c[0] * {w.l1!r}); w -= bounded(w, -a, a); }}"
            texts.append(
                f"EACH(e, {size(w.shape)}) {{ const int i = {self.starts[w.value]} + e; real w = W[i]; real g = G[i];"
                f" const double* c = numbers + {wide * self.factors.index(w.rate_factor)}; {slots} before[i] = w;"
                f" {moves.move_text(self.optimizer, decays=decays)}{shrink}"
                f" W[i] = w; if (!isfinite(w)) atomicMin(spoiled, {at}); }}"
            )
        restored = [
            f"EACH(e, {size(w.shape)}) W[{self.starts[w.value]} + e] = before[{self.starts[w.value]} + e];"
            for w in self.trained if w.value in self.body.reached
        ]  # fmt: skip
        return "\n    ".join((
            *texts, "__syncthreads();",
            "if (spoiled[0] != 0x7fffffff) {",
            "  const int r = spoiled[0]; stopped = 1;",
            "  EACH(i, 1) {",
            "    int bad = 0; for (int e = 0; e < COUNT[r]; e++) bad += !isfinite(W[AT[r] + e]);",
            "    stop[0] = s; stop[1] = r; stop[2] = bad;",
            "  }",
            "  __syncthreads();",
            *(f"  {r}" for r in restored), "}",
        ))  # fmt: skip


def _braced(values: list[int] | list[float]) -> str:
    return "{" + ", ".join(repr(v) for v in values) + "}"
