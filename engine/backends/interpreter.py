"""Running a plan's primitives forward and backward over arrays of any namespace (NumPy or CuPy)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.plan import Plan
from engine.primitives import Array, Context


@dataclass(frozen=True)
class Pass:
    """A forward pass: values by id, and what each step saved for its backward."""

    values: dict[int, Array]
    saved: dict[int, Any]
    steps: tuple[int, ...]


def forward(
    plan: Plan,
    ctx: Context,
    stored: Mapping[int, Array],
    x: Mapping[str, Array],
    steps: Iterable[int],
    pause: Callable[[], None] | None = None,
) -> Pass:
    """Run the given steps in order on the stored weights and states and the inputs by field; ``pause`` before each."""
    values: dict[int, Array] = dict(stored)
    for slot in plan.inputs:
        if slot.field not in x:
            raise KeyError(f"input {slot.node!r} wants the field {slot.field!r}; the data has {sorted(x)}")
        values[slot.value] = x[slot.field]
    saved: dict[int, Any] = {}
    done = tuple(steps)
    for k in done:
        if pause is not None:
            pause()
        step = plan.steps[k]
        values[step.output], saved[k] = step.primitive.forward(ctx, *(values[i] for i in step.inputs))
    return Pass(values, saved, done)


def head_losses(plan: Plan, xp: Any, run: Pass, y: Mapping[str, Array]) -> list[Array]:
    """Per-sample losses (N,) of every head, in order."""
    return [h.loss.per_sample(xp, run.values[h.prediction], target(y, h.node, h.field)) for h in plan.heads]


def head_gradients(plan: Plan, xp: Any, run: Pass, y: Mapping[str, Array]) -> dict[int, Array]:
    """Gradient of the weighted mean loss with respect to every head's prediction."""
    seeds: dict[int, Array] = {}
    for h in plan.heads:
        prediction = run.values[h.prediction]
        g = h.loss.gradient(xp, prediction, target(y, h.node, h.field)) * (h.weight / len(prediction))
        g = g.astype(prediction.dtype, copy=False)
        seeds[h.prediction] = seeds[h.prediction] + g if h.prediction in seeds else g
    return seeds


def target(y: Mapping[str, Array], node: str, field: str) -> Array:
    """The target field of a head, or KeyError naming both sides."""
    if field not in y:
        raise KeyError(f"output {node!r} wants the field {field!r}; the data has {sorted(y)}")
    return y[field]


def backward(
    plan: Plan,
    ctx: Context,
    run: Pass,
    seeds: Mapping[int, Array],
    watch: Callable[[int, int, Array], None] | None = None,
    pause: Callable[[], None] | None = None,
) -> dict[int, Array]:
    """Gradients by value id of everything that lies at or behind a trainable weight.

    ``watch(step, input position, gradient)`` sees what each step hands back before paths are summed; ``pause`` is
    called before each.
    """
    grads: dict[int, Array] = dict(seeds)
    owned: set[int] = set()  # sums made here, which may be added to in place
    needs_gradient = plan.needs_gradient
    for k in reversed(run.steps):
        step = plan.steps[k]
        if step.output not in grads or not needs_gradient[step.output]:
            continue
        if pause is not None:
            pause()
        inputs = [run.values[i] for i in step.inputs]
        needs = [needs_gradient[i] for i in step.inputs]
        parts = step.primitive.backward(ctx, grads[step.output], run.saved[k], inputs, run.values[step.output], needs)
        for place, (i, part, needed) in enumerate(zip(step.inputs, parts, needs, strict=True)):
            if part is None or not needed:
                continue
            if watch is not None:
                watch(k, place, part)
            if i not in grads:
                grads[i] = part
            elif i in owned:
                grads[i] += part
            else:
                grads[i] = grads[i] + part
                owned.add(i)
    return grads
