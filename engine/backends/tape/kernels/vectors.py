"""Passes over rows of pixels whose channels lie innermost, as vector code, and the transpose of a 16 x 16 block.

A group of channels stays in registers while the row goes by: sums, statistics and what is the same for all pixels are
loaded and stored once a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.backends.tape.kernels.micro import LANES, MASK, VECTOR
from engine.backends.tape.kernels.native import F32, I32, I64
from engine.backends.tape.opcodes import PANEL

#: addresses that every pass takes, used or not
PLACES = 10
_ZERO = ir.Constant(VECTOR, [0.0] * LANES)


@dataclass(frozen=True)
class _Pass:
    """``read`` and ``write``: channels' widths between neighbours, array by array; then what is per channel.

    ``apart``: the last address is the number of floats between neighbours instead, the same for all arrays.
    """

    name: str
    read: tuple[int, ...]
    write: tuple[int, ...]
    fixed: int
    sums: int
    body: Callable[[Any, list[Any], list[Any], list[Any]], tuple[list[Any], list[Any]]]
    apart: bool = False


class _Writer:
    """Writes one pass: the loop over groups of channels, the last of them masked, and in it the loop over pixels."""

    def __init__(self, function: Any, what: _Pass) -> None:
        self.what, self.b = what, ir.IRBuilder(function.append_basic_block("entry"))
        self.pixels, self.channels, *self.places = function.args
        module = self.b.module
        pointer = ir.PointerType(VECTOR)
        self.read = cgutils.get_or_insert_function(
            module, ir.FunctionType(VECTOR, [pointer, I32, MASK, VECTOR]), f"llvm.masked.load.v{LANES}f32.p0"
        )
        self.write = cgutils.get_or_insert_function(
            module, ir.FunctionType(ir.VoidType(), [VECTOR, pointer, I32, MASK]), f"llvm.masked.store.v{LANES}f32.p0"
        )

    def whole(self) -> None:
        """All groups of channels."""
        b, lanes = self.b, ir.Constant(I64, LANES)
        full = b.sdiv(self.channels, lanes)
        with cgutils.for_range(b, full) as group:
            self._group(b.mul(group.index, ir.Constant(I64, 4 * LANES)), None)
        left = b.srem(self.channels, lanes)
        with b.if_then(b.icmp_signed(">", left, ir.Constant(I64, 0))):
            kind = ir.VectorType(I32, LANES)
            one = b.insert_element(ir.Constant(kind, ir.Undefined), b.trunc(left, I32), ir.Constant(I32, 0))
            count = b.shuffle_vector(one, one, ir.Constant(kind, [0] * LANES))
            mask = b.icmp_signed("<", ir.Constant(kind, list(range(LANES))), count)
            self._group(b.mul(full, ir.Constant(I64, 4 * LANES)), mask)
        b.ret_void()

    def _load(self, address: Any, mask: Any) -> Any:
        p = self.b.inttoptr(address, ir.PointerType(VECTOR))
        if mask is None:
            return self.b.load(p, align=4, typ=VECTOR)
        return self.b.call(self.read, [p, ir.Constant(I32, 4), mask, _ZERO])

    def _store(self, value: Any, address: Any, mask: Any) -> None:
        p = self.b.inttoptr(address, ir.PointerType(VECTOR))
        if mask is None:
            self.b.store(value, p, align=4)
        else:
            self.b.call(self.write, [value, p, ir.Constant(I32, 4), mask])

    def _group(self, shift: Any, mask: Any) -> None:
        b, what = self.b, self.what
        moving, still = len(what.read) + len(what.write), what.fixed
        places = [b.add(p, shift) for p in self.places]
        fixed = [self._load(p, mask) for p in places[moving : moving + still]]
        totals = places[moving + still : moving + still + what.sums]
        sums = [cgutils.alloca_once(b, VECTOR) for _ in totals]
        for place, total in zip(totals, sums, strict=True):
            b.store(self._load(place, mask), total)
        width = b.mul(self.places[-1] if what.apart else self.channels, ir.Constant(I64, 4))
        with cgutils.for_range(b, self.pixels) as pixel:
            start = b.mul(pixel.index, width)
            at = [
                b.add(p, b.mul(start, ir.Constant(I64, k)))
                for p, k in zip(places, (*what.read, *what.write), strict=False)
            ]
            values = [self._load(p, mask) for p in at[: len(what.read)]]
            found, after = what.body(b, values, fixed, [b.load(s, typ=VECTOR) for s in sums])
            for value, p in zip(found, at[len(what.read) :], strict=True):
                self._store(value, p, mask)
            for value, s in zip(after, sums, strict=True):
                b.store(value, s)
        for place, total in zip(totals, sums, strict=True):
            self._store(b.load(total, typ=VECTOR), place, mask)


def _make(what: _Pass) -> Any:
    """The pass as a call from kernels: pixels, channels, then the addresses of ``PLACES`` arrays."""

    @intrinsic
    def row(
        _context: Any, pixels: Any, channels: Any, a0: Any, a1: Any, a2: Any, a3: Any, a4: Any, a5: Any, a6: Any,
        a7: Any, a8: Any, a9: Any,
    ) -> Any:  # fmt: skip
        """The pass over ``pixels`` of ``channels`` numbers, and the addresses of its arrays."""

        def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            """LLVM of the call; the pass itself is written once a module."""
            name = f"gradloom_row_{what.name}"
            function = builder.module.globals.get(name)
            if function is None:
                shape = ir.FunctionType(ir.VoidType(), [I64] * (2 + PLACES))
                function = ir.Function(builder.module, shape, name)
                function.linkage = "internal"
                function.attributes.add("noinline")
                _Writer(function, what).whole()
            builder.call(function, args)
            return ctx.get_dummy_value()

        return types.void(*[types.int64] * (2 + PLACES)), generate

    return row


def _chosen(b: Any, x: Any) -> Any:
    """x where it is positive or NaN, else 0: ReLU."""
    return b.select(b.fcmp_ordered("<=", x, _ZERO), _ZERO, x)


def _normal(b: Any, x: list[Any], k: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
    return [b.fadd(b.fmul(b.fsub(x[0], k[0]), k[1]), k[2])], s


def _normal_relu(b: Any, x: list[Any], k: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
    return [_chosen(b, _normal(b, x, k, s)[0][0])], s


def _normal_back(b: Any, x: list[Any], k: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
    """(dy + k0 + (x - mean) k1) scale, in this order: of a dy that is its own mean nothing is left."""
    inner = b.fadd(b.fadd(x[1], k[3]), b.fmul(b.fsub(x[0], k[0]), k[2]))
    return [b.fmul(inner, k[1])], s


def _relu_back(b: Any, x: list[Any], k: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
    return [b.select(b.fcmp_ordered(">", x[1], _ZERO), x[0], _ZERO)], s


def _sum(b: Any, x: list[Any], k: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
    return [], [b.fadd(s[0], x[0])]


def _squares(b: Any, x: list[Any], k: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
    d = b.fsub(x[0], k[0])
    return [], [b.fadd(s[0], b.fmul(d, d)), b.fadd(s[1], d)]


def _products(b: Any, x: list[Any], k: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
    """Sums of dy, and of dy xhat."""
    xhat = b.fmul(b.fsub(x[0], k[0]), k[1])
    return [], [b.fadd(s[0], x[1]), b.fadd(s[1], b.fmul(x[1], xhat))]


def _larger(b: Any, x: Any, y: Any) -> Any:
    """Whether y wins over x: larger, or NaN."""
    return b.or_(b.fcmp_ordered(">", y, x), b.fcmp_unordered("uno", y, y))


def _pool(b: Any, x: list[Any], k: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
    """The largest of four and its number, the first among equals."""
    number = [ir.Constant(VECTOR, [float(n)] * LANES) for n in range(4)]
    right, below = _larger(b, x[0], x[1]), _larger(b, x[2], x[3])
    top, low = b.select(right, x[1], x[0]), b.select(below, x[3], x[2])
    lower = _larger(b, top, low)
    upper, under = b.select(right, number[1], number[0]), b.select(below, number[3], number[2])
    return [b.select(lower, low, top), b.select(lower, under, upper)], s


def _pool_back(b: Any, x: list[Any], k: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
    """dy to the winner of four."""
    number = [ir.Constant(VECTOR, [float(n)] * LANES) for n in range(4)]
    return [b.select(b.fcmp_ordered("==", x[1], n), x[0], _ZERO) for n in number], s


def _pool_relu_back(b: Any, x: list[Any], k: list[Any], s: list[Any]) -> tuple[list[Any], list[Any]]:
    """dy to the winner of four, where the pool's own output x[2] is positive."""
    return _pool_back(b, [b.select(b.fcmp_ordered(">", x[2], _ZERO), x[0], _ZERO), x[1]], k, s)


