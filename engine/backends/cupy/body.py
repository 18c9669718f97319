"""Forward and backward of a small plan as CUDA C: loops over the block's threads, with a barrier only where needed.

An elementwise operation reads just what the same thread wrote before, so it follows without a barrier.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.backends.cupy.units import number, unit
from engine.layers import Step
from engine.plan import Plan
from engine.primitives import size

BARRIER = "__syncthreads();"


@dataclass
class _Draft:
    """Statements, and what no barrier stands behind yet: name -> by which numbering its elements were written."""

    lines: list[str] = field(default_factory=list)
    open: dict[str, str] = field(default_factory=dict)

    def loop(self, text: str, reads: dict[str, str], writes: dict[str, str]) -> None:
        """A loop that reads and writes arrays by the numberings given; a barrier first, where another thread's
        numbers would be read or written over."""
        touched = {**reads, **writes}
        if any(self.open.get(name, by) != by or (by == "any" and name in self.open) for name, by in touched.items()):
            self.lines.append(BARRIER)
            self.open.clear()
        self.lines.append(text)
        self.open.update(writes)


@dataclass(frozen=True)
class Body:
    """``v7``: value 7 of all samples, ``g7`` its gradient; weights ``starts`` lie in W with gradients in G, the
    untrained ``held`` in global memory."""

    plan: Plan
    starts: dict[int, int]
    held: dict[int, int]

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        return tuple(self.plan.steps[k] for k in self.plan.loss_steps)

    @cached_property
    def _samples(self) -> list[int]:
        """Values with a batch axis, in order."""
        ids = [s.value for s in self.plan.inputs] + [s.output for s in self._steps]
        return list(dict.fromkeys(ids))

    @cached_property
    def _flowing(self) -> list[int]:
        """Values that a gradient comes to, seeds first."""
        needs, found = self.plan.needs_gradient, dict.fromkeys(h.prediction for h in self.plan.heads)
        for step in reversed(self._steps):
            if step.output in found and needs[step.output]:
                found.update((i, None) for i in step.inputs if needs[i])
        return list(found)

    @cached_property
    def reached(self) -> frozenset[int]:
        """Trained weights that a gradient comes to."""
        return frozenset(i for i in self._flowing if i in self.starts)

    @cached_property
    def streams(self) -> tuple[int, ...]:
        """Random streams that the steps draw from."""
        made: list[Any] = [s.primitive for s in self._steps]
        return tuple(dict.fromkeys(p.stream for p in made if p.id == "dropout" and p.rate))

    def _size(self, value: int) -> int:
        return size(self.plan.values[value].shape)

    @cached_property
    def per_sample(self) -> int:
        """Numbers per sample: values and their gradients."""
        return sum(map(self._size, self._samples)) + sum(self._size(i) for i in self._flowing if i not in self.starts)

    @cached_property
    def widest(self) -> int:
        """Numbers per sample of the largest value."""
        return max(map(self._size, self._samples))

    def carving(self) -> list[str]:
        """Pointers."""
        texts, at = [], 0
        for name, ids in (("v", self._samples), ("g", [i for i in self._flowing if i not in self.starts])):
            for i in ids:
                texts.append(f"real* {name}{i} = samples + {at} * B;")
                at += self._size(i)
        texts += [f"const real* v{i} = W + {at}; real* g{i} = G + {at}; (void)g{i};" for i, at in self.starts.items()]
        texts += [f"const real* v{i} = held + {at};" for i, at in self.held.items()]
        return [*texts, *(f"(void)v{i};" for i in (*self._samples, *self.starts, *self.held))]

    def gather(self) -> str:
        """The batch's rows, and a barrier."""
        texts = []
        for k, slot in enumerate(self.plan.inputs):
            n = self._size(slot.value)
            texts.append(f"EACH(e, B * {n}) v{slot.value}[e] = x{k}[row[e / {n}] * {n} + e % {n}];")
        return "\n    ".join((*texts, BARRIER))

    def forward(self) -> str:
        """The values of all steps; no barrier at the end."""
        draft = _Draft()
        for step in self._steps:
            self._forward(step, draft)
        return "\n    ".join(draft.lines)

    def _forward(self, step: Step, draft: _Draft) -> None:
        p: Any = step.primitive
        count, out, given = self._size(step.output), f"v{step.output}", [f"v{i}" for i in step.inputs]
        by = f"element of {count}"
        if p.id == "linear":
            outputs, inputs = self.plan.values[step.inputs[1]].shape
            bias = f" + {given[2]}[o]" if len(given) > 2 else ""
            text = (
                f"EACH(e, B * {count}) {{ const int n = e / {outputs}, o = e % {outputs}; real a = 0;"
                f" for (int i = 0; i < {inputs}; i++) a += {given[0]}[n * {inputs} + i] * {given[1]}[o * {inputs} + i];"
                f" {out}[e] = a{bias}; }}"
            )
            draft.loop(text, {given[0]: "any"}, {out: by})
        elif p.id == "softmax":
            draft.loop(self._softmax(step), {given[0]: "any"}, {out: "rows"})
        elif p.id == "dropout":
            keep = self._keep(p) if p.rate else "1"
            text = f"EACH(e, B * {count}) {out}[e] = {given[0]}[e] * (real)({keep}) * {_scale(p)};"
            draft.loop(text, {given[0]: by}, {out: by})
        elif p.id == "add":
            terms = " + ".join(f"{v}[e]" for v in given)
            draft.loop(f"EACH(e, B * {count}) {out}[e] = {terms};", dict.fromkeys(given, by), {out: by})
        else:
            texts = unit(p)
            assert texts is not None, p.id
            text = f"EACH(e, B * {count}) {{ const real x = {given[0]}[e]; {out}[e] = {texts[0]}; }}"
            draft.loop(text, {given[0]: by}, {out: by})

    def _keep(self, p: Any) -> str:
        """Whether the element is kept, as Context.uniform_bits draws it."""
        return f"mixed(mixed((unsigned int)e + 1u) ^ key[{self.streams.index(p.stream)}]) >= {p.threshold}u"

    def _softmax(self, step: Step) -> str:
        k = self.plan.values[step.output].shape[-1]
        rows = self._size(step.output) // k
        return (
            f"EACH(n, B * {rows}) {{ const real* x = v{step.inputs[0]} + n * {k}; real* y = v{step.output} + n * {k};"
            f" real top = x[0]; for (int k = 1; k < {k}; k++) top = larger(x[k], top);"
            f" real all = 0; for (int k = 0; k < {k}; k++) {{ y[k] = exp(x[k] - top); all += y[k]; }}"
            f" for (int k = 0; k < {k}; k++) y[k] /= all; }}"
        )

    def backward(self) -> str:
        """The gradients of everything that lies at or behind a trained weight; no barrier at the end."""
        needs, draft = self.plan.needs_gradient, _Draft()
        started = {h.prediction for h in self.plan.heads}
        for step in reversed(self._steps):
            if step.output in started and needs[step.output]:
                self._backward(step, draft, started)
        return "\n    ".join(draft.lines)

    def _backward(self, step: Step, draft: _Draft, started: set[int]) -> None:
        p: Any = step.primitive
        needs = self.plan.needs_gradient
        if p.id == "linear":
            self._linear_back(step, draft, started)
            return
        count, dy = self._size(step.output), f"g{step.output}"
        by = f"element of {count}"
        for i in step.inputs:
            if not needs[i]:
                continue
            put = f"g{i}[e] {self._put(i, started)}"
            if p.id == "softmax":
                draft.loop(self._softmax_back(step, started_before=put.endswith("+=")), {dy: "any"}, {f"g{i}": "rows"})
                continue
            if p.id == "dropout":
                keep = self._keep(p) if p.rate else "1"
                text = f"{put} {dy}[e] * (real)({keep}) * {_scale(p)};"
            elif p.id == "add":
                text = f"{put} {dy}[e];"
            else:
                texts = unit(p)
                assert texts is not None, p.id
                x, y = f"const real x = v{i}[e];", f"const real y = v{step.output}[e];"
                text = f"{{ const real g = {dy}[e]; {x} {y} (void)g; (void)x; (void)y; {put} {texts[1]}; }}"
            draft.loop(f"EACH(e, B * {count}) {text}", {dy: by}, {f"g{i}": by})

    @staticmethod
    def _put(value: int, started: set[int]) -> str:
        """The first path to a value sets its gradient, the others add to it."""
        if value in started:
            return "+="
        started.add(value)
        return "="

    def _softmax_back(self, step: Step, started_before: bool) -> str:
        k, i = self.plan.values[step.output].shape[-1], step.inputs[0]
        rows = self._size(step.output) // k
        put = "+=" if started_before else "="
        return (
            f"EACH(n, B * {rows}) {{ const real* y = v{step.output} + n * {k};"
            f" const real* g = g{step.output} + n * {k};"
            f" real inner = 0; for (int k = 0; k < {k}; k++) inner += g[k] * y[k];"
            f" for (int k = 0; k < {k}; k++) g{i}[n * {k} + k] {put} (g[k] - inner) * y[k]; }}"
        )

    def _linear_back(self, step: Step, draft: _Draft, started: set[int]) -> None:
        outputs, inputs = self.plan.values[step.inputs[1]].shape
        x, w = step.inputs[0], step.inputs[1]
        dy, rows = f"g{step.output}", f"B * {self._size(step.output) // outputs}"
        needs = self.plan.needs_gradient
        if needs[x]:
            text = (
                f"EACH(e, {rows} * {inputs}) {{ const int n = e / {inputs}, i = e % {inputs}; real a = 0;"
                f" for (int o = 0; o < {outputs}; o++) a += {dy}[n * {outputs} + o] * v{w}[o * {inputs} + i];"
                f" g{x}[e] {self._put(x, started)} a; }}"
            )
            draft.loop(text, {dy: "any"}, {f"g{x}": f"element of {self._size(x)}"})
        if needs[w]:
            text = (
                f"EACH(e, {outputs * inputs}) {{ const int o = e / {inputs}, i = e % {inputs}; real a = 0;"
                f" for (int n = 0; n < {rows}; n++) a += {dy}[n * {outputs} + o] * v{x}[n * {inputs} + i];"
                f" g{w}[e] {self._put(w, started)} a; }}"
            )
            draft.loop(text, {dy: "any"}, {f"g{w}": f"weight {w}"})
        if len(step.inputs) > 2 and needs[step.inputs[2]]:
            b = step.inputs[2]
            text = (
                f"EACH(o, {outputs}) {{ double a = 0; for (int n = 0; n < {rows}; n++) a += {dy}[n * {outputs} + o];"
                f" g{b}[o] {self._put(b, started)} (real)a; }}"
            )
            draft.loop(text, {dy: "any"}, {f"g{b}": f"weight {b}"})


def _scale(p: Any) -> str:
    return number(1 / (1 - p.rate) if p.rate else 1.0)
