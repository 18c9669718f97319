"""Winograd's transforms of one tile or kernel (see ``points``), as vector code over channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.backends.tape.kernels.native import F32, I64, exact
from engine.backends.tape.opcodes import PANEL
from engine.backends.tape.points import FAR, NEAR, kernel_matrix


class _Vector:
    """Arithmetic on vectors of ``width`` channels."""

    def __init__(self, builder: Any, width: int) -> None:
        self.b, self.width = builder, width
        self.kind = ir.VectorType(F32, width) if width > 1 else F32
        name = f"llvm.fma.v{width}f32" if width > 1 else "llvm.fma.f32"
        shape = ir.FunctionType(self.kind, [self.kind] * 3)
        self._fma = cgutils.get_or_insert_function(builder.module, shape, name)

    def constant(self, value: float) -> Any:
        """The number in every lane."""
        one = float(np.float32(value))
        return ir.Constant(self.kind, [one] * self.width if self.width > 1 else one)

    def load(self, address: Any) -> Any:
        """A vector."""
        return self.b.load(self.b.inttoptr(address, ir.PointerType(self.kind)), align=4, typ=self.kind)

    def store(self, value: Any, address: Any) -> None:
        """A vector."""
        self.b.store(value, self.b.inttoptr(address, ir.PointerType(self.kind)), align=4)

    def add(self, x: Any, y: Any) -> Any:
        """x + y."""
        return self.b.fadd(x, y)

    def sub(self, x: Any, y: Any) -> Any:
        """x - y."""
        return self.b.fsub(x, y)

    def scaled(self, c: float, x: Any) -> Any:
        """c x."""
        return self.b.fmul(self.constant(c), x)

    def fma(self, c: float, x: Any, y: Any) -> Any:
        """c x + y."""
        return self.b.call(self._fma, [self.constant(c), x, y])


def _of_input(e: _Vector, m: int, d: list[Any]) -> list[Any]:
    """B^T d."""
    if m == 2:
        return [e.sub(d[0], d[2]), e.add(d[1], d[2]), e.sub(d[2], d[1]), e.sub(d[3], d[1])]
    a, b = NEAR**2, FAR**2
    even_a, odd_a = e.fma(-b, d[2], d[4]), e.fma(-b, d[1], d[3])
    even_b, odd_b = e.fma(-a, d[2], d[4]), e.fma(-a, d[1], d[3])
    first, last = e.fma(a * b, d[0], e.fma(-a - b, d[2], d[4])), e.fma(a * b, d[1], e.fma(-a - b, d[3], d[5]))
    middle = [e.fma(NEAR, odd_a, even_a), e.fma(-NEAR, odd_a, even_a), e.fma(FAR, odd_b, even_b)]
    return [first, *middle, e.fma(-FAR, odd_b, even_b), last]


def _of_output(e: _Vector, m: int, v: list[Any]) -> list[Any]:
    """A^T v."""
    if m == 2:
        return [e.add(v[0], e.add(v[1], v[2])), e.add(e.sub(v[1], v[2]), v[3])]
    sum_a, apart_a, sum_b, apart_b = e.add(v[1], v[2]), e.sub(v[1], v[2]), e.add(v[3], v[4]), e.sub(v[3], v[4])
    return [
        e.add(e.add(v[0], sum_a), sum_b),
        e.fma(FAR, apart_b, e.scaled(NEAR, apart_a)),
        e.fma(FAR**2, sum_b, e.scaled(NEAR**2, sum_a)),
        e.fma(FAR**3, apart_b, e.fma(NEAR**3, apart_a, v[5])),
    ]


def _of_gradient(e: _Vector, m: int, y: list[Any]) -> list[Any]:
    """A y, the transpose of what is done to outputs."""
    if m == 2:
        return [y[0], e.add(y[0], y[1]), e.sub(y[0], y[1]), y[1]]
    found = [y[0]]
    for p in (NEAR, FAR):
        even, odd = e.fma(p * p, y[2], y[0]), e.fma(p * p, y[3], y[1])
        found += [e.fma(p, odd, even), e.fma(-p, odd, even)]
    return [*found, y[3]]


def _by_matrix(e: _Vector, matrix: Any, x: list[Any]) -> list[Any]:
    """matrix x, products with zero left out."""
    found = []
    for row in matrix:
        total = None
        for c, value in zip(row, x, strict=True):
            if c:
                total = e.scaled(c, value) if total is None else e.fma(c, value, total)
        found.append(total)
    return found


def _of_kernel(e: _Vector, m: int, w: list[Any]) -> list[Any]:
    """G w."""
    return _by_matrix(e, kernel_matrix(m), w)


def _of_points(e: _Vector, m: int, u: list[Any]) -> list[Any]:
    """G^T u."""
    return _by_matrix(e, kernel_matrix(m).T, u)


Transform = Callable[[_Vector, int, list[Any]], list[Any]]


def _body(function: Any, one: Transform, m: int, size: int, width: int, *, ends: bool) -> None:
    """Columns, then rows, tile after tile. ``ends``: with two more arguments, a bias and ADDS or RELU."""
    b = ir.IRBuilder(function.append_basic_block("entry"))
    first, row, column, to_first, to_row, to_column, count, tiles, step, to_step, *more = function.args
    four = ir.Constant(I64, 4)
    row, column, to_row, to_column, step, to_step = (
        b.mul(v, four) for v in (row, column, to_row, to_column, step, to_step)
    )
    e = _Vector(b, width)
    if ends:
        floor = b.select(b.icmp_signed(">=", more[1], ir.Constant(I64, RELU)), e.constant(0.0), e.constant(-np.inf))
        adds = b.trunc(more[1], ir.IntType(1))

    def place(base: Any, down: Any, i: int, right: Any, j: int) -> Any:
        return b.add(b.add(base, b.mul(down, ir.Constant(I64, i))), b.mul(right, ir.Constant(I64, j)))

    with cgutils.for_range(b, tiles) as tile, cgutils.for_range(b, count) as each:
        shift = b.mul(each.index, ir.Constant(I64, 4 * width))
        s = b.add(b.add(first, b.mul(tile.index, step)), shift)
        t = b.add(b.add(to_first, b.mul(tile.index, to_step)), shift)
        columns = [one(e, m, [e.load(place(s, row, i, column, j)) for i in range(size)]) for j in range(size)]
        bias = e.load(b.add(more[0], shift)) if ends else None
        for i in range(len(columns[0])):
            for j, value in enumerate(one(e, m, [columns[k][i] for k in range(size)])):
                at = place(t, to_row, i, to_column, j)
                if ends:
                    value = _ended(e, value, bias, floor, adds, at)
                e.store(value, at)
    b.ret_void()


def _ended(e: _Vector, value: Any, bias: Any, floor: Any, adds: Any, at: Any) -> Any:
    """value + bias, + what is there, and not below the floor; NaN stays."""
    b, found = e.b, cgutils.alloca_once(e.b, e.kind)
    b.store(e.add(value, bias), found)
    with b.if_then(adds, likely=False):
        b.store(e.add(b.load(found, typ=e.kind), e.load(at)), found)
    value = b.load(found, typ=e.kind)
    return b.select(b.fcmp_ordered("<=", value, floor), floor, value)


def _named(builder: Any, name: str, one: Transform, m: int, size: int, width: int, *, ends: bool) -> Any:
    """The module's own function of that name, written at its first use."""
    function = builder.module.globals.get(name)
    if function is None:
        function = ir.Function(builder.module, ir.FunctionType(ir.VoidType(), [I64] * (12 if ends else 10)), name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        _body(function, one, m, size, width, ends=ends)
    return function


def _make(name: str, one: Transform, m: int, size: int, width: int) -> Any:
    """``tiles`` tiles, ``step`` apart, in ``count`` runs of ``width`` channels: element (i, j) of a tile stands i rows
    and j columns behind the first."""

    @intrinsic
    def transform(
        _context: Any, source: Any, row: Any, column: Any, target: Any, to_row: Any, to_column: Any, count: Any,
        tiles: Any, step: Any, to_step: Any,
    ) -> Any:  # fmt: skip
        """See ``_make``."""

        def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            builder.call(_named(builder, f"gradloom_{name}_{m}_{width}", one, m, size, width, ends=False), args)
            return ctx.get_dummy_value()

        return types.void(*[types.int64] * 10), generate

    return transform


def _make_output(m: int) -> Any:
    """The way out: a bias, and how it ends (see ``_body``), besides."""

    @intrinsic
    def transform(
        _context: Any, source: Any, row: Any, column: Any, target: Any, to_row: Any, to_column: Any, count: Any,
        tiles: Any, step: Any, to_step: Any, bias: Any, ending: Any,
    ) -> Any:  # fmt: skip
        """See ``_make``."""

        def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            builder.call(_named(builder, f"gradloom_output_{m}", _of_output, m, m + 2, 8, ends=True), args)
            return ctx.get_dummy_value()

        return types.void(*[types.int64] * 12), generate

    return transform


#: bytes of a cache line
LINE = 64
#: ends of an output tile, added up
ADDS, RELU = 1, 2
_in2, _in4 = (_make("input", _of_input, m, m + 2, 8) for m in (2, 4))
_out2, _out4 = _make_output(2), _make_output(4)
_grad2, _grad4 = (_make("gradient", _of_gradient, m, m, 8) for m in (2, 4))
_kernel2, _kernel4 = (_make("kernel", _of_kernel, m, 3, PANEL) for m in (2, 4))
_points2, _points4 = (_make("points", _of_points, m, m + 2, PANEL) for m in (2, 4))


@intrinsic
def touch(_context: Any, address: Any, lines: Any) -> Any:
    """Ask for so many cache lines, without waiting."""

    def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        byte, i32 = ir.PointerType(ir.IntType(8)), ir.IntType(32)
        shape = ir.FunctionType(ir.VoidType(), [byte, i32, i32, i32])
        ask = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0")
        with cgutils.for_range(builder, args[1]) as line:
            at = builder.inttoptr(builder.add(args[0], builder.mul(line.index, ir.Constant(I64, LINE))), byte)
            builder.call(ask, [at, *(ir.Constant(i32, v) for v in (0, 2, 1))])  # to read, into the second cache
        return ctx.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@exact
def input_tiles(
    m: int, s: int, row: int, column: int, t: int, to_row: int, to_column: int, channels: int, tiles: int, step: int
) -> None:
    """(m + 2, m + 2) pixels of each tile to as many points; points of the next tile are ``channels`` further."""
    if m == 2:
        _in2(s, row, column, t, to_row, to_column, channels // 8, tiles, step, channels)
    else:
        _in4(s, row, column, t, to_row, to_column, channels // 8, tiles, step, channels)


@exact
def output_tiles(
    m: int, s: int, row: int, column: int, t: int, to_row: int, to_column: int, channels: int, tiles: int, to_step: int,
    bias: int, ending: int,
) -> None:  # fmt: skip
    """(m + 2, m + 2) points of each tile to (m, m) pixels, plus bias; ``ending``: ADDS, RELU."""
    if m == 2:
        _out2(s, row, column, t, to_row, to_column, channels // 8, tiles, channels, to_step, bias, ending)
    else:
        _out4(s, row, column, t, to_row, to_column, channels // 8, tiles, channels, to_step, bias, ending)


@exact
def gradient_tiles(
    m: int, s: int, row: int, column: int, t: int, to_row: int, to_column: int, channels: int, tiles: int, step: int
) -> None:
    """(m, m) pixels of dy of each tile to (m + 2, m + 2) points."""
    if m == 2:
        _grad2(s, row, column, t, to_row, to_column, channels // 8, tiles, step, channels)
    else:
        _grad4(s, row, column, t, to_row, to_column, channels // 8, tiles, step, channels)


@exact
def kernel_points(m: int, w: int, u: int, inner: int, channels: int, first: int, last: int) -> None:
    """U = G w G^T of the inputs ``first`` to ``last`` of one panel of 16 outputs."""
    w, u, line, a = w + 64 * first, u + 64 * first, 16 * inner, m + 2
    if m == 2:
        _kernel2(w, 3 * line, line, u, a * channels * inner, channels * inner, last - first, 1, 0, 0)
    else:
        _kernel4(w, 3 * line, line, u, a * channels * inner, channels * inner, last - first, 1, 0, 0)


@exact
def points_kernel(m: int, u: int, w: int, inner: int, channels: int, first: int, last: int) -> None:
    """dw = G^T dU G, likewise."""
    w, u, line, a = w + 64 * first, u + 64 * first, 16 * inner, m + 2
    if m == 2:
        _points2(u, a * channels * inner, channels * inner, w, 3 * line, line, last - first, 1, 0, 0)
    else:
        _points4(u, a * channels * inner, channels * inner, w, 3 * line, line, last - first, 1, 0, 0)