#: x | y | mean, scale, shift
normal_row = _make(_Pass("normal", (1,), (1,), 3, 0, _normal))
normal_relu_row = _make(_Pass("normal_relu", (1,), (1,), 3, 0, _normal_relu))
#: x, dy | dx | mean, scale, k1, k0
normal_back_row = _make(_Pass("normal_back", (1, 1), (1,), 4, 0, _normal_back))
#: dy, y | dx
relu_back_row = _make(_Pass("relu_back", (1, 1), (1,), 0, 0, _relu_back))
#: x | sums
sum_row = _make(_Pass("sum", (1,), (), 0, 1, _sum))
#: the same, rows apart
sum_rows_apart = _make(_Pass("sum_apart", (1,), (), 0, 1, _sum, apart=True))
#: x | mean | sums of squared deviations, of deviations
squares_row = _make(_Pass("squares", (1,), (), 1, 2, _squares))
#: x, dy | mean, inverse | sums of dy, of dy xhat
products_row = _make(_Pass("products", (1, 1), (), 2, 2, _products))
#: four cells of each window | y, winner
pool_row = _make(_Pass("pool", (2, 2, 2, 2), (1, 1), 0, 0, _pool))
#: dy, winner | four cells of each window
pool_back_row = _make(_Pass("pool_back", (1, 1), (2, 2, 2, 2), 0, 0, _pool_back))
#: dy, winner, y | four cells of each window
pool_relu_back_row = _make(_Pass("pool_relu_back", (1, 1, 1), (2, 2, 2, 2), 0, 0, _pool_relu_back))


