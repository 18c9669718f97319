"""Elementwise primitives: any shape, any order, walked row by row where an image has a halo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Image, Store, common
from engine.backends.tape.rules.base import Rule, natural
from engine.layers import Step
from engine.plan import Plan
from engine.primitives import size

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler


def emit(c: Compiler, op: int, stores: tuple[Store, Store, Store], constants: int, *more: int) -> None:
    """c = f(a, b) over three stores of one order."""
    rows, length, views = common(*stores)
    flat = [number for view in views for number in view]
    floats = sum(s.extent for s in stores) if stores[0].image else 0
    c.draft.sample(o.ELEMENT, op, *flat, rows, length, constants, *more, floats=floats)


class UnaryRule(Rule):
    """y = f(x)."""

    _codes: ClassVar[dict[str, int]] = {
        "relu": o.RELU,
        "leaky_relu": o.LEAKY,
        "sigmoid": o.SIGMOID,
        "tanh": o.TANH,
        "elu": o.ELU,
        "gelu": o.GELU,
        "step": o.STEP,
        "silu": o.SILU,
        "softplus": o.SOFTPLUS,
        "softsign": o.SOFTSIGN,
        "mish": o.MISH,
        "sine": o.SINE,
        "clip": o.CLIP,
        "growing_cosine": o.GROWING_COSINE,
    }
    #: constants of a function, in the kernel's order
    _numbers: ClassVar[dict[str, tuple[str, ...]]] = {
        "leaky_relu": ("slope",), "elu": ("alpha", "scale"), "sine": ("frequency",),
        "clip": ("low", "high", "slope", "offset"),
    }  # fmt: skip
    #: functions whose slope cannot be told from the output
    _by_input: ClassVar[tuple[str, ...]] = ("gelu", "silu", "mish", "sine", "growing_cosine")
    primitives: ClassVar[tuple[str, ...]] = tuple(_codes)

    def order(self, c: Compiler, step: Step) -> Image | None:
        """That of the input."""
        return c.orders[step.inputs[0]]

    def alias_gradient(self, c: Compiler, step: Step) -> Store | None:
        """That before a fused activation, which then works in place."""
        return c.gradient(step.inputs[0]) if c.lean and c.fusion.in_place(step) else None

    def _constants(self, c: Compiler, step: Step) -> int:
        p: Any = step.primitive
        values = self._numbers.get(p.id, ())
        return c.constants(*(float(getattr(p, name)) for name in values)) if values else 0

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        x, y = c.store(step.inputs[0]), c.store(step.output)
        if not (c.lean and c.fusion.skips(step)):
            more = (1,) if self._sloped(c, step) else ()
            emit(c, self._codes[step.primitive.id], (x, x, y), self._constants(c, step), *more)

    def _sloped(self, c: Compiler, step: Step) -> bool:
        """Whether the slopes are left where the input was."""
        return c.lean and c.backward and step.output in c.fusion.sloped and c.needs(step.inputs[0])

    def backward(self, c: Compiler, step: Step) -> None:
        """From the output, or from the input where the slope cannot be told from the output."""
        if c.lean and step.output in c.fusion.slopes:
            c.written.add(step.inputs[0])  # the layer behind has ended with the slope
            return
        dy = c.gradient(step.output)
        seen = c.store(step.inputs[0] if step.primitive.id in self._by_input else step.output)
        op = o.MULTIPLY if self._sloped(c, step) else self._codes[step.primitive.id] + o.BACK
        with c.contribution(step.inputs[0]) as (dx, _):
            emit(c, op, (dy, seen, dx), self._constants(c, step))


class AddRule(Rule):
    """y = x1 + x2 + ..."""

    primitives: ClassVar[tuple[str, ...]] = ("add",)

    def order(self, c: Compiler, step: Step) -> Image | None:
        """That of all inputs, if they agree."""
        orders = {c.orders[i] for i in step.inputs}
        return orders.pop() if len(orders) == 1 else None

    def _input(self, c: Compiler, step: Step, value: int) -> Store:
        return c.store(value) if c.orders[value] == c.orders[step.output] else c.plain(value)

    def alias_gradient(self, c: Compiler, step: Step) -> Store | None:
        """That of an input which nobody else reads: it is the same."""
        for i in step.inputs:
            if c.needs(i) and c.consumers[i] == 1 and c.orders[i] == c.orders[step.output]:
                g = c.gradient(i)
                if g.halo >= c.gradient_halos.get(step.output, 0):
                    return g
        return None

    def forward(self, c: Compiler, step: Step) -> None:
        """From left to right."""
        (y, relu), given = c.target(step), [self._input(c, step, i) for i in step.inputs]
        emit(c, o.ADD, (given[0], given[1], y), 0, int(relu))
        for more in given[2:]:
            c.copy(more, y, add=True)

    def backward(self, c: Compiler, step: Step) -> None:
        """The same gradient for all."""
        dy = c.gradient(step.output)
        for i in step.inputs:
            if c.needs(i) and c.gradient(i).base == dy.base:
                c.written.add(i)
            elif c.needs(i):
                with c.contribution(i, plain=c.orders[i] != c.orders[step.output], adds=True) as (dx, add):
                    c.copy(dy, dx, add=add)


class AffineRule(Rule):
    """y = (x - center) scale + shift with constants, one for all or one per feature or channel."""

    primitives: ClassVar[tuple[str, ...]] = ("scale_shift",)

    def order(self, c: Compiler, step: Step) -> Image | None:
        """That of the input, unless constants run along a flattened image."""
        return None if self._wants_plain(c, step) else c.orders[step.inputs[0]]

    def _wants_plain(self, c: Compiler, step: Step) -> bool:
        p: Any = step.primitive
        shape = c.plan.values[step.output].shape
        single = len(p.scale) == len(p.shift) == len(p.center) == 1
        return not single and len(shape) != 3

    def _more(self, c: Compiler, step: Step) -> tuple[int, int, int]:
        """(constants, how many, how often each is repeated)."""
        p: Any = step.primitive
        count = max(len(p.scale), len(p.shift), len(p.center))
        each = [v * count if len(v) == 1 else v for v in (p.center, p.scale, p.shift)]
        shape = c.plan.values[step.output].shape
        repeat = 1 if c.orders[step.output] else size(shape[1:])
        return c.constants(*(float(x) for v in each for x in v)), count, repeat

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        x = c.plain(step.inputs[0]) if self._wants_plain(c, step) else c.store(step.inputs[0])
        emit(c, o.AFFINE, (x, x, c.store(step.output)), *self._more(c, step))

    def backward(self, c: Compiler, step: Step) -> None:
        """dx = dy scale."""
        dy = c.gradient(step.output)
        with c.contribution(step.inputs[0], plain=self._wants_plain(c, step)) as (dx, _):
            emit(c, o.AFFINE + o.BACK, (dy, dy, dx), *self._more(c, step))


class SoftmaxRule(Rule):
    """Softmax over the last axis, or over the channels of an image, which lie side by side."""

    primitives: ClassVar[tuple[str, ...]] = ("softmax",)

    def _axis(self, plan: Plan, step: Step) -> tuple[int, int]:
        """(axis, axes)."""
        p: Any = step.primitive
        axes = len(plan.values[step.output].shape)
        return p.axis % axes, axes

    def refusal(self, plan: Plan, step: Step) -> str:
        """Other axes lie apart."""
        axis, axes = self._axis(plan, step)
        return "" if axis == axes - 1 or (axis == 0 and axes == 3) else "softmax over an axis that is not the last"

    def order(self, c: Compiler, step: Step) -> Image | None:
        """That of an image with three axes, C order of the rest."""
        x = step.inputs[0]
        return c.orders[x] if c.orders[x] == natural(c.plan.values[x].shape) else None

    def _whole(self, c: Compiler, step: Step) -> bool:
        """Whether runs are the channels of an image."""
        return self._axis(c.plan, step) == (0, 3) and c.orders[step.output] is not None

    def forward(self, c: Compiler, step: Step) -> None:
        """Run by run, or not at all where attention does it."""
        if c.lean and c.fusion.joins(step):
            return
        y = c.store(step.output)
        if self._whole(c, step):
            x = c.store(step.inputs[0])
            emit(c, o.SOFTMAX, (x, x, y), 0, y.shape[0])
            return
        x = c.plain(step.inputs[0])
        with c.written_plain(y, step.output) as target:
            emit(c, o.SOFTMAX, (x, x, target), 0, y.shape[-1])

    def backward(self, c: Compiler, step: Step) -> None:
        """From the output."""
        whole = self._whole(c, step)
        y = c.store(step.output) if whole else c.plain(step.output)
        dy = c.gradient(step.output) if whole else c.plain_gradient(step.output)
        with c.contribution(step.inputs[0], plain=not whole) as (dx, _):
            emit(c, o.SOFTMAX + o.BACK, (dy, y, dx), 0, y.shape[0] if whole else y.shape[-1])


class PReLURule(Rule):
    """y = x where x > 0, else alpha x; the slopes' gradient is summed by each thread."""

    primitives: ClassVar[tuple[str, ...]] = ("prelu",)

    def _more(self, c: Compiler, step: Step) -> tuple[int, int]:
        """(slopes, how often each is repeated)."""
        shape = c.plan.values[step.output].shape
        return c.plan.values[step.inputs[1]].shape[0], 1 if len(shape) == 3 else size(shape[1:])

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        x = c.store(step.inputs[0]) if c.orders[step.output] else c.plain(step.inputs[0])
        emit(c, o.PRELU, (x, x, c.store(step.output)), 0, *self._more(c, step), c.slot(step.inputs[1]).offset)

    def backward(self, c: Compiler, step: Step) -> None:
        """dx, and sums of dy x over x <= 0."""
        image = c.orders[step.output] is not None
        x, alpha = step.inputs
        seen, dy = c.store(x) if image else c.plain(x), c.gradient(step.output)
        if c.needs(x):
            with c.contribution(x, plain=not image) as (dx, _):
                emit(c, o.PRELU + o.BACK, (seen, dy, dx), 0, *self._more(c, step), c.slot(alpha).offset)
        if c.needs(alpha):
            count, repeat = self._more(c, step)
            slot = c.sums(("prelu", alpha), count)
            emit(c, o.PRELU_SUMS, (seen, dy, dy), 0, count, repeat, slot)
            if alpha not in c.written:
                c.later(o.MOVE, o.SUM_UP, slot, count, c.parameters.gradient_of(alpha), count)
            c.written.add(alpha)
