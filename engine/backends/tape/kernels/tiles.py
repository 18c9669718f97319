"""Winograd's transforms of one tile (see ``points``), as vector code over 8 channels at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.backends.tape.kernels.native import F32, I64, exact
from engine.backends.tape.points import FAR, NEAR


class _Vector:
    """Arithmetic on vectors of ``width`` channels."""

    def __init__(self, builder: Any, width: int) -> None:
        self.b, self.width = builder, width
        self.kind = ir.VectorType(F32, width) if width > 1 else F32
        name = f"llvm.fma.v{width}f32" if width > 1 else "llvm.fma.f32"
        shape = ir.FunctionType(self.kind, [self.kind] * 3)
        self._fma = cgutils.get_or_insert_function(builder.module, shape, name)

    def constant(self, value: float) -> Any:
        one = float(np.float32(value))
        return ir.Constant(self.kind, [one] * self.width if self.width > 1 else one)

    def load(self, address: Any) -> Any:
        return self.b.load(self.b.inttoptr(address, ir.PointerType(self.kind)), align=4, typ=self.kind)

    def store(self, value: Any, address: Any) -> None:
        self.b.store(value, self.b.inttoptr(address, ir.PointerType(self.kind)), align=4)

    def add(self, x: Any, y: Any) -> Any:
        return self.b.fadd(x, y)

    def sub(self, x: Any, y: Any) -> Any:
        return self.b.fsub(x, y)

    def scaled(self, c: float, x: Any) -> Any:
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


Transform = Callable[[_Vector, int, list[Any]], list[Any]]


def _body(function: Any, one: Transform, m: int, size: int, width: int) -> None:
    b = ir.IRBuilder(function.append_basic_block("entry"))
    source, row, column, target, to_row, to_column, count = function.args
    four = ir.Constant(I64, 4)
    row, column, to_row, to_column = (b.mul(v, four) for v in (row, column, to_row, to_column))
    e = _Vector(b, width)

    def place(base: Any, down: Any, i: int, right: Any, j: int) -> Any:
        return b.add(b.add(base, b.mul(down, ir.Constant(I64, i))), b.mul(right, ir.Constant(I64, j)))

    with cgutils.for_range(b, count) as each:
        shift = b.mul(each.index, ir.Constant(I64, 4 * width))
        s, t = b.add(source, shift), b.add(target, shift)
        columns = [one(e, m, [e.load(place(s, row, i, column, j)) for i in range(size)]) for j in range(size)]
        for i in range(len(columns[0])):
            for j, value in enumerate(one(e, m, [columns[k][i] for k in range(size)])):
                e.store(value, place(t, to_row, i, to_column, j))
    b.ret_void()


def _make(name: str, one: Transform, m: int, size: int, width: int) -> Any:
    """One tile, ``count`` runs of ``width`` channels: element (i, j) stands i rows and j columns behind the first."""

    @intrinsic
    def transform(
        _context: Any, source: Any, row: Any, column: Any, target: Any, to_row: Any, to_column: Any, count: Any
    ) -> Any:
        def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            full = f"gradloom_{name}_{m}_{width}"
            function = builder.module.globals.get(full)
            if function is None:
                shape = ir.FunctionType(ir.VoidType(), [I64] * 7)
                function = ir.Function(builder.module, shape, full)
                function.linkage = "internal"
                function.attributes.add("noinline")
                _body(function, one, m, size, width)
            builder.call(function, args)
            return ctx.get_dummy_value()

        return types.void(*[types.int64] * 7), generate

    return transform


_in2, _in4 = (_make("input", _of_input, m, m + 2, 8) for m in (2, 4))
_out2, _out4 = (_make("output", _of_output, m, m + 2, 8) for m in (2, 4))
_grad2, _grad4 = (_make("gradient", _of_gradient, m, m, 8) for m in (2, 4))


@exact
def input_tile(m: int, s: int, row: int, column: int, t: int, to_row: int, to_column: int, channels: int) -> None:
    """(m + 2, m + 2) pixels to as many points."""
    if m == 2:
        _in2(s, row, column, t, to_row, to_column, channels // 8)
    else:
        _in4(s, row, column, t, to_row, to_column, channels // 8)


@exact
def output_tile(m: int, s: int, row: int, column: int, t: int, to_row: int, to_column: int, channels: int) -> None:
    """(m + 2, m + 2) points to (m, m) pixels."""
    if m == 2:
        _out2(s, row, column, t, to_row, to_column, channels // 8)
    else:
        _out4(s, row, column, t, to_row, to_column, channels // 8)


@exact
def gradient_tile(m: int, s: int, row: int, column: int, t: int, to_row: int, to_column: int, channels: int) -> None:
    """(m, m) pixels of dy to (m + 2, m + 2) points."""
    if m == 2:
        _grad2(s, row, column, t, to_row, to_column, channels // 8)
    else:
        _grad4(s, row, column, t, to_row, to_column, channels // 8)