@intrinsic
def transpose(_context: Any, source: Any, apart: Any, target: Any, to_apart: Any) -> Any:
    """A block of 16 x 16 numbers, rows so many floats apart; four rounds of interleaving rows i and i + 8."""

    def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        """LLVM of loads, four rounds and stores."""
        wide = ir.VectorType(F32, PANEL)
        low = [n // 2 + PANEL * (n % 2) for n in range(PANEL)]
        kind = ir.VectorType(I32, PANEL)
        halves = [ir.Constant(kind, [n + shift for n in low]) for shift in (0, PANEL // 2)]

        def place(base: Any, apart: Any, k: int) -> Any:
            """Row k."""
            shift = builder.mul(apart, ir.Constant(I64, 4 * k))
            return builder.inttoptr(builder.add(base, shift), ir.PointerType(wide))

        source, apart, target, to_apart = args
        rows = [builder.load(place(source, apart, k), align=4, typ=wide) for k in range(PANEL)]
        for _ in range(4):
            pairs = [(rows[k], rows[k + PANEL // 2]) for k in range(PANEL // 2)]
            rows = [builder.shuffle_vector(x, y, half) for x, y in pairs for half in halves]
        for k, row in enumerate(rows):
            builder.store(row, place(target, to_apart, k), align=4)
        return ctx.get_dummy_value()

    return types.void(*[types.int64] * 4), generate
