"""What transformers are made of: attention, layer normalization, positions and rows of a table; all in C order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from engine.backends.tape import opcodes as o
from engine.backends.tape.layout import Image, Store
from engine.backends.tape.rules.base import Rule
from engine.layers import Step
from engine.plan import Plan
from engine.primitives import Context, size
from engine.primitives.attention import NEVER

if TYPE_CHECKING:
    from engine.backends.tape.compiler import Compiler

#: whole numbers up to here are exact in float32
EXACT = 1 << 24


class _Attention(Rule):
    """One head of one sample at a time; each thread has a scratch for what is turned."""

    def order(self, c: Compiler, step: Step) -> Image | None:
        """C order: maps (H, T, U) are no images."""
        return None

    def _sizes(self, c: Compiler, step: Step) -> tuple[int, int, int, int]:
        """(T, U, D, heads)."""
        raise NotImplementedError

    def reserve(self, c: Compiler, step: Step) -> None:
        """The scratch of each thread."""
        places, others, width, heads = self._sizes(c, step)
        turned = -(-others // o.PANEL) * o.PANEL * (width // heads)
        c.attention_scratch = max(c.attention_scratch, -(-(turned + places * others) // 16) * 16)

    def _scratch(self, c: Compiler) -> tuple[int, int]:
        return c.buffer("attention", c.attention_scratch * c.threads), c.attention_scratch

    def _back(self, c: Compiler, step: Step, op: int, *middle: int) -> None:
        """The two inputs' gradients. ``middle``: whether causal, a constant."""
        operands = [s.offset for s in (*(c.plain(i) for i in step.inputs), c.gradient(step.output))]
        tail = self._targets(c, *step.inputs)
        c.draft.sample(
            o.ATTENTION, op + o.BACK, *operands, *self._sizes(c, step), *middle, *self._scratch(c), *tail
        )  # fmt: skip

    def _targets(self, c: Compiler, *values: int) -> list[int]:
        """Where each value's gradient goes, or -1; then whether each is added to what is there."""
        places, flags = [], []
        for i in values:
            place, add = -1, False
            if c.needs(i):
                with c.contribution(i, plain=True, adds=True) as (target, more):
                    place, add = target.offset, more
            places.append(place)
            flags.append(int(add))
        return places + flags


