"""Bounds of every instruction, before a tape runs: kernels work on raw addresses, so a wrong one would end the process.

Each rule gives the places of the arena that its opcode touches, worked out from the row alone, for the full capacity
and all threads. Slots of sums and groups are checked as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from engine.backends.tape import opcodes as o
from engine.backends.tape.points import scratch
from engine.backends.tape.program import Program

Row = tuple[int, ...]
Part = tuple[int, int]  # first float, and one past the last


class TapeError(ValueError):
    """An instruction reaches outside of the arena, the sums or the constants."""


@dataclass(frozen=True)
class Bounds:
    """What a tape may use."""

    samples: int
    threads: int
    arena: int
    doubles: int
    constants: int

    def view(self, t: Row, at: int, rows: int, length: int) -> Part:
        """A view at t[at:at + 3] of so many rows a sample."""
        offset, pitch, stride = t[at : at + 3]
        return offset, offset + (self.samples - 1) * pitch + (rows - 1) * stride + length

    def run(self, offset: int, each: int) -> Part:
        """So many floats for each sample."""
        return offset, offset + self.samples * each

    def by_thread(self, offset: int, stride: int, count: int) -> Part:
        """So many floats for each thread."""
        return offset, offset + (self.threads - 1) * stride + count


def _panels(inner: int, columns: int) -> int:
    return -(-columns // o.PANEL) * o.PANEL * inner


def _move(b: Bounds, t: Row) -> Iterator[Part]:
    if t[1] == o.CLEAR:
        yield b.by_thread(t[2], t[3], t[4])
    elif t[1] == o.GATHER:
        yield b.view(t, 2, t[5], t[6])
    elif t[1] == o.COPY:
        for at in (2, 6):
            first, last = b.view(t, at, t[10], t[12])
            yield first, last + (t[11] - 1) * t[at + 3]
    elif t[1] == o.PERMUTE:
        yield b.view(t, 2, t[7], t[6] * t[8])
        yield b.run(t[5], t[6] * t[7] * t[8])
    elif t[1] in (o.DROPOUT, o.NOISE):
        rows, length = (t[11], t[10] * t[12]) if t[10] else (1, t[9])
        yield b.view(t, 2, rows, length)
        yield b.view(t, 5, rows, length)
    elif t[1] == o.PACK:
        yield t[2], t[2] + _panels(t[4], t[5])
        yield t[3], t[3] + _panels(t[5], t[4])
    elif t[1] == o.REDUCE:
        yield b.by_thread(t[2], t[3], t[4])
        yield t[5], t[5] + t[4]
    elif t[1] == o.COMMIT:
        yield t[2], t[2] + t[4]
        yield t[3], t[3] + t[4]
    elif t[1] == o.SUM_UP:
        yield t[4], t[4] + max(t[3], t[5])


def _element(b: Bounds, t: Row) -> Iterator[Part]:
    for at in (2, 5, 8):
        yield b.view(t, at, t[11], t[12])
    if t[1] % o.BACK == o.PRELU:
        yield t[16], t[16] + t[14]


def _matrix(b: Bounds, t: Row) -> Iterator[Part]:
    if t[1] == o.LINEAR:
        yield b.run(t[2], t[6] * t[7])
        yield t[3], t[3] + _panels(t[7], t[8])
        yield (t[4], t[4] + t[8]) if t[4] != -1 else (0, 0)
        yield b.run(t[5], t[6] * t[8])
    elif t[1] == o.LINEAR_DX:
        yield b.run(t[2], t[5] * t[6])
        yield t[3], t[3] + _panels(t[6], t[7])
        yield b.run(t[4], t[5] * t[7])
        yield b.run(t[10], t[5] * t[7]) if t[9] else (0, 0)
    elif t[1] == o.LINEAR_DW:
        yield b.run(t[2], t[5] * t[6])
        yield b.run(t[3], t[5] * t[7])
        yield t[4], t[4] + _panels(t[6], t[7])
    else:
        yield b.run(t[2], t[4] * t[5])
        yield t[3], t[3] + t[5]


def _norm(b: Bounds, t: Row) -> Iterator[Part]:
    if t[1] == o.STATISTICS:
        yield b.view(t, 2, t[5], t[6])
        yield b.by_thread(t[9], t[10], 3 * t[7])
    elif t[1] == o.FIX:
        for at in (4, 5, 6, 7, 8, 9):
            yield (t[at], t[at] + t[3]) if t[at] != -1 else (0, 0)
        yield b.by_thread(t[10], t[11], 4 * t[3])
    elif t[1] == o.APPLY:
        yield b.view(t, 2, t[8], t[9])
        yield b.view(t, 5, t[8], t[9])
        yield b.by_thread(t[11], t[12], 4 * t[10])
    elif t[1] == o.SUMS:
        yield b.view(t, 2, t[8], t[9])
        yield b.view(t, 5, t[8], t[9])
        yield b.by_thread(t[12], t[13], 8 * t[10])
    elif t[1] == o.FIX_BACK:
        for at in (5, 6):
            yield (t[at], t[at] + t[3]) if t[at] != -1 else (0, 0)
        yield b.by_thread(t[7], t[8], 6 * t[3])
    else:
        for at in (2, 5, 8):
            yield b.view(t, at, t[11], t[12])
        yield b.by_thread(t[14], t[15], 8 * t[13])


def _loss(b: Bounds, t: Row) -> Iterator[Part]:
    if t[1] != o.FINISH:
        yield b.run(t[2], t[6])
        yield b.run(t[3], t[6]) if t[3] != -1 else (0, 0)
        yield b.run(t[4], 1)


#: which operands of an update's opcode are runs as long as its count
_WIDTHS = {o.PENALTY: (2, 3, 4), o.COLLECT: (2, 3, 4), o.LIMIT: (2, 3), o.SCALE: (2,), o.AVERAGE: (2, 3)}


def _update(b: Bounds, t: Row) -> Iterator[Part]:
    if t[1] == o.SQUARES:
        yield t[2], t[2] + t[5]
    elif t[1] in _WIDTHS:
        for at in _WIDTHS[t[1]]:
            yield t[at], t[at] + t[5]
    else:
        for at in (2, 3, 4, 6, 7, 8, 10):
            yield (t[at], t[at] + t[5]) if t[at] != -1 else (0, 0)


def _conv(b: Bounds, t: Row) -> Iterator[Part]:
    if t[1] in (o.DIRECT, o.WEIGHTS):
        rows, width = (t[17], t[18]) if t[1] == o.DIRECT else (t[15], t[16])
        channels = t[16] if t[1] == o.DIRECT else t[14]
        reach = (rows - 1) * t[4] + (width - 1) * t[5] + (t[6] - 1) * t[7] + (t[8] - 1) * t[9] + t[10]
        yield t[2], t[2] + (b.samples - 1) * t[3] + reach
        if t[1] == o.DIRECT:
            yield t[11], t[11] + _panels(t[6] * t[8] * t[10], channels)
            yield (t[12], t[12] + channels) if t[12] != -1 else (0, 0)
            yield b.view(t, 13, rows, width * channels)
        else:
            yield b.view(t, 11, rows, width * channels)
            yield b.by_thread(t[17], t[18], _panels(t[6] * t[8] * t[10], channels))
    elif t[1] == o.SPREAD:
        yield from _spread(b, t)
    elif t[1] >= o.GROUPED:
        yield from _grouped(b, t)
    elif t[1] == o.TURN:
        yield t[2], t[2] + _panels(t[4] * t[5], t[6])
        yield t[3], t[3] + _panels(t[4] * t[6], t[5])
    else:
        yield b.view(t, 2, t[5], t[6])
        yield b.by_thread(t[8], t[9], t[7])


def _spread(b: Bounds, t: Row) -> Iterator[Part]:
    """dy: from the lowest to the highest place that any pixel of dx looks at, row by row and column by column."""
    inner, kh, kw, sh, sw, top, left, dh, dw, rows, columns = t[5], *t[7:15], t[19], t[20]
    step_h, step_w = sh // gcd(sh, dh), sw // gcd(sw, dw)
    assert step_h > 0 and step_w > 0
    low = -((dh * (kh - 1) - top) // sh) * t[4] - (-(-(dw * (kw - 1) - left) // sw)) * inner
    high = (rows - 1 + top) // sh * t[4] + (columns - 1 + left) // sw * inner + inner
    yield t[2] + min(low, 0), t[2] + (b.samples - 1) * t[3] + high
    yield t[6], t[6] + _panels(kh * kw * inner, t[18])
    yield b.view(t, 15, rows, columns * t[18])


def _grouped(b: Bounds, t: Row) -> Iterator[Part]:
    c, (kh, kw, sh, sw, dh, dw), (outputs, rows, columns, inputs) = t[5], t[6:12], t[17:21]
    kernel = kh * kw * inputs * outputs
    if t[1] == o.GROUPED_DX:
        yield b.view(t, 2, t[23], t[24] * c)
    else:
        reach = ((rows - 1) * sh + (kh - 1) * dh) * t[4] + ((columns - 1) * sw + (kw - 1) * dw + 1) * c
        yield t[2], t[2] + (b.samples - 1) * t[3] + reach
    yield b.by_thread(t[12], t[13], kernel) if t[1] == o.GROUPED_DW else (t[12], t[12] + kernel)
    yield (t[13], t[13] + outputs) if t[1] == o.GROUPED and t[13] != -1 else (0, 0)
    yield b.view(t, 14, rows, columns * outputs)


def _winograd(b: Bounds, t: Row) -> Iterator[Part]:
    if t[1] == o.AHEAD:
        return  # what is asked for is never used there
    if t[1] in (o.POINTS, o.POINTS_BACK):
        points, kernel = (t[6] + 2) ** 2 * t[4] * t[5], 9 * t[4] * t[5]
        yield t[2], t[2] + (points if t[1] == o.POINTS_BACK else kernel)
        yield t[3], t[3] + (kernel if t[1] == o.POINTS_BACK else points)
        return
    inner, channels, height, width, m = t[5], *t[11:15]
    yield b.view(t, 2, height + 2, (width + 2) * inner)
    yield b.view(t, 8, height, width * channels)
    yield b.by_thread(t[16], t[17], scratch(m, inner, channels))
    points = (m + 2) ** 2 * inner * channels
    if t[1] == o.TILES_DW:
        yield b.by_thread(t[6], t[7], points)
    else:
        yield t[6], t[6] + points
        yield t[7], t[7] + channels


def _pool(b: Bounds, t: Row) -> Iterator[Part]:
    yield b.view(t, 2, t[9], t[8] * t[10])
    if t[1] % o.BACK == o.GLOBAL_POOL:
        yield b.run(t[5], t[8])
        return
    yield b.view(t, 5, t[11], t[8] * t[12])
    if t[20]:
        yield b.view(t, 21, t[11], t[8] * t[12])
    if t[1] % o.BACK == o.MAX_POOL:
        yield b.run(t[19], t[8] * t[11] * t[12])


def _attention(b: Bounds, t: Row) -> Iterator[Part]:
    places, others, width, heads = t[5:9]
    maps, queries, keys = heads * places * others, places * width, others * width
    if t[1] % o.BACK == o.ATTEND:
        yield from _attend(b, t)
        return
    scores = t[1] % o.BACK == o.SCORES
    first, last = (queries, maps) if scores else (maps, queries)
    yield b.run(t[2], first)
    yield b.run(t[3], keys)
    yield b.run(t[4], last)
    if t[1] != o.MIX:
        yield b.by_thread(t[11], t[12], max(-(-others // o.PANEL) * o.PANEL * (width // heads), places * others))
    if t[1] >= o.BACK:
        yield b.run(t[13], first) if t[13] != -1 else (0, 0)
        yield b.run(t[14], keys) if t[14] != -1 else (0, 0)


def _attend(b: Bounds, t: Row) -> Iterator[Part]:
    places, others, width, heads = t[5:9]
    queries, keys = places * width, others * width
    yield b.run(t[2], queries)
    yield b.run(t[3], keys)
    yield b.run(t[4], heads * places * others)
    yield b.by_thread(t[11], t[12], -(-others // o.PANEL) * o.PANEL * (width // heads) + places * others)
    yield b.run(t[13], keys)
    yield b.run(t[14], queries)
    for at, each in ((15, queries), (16, keys), (17, keys)) if t[1] >= o.BACK else ():
        yield b.run(t[at], each) if t[at] != -1 else (0, 0)


def _tokens(b: Bounds, t: Row) -> Iterator[Part]:
    if t[1] % o.BACK == o.LAYER_NORM:
        rows, width = t[6], t[7]
        yield b.run(t[2], rows * width)
        yield t[3], t[3] + width
        yield b.run(t[9], 2 * rows)
        if t[1] == o.LAYER_NORM:
            yield t[4], t[4] + width
            yield b.run(t[5], rows * width)
            return
        yield b.run(t[4], rows * width)
        yield b.run(t[5], rows * width) if t[5] != -1 else (0, 0)
        for at in (10, 11):
            yield b.by_thread(t[at], t[12], width) if t[at] != -1 else (0, 0)
    elif t[1] % o.BACK == o.GROUP_NORM:
        yield from _group_norm(b, t)
    elif t[1] == o.ADD_ROW:
        yield b.run(t[2], t[5])
        yield t[3], t[3] + t[5]
        yield b.run(t[4], t[5])
    else:
        yield b.run(t[2], t[5])
        yield t[3], t[3] + t[6] * t[7]
        yield b.run(t[4], t[5] * t[6])


def _group_norm(b: Bounds, t: Row) -> Iterator[Part]:
    back, channels = t[1] >= o.BACK, t[6] * t[7]
    whole = channels * (t[13] if back else t[10])
    yield b.run(t[2], whole)
    yield t[3], t[3] + channels
    yield b.run(t[9], 2 * t[6])
    if back:
        yield b.run(t[4], whole)
        for at in (10, 11):
            yield b.by_thread(t[at], t[12], channels) if t[at] != -1 else (0, 0)
    else:
        yield t[4], t[4] + channels
    yield b.run(t[5], whole) if t[5] != -1 else (0, 0)


_RULES: dict[int, Callable[[Bounds, Row], Iterator[Part]]] = {
    o.MOVE: _move, o.ELEMENT: _element, o.MATRIX: _matrix, o.NORM: _norm, o.LOSS: _loss, o.UPDATE: _update,
    o.CONV: _conv, o.POOL: _pool, o.WINOGRAD: _winograd, o.ATTENTION: _attention, o.TOKENS: _tokens,
}  # fmt: skip


def parts(b: Bounds, row: Row) -> list[Part]:
    """What a row touches, in an order that does not depend on the bounds."""
    t = (*row, *(0,) * (o.WIDTH - len(row)))
    return list(_RULES[t[0]](b, t))


def _sums(t: Row, weights: int) -> int:
    """The last float64 sum that a row uses, plus one; 0 if none."""
    ends: dict[tuple[int, int], int] = {
        (o.MOVE, o.SUM_UP): t[2] + t[3],
        (o.ELEMENT, o.PRELU_SUMS): t[16] + t[14],
        (o.NORM, o.STATISTICS): t[8] + 1 + 2 * t[7],
        (o.NORM, o.FIX): t[2] + 1 + 2 * t[3],
        (o.NORM, o.SUMS): t[11] + 2 * t[10],
        (o.NORM, o.FIX_BACK): t[2] + 2 * t[3],
        (o.LOSS, o.FINISH): max(t[4] + t[2], t[5] + 1, t[6] + weights, t[7] + weights),
        (o.MATRIX, o.LINEAR_DW): t[9] + 1,
        (o.MATRIX, o.COLUMN_SUM): t[7] + 1,
        (o.UPDATE, o.SQUARES): t[3] + 1,
        (o.UPDATE, o.PENALTY): t[7] + 1,
        (o.UPDATE, o.LIMIT): t[7] + 1,
        (o.UPDATE, o.SCALE): t[7] + 1,
    }
    head = max(t[8], t[9]) + 1 if t[0] == o.LOSS and t[1] != o.FINISH else 0
    return ends.get((t[0], t[1]), head)


def validate(program: Program, samples: int, threads: int, weights: int) -> None:
    """TapeError naming tape, row, opcode, and what it reaches beyond."""
    bounds = Bounds(samples, threads, program.arena, program.doubles, len(program.constants))
    for mode in program.tapes:
        for lane in {0, threads - 1}:
            check_tape(mode, program.lane(mode, lane), bounds, weights)


def check_tape(mode: str, tape: NDArray[np.int64], bounds: Bounds, weights: int) -> None:
    """One tape."""
    for k, row in enumerate(tape):
        t = tuple(int(v) for v in row)
        where = f"tape {mode!r}, row {k}, {o.FAMILIES[t[0]] if 0 <= t[0] < len(o.FAMILIES) else t[0]} {t[1]}"
        if t[0] == o.CONTROL:
            rows = t[2] if t[1] == o.GROUP else t[3] if t[1] == o.SKIP else 0
            if rows < 0 or k + rows >= len(tape):
                raise TapeError(f"{where}: a group of {rows} rows in a tape of {len(tape)}")
            continue
        if t[0] not in _RULES:
            raise TapeError(f"{where}: there is no such family")
        if t[0] == o.WINOGRAD and t[1] in (o.TILES, o.TILES_DW) and t[19]:
            after = tuple(int(v) for v in tape[k + 1 : k + 2, :2].ravel())
            if after != (o.WINOGRAD, o.AHEAD) or not 0 < t[19] <= o.PARTS:
                raise TapeError(f"{where}: no row follows that names {t[19]} parts to ask for")
        for first, last in _RULES[t[0]](bounds, t):
            if first < 0 or last < first or last > bounds.arena:
                raise TapeError(f"{where}: floats {first} to {last} of an arena of {bounds.arena}")
        if _sums(t, weights) > bounds.doubles:
            raise TapeError(f"{where}: sum {_sums(t, weights)} of {bounds.doubles}")