class AttentionScoresRule(_Attention):
    """s = q k^T / sqrt(D / H), head by head."""

    primitives: ClassVar[tuple[str, ...]] = ("attention_scores",)

    def _sizes(self, c: Compiler, step: Step) -> tuple[int, int, int, int]:
        p: Any = step.primitive
        places, width = c.plan.values[step.inputs[0]].shape
        return places, c.plan.values[step.inputs[1]].shape[0], width, p.heads

    def _middle(self, c: Compiler, step: Step) -> tuple[int, int]:
        p: Any = step.primitive
        return int(p.causal), c.constants(math.sqrt(p.heads / self._sizes(c, step)[2]))

    def joined(self, c: Compiler, step: Step) -> tuple[int, ...]:
        """What an instruction from here to the mix begins with."""
        q, k = (c.plain(i).offset for i in step.inputs)
        maps = next(s.output for s in c.plan.steps if step.output in s.inputs)
        return (q, k, c.store(maps).offset, *self._sizes(c, step), *self._middle(c, step), *self._scratch(c))

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction, or none where the mix does it."""
        if c.lean and c.fusion.joins(step):
            return
        operands = [s.offset for s in (*(c.plain(i) for i in step.inputs), c.store(step.output))]
        middle, scratch = self._middle(c, step), self._scratch(c)
        c.draft.sample(o.ATTENTION, o.SCORES, *operands, *self._sizes(c, step), *middle, *scratch)

    def backward(self, c: Compiler, step: Step) -> None:
        """dq and dk."""
        self._back(c, step, o.SCORES, *self._middle(c, step))


class HidePlacesRule(Rule):
    """Scores of hidden places become so low that no softmax lets them through."""

    primitives: ClassVar[tuple[str, ...]] = ("hide_places",)

    def order(self, c: Compiler, step: Step) -> Image | None:
        """C order."""
        return None

    def _emit(self, c: Compiler, step: Step, scores: Store, target: Store, low: float, back: int) -> None:
        heads, places, others = scores.shape
        mask = c.plain(step.inputs[1])
        views = (scores.offset, scores.pitch, others, mask.offset, mask.pitch, 0, target.offset, target.pitch, others)
        c.draft.sample(o.ELEMENT, o.HIDE + back, *views, heads * places, others, c.constants(low))

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        self._emit(c, step, c.plain(step.inputs[0]), c.store(step.output), NEVER, 0)

    def backward(self, c: Compiler, step: Step) -> None:
        """Nothing comes back from what is hidden, and nothing to the mask."""
        if c.needs(step.inputs[0]):
            with c.contribution(step.inputs[0], plain=True) as (dx, _):
                self._emit(c, step, c.gradient(step.output), dx, 0.0, o.BACK)


class AttentionMixRule(_Attention):
    """y = p v, head by head; in a lean tape with all that made p of queries and keys."""

    primitives: ClassVar[tuple[str, ...]] = ("attention_mix",)

    def _sizes(self, c: Compiler, step: Step) -> tuple[int, int, int, int]:
        heads, places, others = c.plan.values[step.inputs[0]].shape
        return places, others, c.plan.values[step.inputs[1]].shape[1], heads

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        y = c.store(step.output).offset
        if c.lean and step.output in c.fusion.attended:
            c.draft.sample(o.ATTENTION, o.ATTEND, *self._joined(c, step), c.plain(step.inputs[1]).offset, y)
            return
        p, v = (c.plain(i).offset for i in step.inputs)
        c.draft.sample(o.ATTENTION, o.MIX, p, v, y, *self._sizes(c, step))

    def _joined(self, c: Compiler, step: Step) -> tuple[int, ...]:
        return AttentionScoresRule().joined(c, c.fusion.attended[step.output])

    def backward(self, c: Compiler, step: Step) -> None:
        """dp and dv; in a lean tape dq, dk and dv."""
        if not (c.lean and step.output in c.fusion.attended):
            self._back(c, step, o.MIX, 0, 0)
            return
        v, (q, k) = step.inputs[1], c.fusion.attended[step.output].inputs
        given, tail = (c.plain(v).offset, c.gradient(step.output).offset), self._targets(c, v, q, k)
        tail = [tail[n] for n in (1, 2, 0, 4, 5, 3)]
        c.draft.sample(o.ATTENTION, o.ATTEND + o.BACK, *self._joined(c, step), *given, *tail)


class LayerNormRule(Rule):
    """y = gamma (x - mean) / s + beta over the last axes, row by row."""

    primitives: ClassVar[tuple[str, ...]] = ("layer_norm",)
    code: ClassVar[int] = o.LAYER_NORM

    def reserve(self, c: Compiler, step: Step) -> None:
        """Gradients of gamma and beta by thread."""
        for w in step.inputs[1:3]:
            if c.needs(w):
                c.reserve_partial(w)

    def _cells(self, c: Compiler, step: Step) -> tuple[int, ...]:
        return ()

    def _sizes(self, c: Compiler, step: Step) -> tuple[int, int, int]:
        """(rows a sample, numbers a row, place of the rows' means and inverses)."""
        width = size(c.plan.values[step.inputs[1]].shape)
        rows = size(c.plan.values[step.output].shape) // width
        return rows, width, c.buffer(("row norm", step.output), 2 * rows * c.capacity)

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        p: Any = step.primitive
        x, gamma, beta = step.inputs
        rows, width, own = self._sizes(c, step)
        given = (c.plain(x).offset, c.slot(gamma).offset, c.slot(beta).offset)
        with c.written_plain(c.store(step.output), step.output) as y:
            operands = (*given, y.offset, rows, width, c.constants(p.eps), own)
            c.draft.sample(o.TOKENS, self.code, *operands, *self._cells(c, step))

    def backward(self, c: Compiler, step: Step) -> None:
        """dx, and sums by thread."""
        if c.needs(step.inputs[0]):
            with c.contribution(step.inputs[0], plain=True, adds=True) as (dx, add):
                self._back(c, step, dx.offset, add=add)
        else:
            self._back(c, step, -1, add=False)
        for w in step.inputs[1:]:
            if c.needs(w):
                c.reduce(w)

    def _back(self, c: Compiler, step: Step, dx: int, *, add: bool) -> None:
        x, gamma, beta = step.inputs
        rows, width, own = self._sizes(c, step)
        partials = [c.partial(w) if c.needs(w) else -1 for w in (gamma, beta)]
        given = (c.plain(x).offset, c.slot(gamma).offset, c.plain_gradient(step.output).offset, dx)
        c.draft.sample(
            o.TOKENS, self.code + o.BACK, *given, rows, width, int(add), own, *partials, c.partial_stride,
            *self._cells(c, step),
        )  # fmt: skip


class GroupNormRule(LayerNormRule):
    """y = gamma (x - mean) / s + beta, a row for each group of channels, gamma and beta by channel."""

    primitives: ClassVar[tuple[str, ...]] = ("group_norm",)
    code: ClassVar[int] = o.GROUP_NORM

    def _cells(self, c: Compiler, step: Step) -> tuple[int, ...]:
        return (size(c.plan.values[step.output].shape[1:]),)

    def _sizes(self, c: Compiler, step: Step) -> tuple[int, int, int]:
        """(groups, channels of one, place of the groups' means and inverses)."""
        p: Any = step.primitive
        channels = c.plan.values[step.output].shape[0] // p.groups
        return p.groups, channels, c.buffer(("group norm", step.output), 2 * p.groups * c.capacity)


class AddRowRule(Rule):
    """y = x + w, the same for all samples: learned positions, or waves written once."""

    primitives: ClassVar[tuple[str, ...]] = ("add_weight", "add_sinusoid")

    def alias_gradient(self, c: Compiler, step: Step) -> Store | None:
        """That of an input which nobody else reads."""
        x = step.inputs[0]
        alone = c.needs(x) and c.consumers[x] == 1
        return c.gradient(x) if alone and c.orders[x] is None and c.orders[step.output] is None else None

    def _row(self, c: Compiler, step: Step) -> int:
        if len(step.inputs) > 1:
            return c.slot(step.inputs[1]).offset
        shape = c.plan.values[step.output].shape
        waves, _ = step.primitive.forward(Context(np), np.zeros((1, *shape), np.float32))
        return c.filled(("waves", step.output), waves.ravel())

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        x = c.plain(step.inputs[0])
        with c.written_plain(c.store(step.output), step.output) as y:
            c.draft.sample(o.TOKENS, o.ADD_ROW, x.offset, self._row(c, step), y.offset, y.extent)

    def backward(self, c: Compiler, step: Step) -> None:
        """The same for x; its sum over the batch for w."""
        x, dy = step.inputs[0], c.plain_gradient(step.output)
        if c.needs(x) and c.gradient(x).base == dy.base:
            c.written.add(x)
        elif c.needs(x):
            with c.contribution(x, plain=True, adds=True) as (dx, add):
                c.copy(dy, dx, add=add)
        for w in step.inputs[1:]:
            if c.needs(w):
                target, more = c.parameters.gradient_of(w), int(w in c.written)
                c.later(o.MATRIX, o.COLUMN_SUM, dy.offset, target, 1, dy.extent, more)
                c.written.add(w)


class EmbeddingRule(Rule):
    """y_t = w_(x_t). Ids lie as float32, which is exact for tables of up to 2^24 rows."""

    primitives: ClassVar[tuple[str, ...]] = ("embedding",)

    def refusal(self, plan: Plan, step: Step) -> str:
        """Only ids straight from an input, which are checked before a step; and sequences of them."""
        fields = {s.value for s in plan.inputs}
        if step.inputs[0] not in fields:
            return "embedding of computed numbers"
        if plan.values[step.inputs[1]].shape[0] > EXACT:
            return "embedding of more than 2^24 rows"
        return "embedding of more than a sequence" if len(plan.values[step.output].shape) > 2 else ""

    def order(self, c: Compiler, step: Step) -> Image | None:
        """C order."""
        return None

    def _sizes(self, c: Compiler, step: Step) -> tuple[int, int, int]:
        """(places a sample, D, V)."""
        rows, width = c.plan.values[step.inputs[1]].shape
        return size(c.plan.values[step.inputs[0]].shape), width, rows

    def forward(self, c: Compiler, step: Step) -> None:
        """One instruction."""
        x, w, y = c.store(step.inputs[0]).offset, c.slot(step.inputs[1]).offset, c.store(step.output).offset
        c.draft.sample(o.TOKENS, o.EMBED, x, w, y, *self._sizes(c, step))

    def backward(self, c: Compiler, step: Step) -> None:
        """Each row the sum of dy where it was read."""
        x, w = step.inputs
        if c.needs(w):
            places = (c.store(x).offset, c.parameters.gradient_of(w), c.gradient(step.output).offset)
            c.later(o.TOKENS, o.EMBED + o.BACK, *places, *self._sizes(c, step), int(w in c.written))
            c.written.add(w)
