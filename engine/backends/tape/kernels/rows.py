"""Passes over rows that end in one number a row: softmax, layer normalization, and their ways back; as vector code.

Written without any licence to reorder: lanes are summed, then joined in one fixed order, so that instructions which do
the same to the same rows leave the same bits, whatever they are joined with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.backends.tape.kernels.micro import LANES, MASK, VECTOR
from engine.backends.tape.kernels.native import F32, I32, I64

F64 = ir.DoubleType()
WHOLE = ir.VectorType(I32, LANES)
#: integers that every pass takes, used or not; a number of its own comes after them
OPERANDS = 9


def constant(value: float) -> Any:
    """The same number in every lane."""
    return ir.Constant(VECTOR, [value] * LANES)


ZERO, ONE, _LOWEST = constant(0.0), constant(1.0), constant(float("-inf"))
#: exp(r) - 1 = r + r^2 p(r), |r| <= ln 2 / 2 (coefficients: Moshier's Cephes)
_EXPONENTIAL = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)


class Lines:
    """Writes one pass. Addresses are in bytes, widths in floats."""

    def __init__(self, function: Any) -> None:
        self.b = ir.IRBuilder(function.append_basic_block("entry"))
        *self.operands, factor = function.args
        self.wide_factor, self.factor = factor, self.splat(self.b.fptrunc(factor, F32))
        module, pointer = self.b.module, ir.PointerType(VECTOR)
        shapes = {
            "fma": ir.FunctionType(VECTOR, [VECTOR] * 3), "rint": ir.FunctionType(VECTOR, [VECTOR]),
            "masked.load": ir.FunctionType(VECTOR, [pointer, I32, MASK, VECTOR]),
            "masked.store": ir.FunctionType(ir.VoidType(), [VECTOR, pointer, I32, MASK]),
        }  # fmt: skip
        self.calls = {
            name: cgutils.get_or_insert_function(
                module, shape, f"llvm.{name}.v{LANES}f32" + (".p0" if "masked" in name else "")
            )
            for name, shape in shapes.items()
        }

    def splat(self, value: Any) -> Any:
        """A number in every lane."""
        kind = ir.VectorType(value.type, LANES)
        one = self.b.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(I32, 0))
        return self.b.shuffle_vector(one, one, ir.Constant(WHOLE, [0] * LANES))

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        """x y + z, rounded once."""
        return self.b.call(self.calls["fma"], [x, y, z])

    def load(self, address: Any, mask: Any, rest: Any = ZERO) -> Any:
        """A vector; ``rest`` where the mask hides it."""
        p = self.b.inttoptr(address, ir.PointerType(VECTOR))
        if mask is None:
            return self.b.load(p, align=4, typ=VECTOR)
        return self.b.call(self.calls["masked.load"], [p, ir.Constant(I32, 4), mask, rest])

    def store(self, value: Any, address: Any, mask: Any) -> None:
        """A vector, where the mask lets it through."""
        p = self.b.inttoptr(address, ir.PointerType(VECTOR))
        if mask is None:
            self.b.store(value, p, align=4)
        else:
            self.b.call(self.calls["masked.store"], [value, p, ir.Constant(I32, 4), mask])

    def sweep(self, width: Any, visit: Callable[[Any, Any], None]) -> None:
        """``visit`` (shift in bytes, mask or None) for every vector of a row, the last of them masked."""
        b, lanes = self.b, ir.Constant(I64, LANES)
        full, left = b.sdiv(width, lanes), b.srem(width, lanes)
        with cgutils.for_range(b, full) as group:
            visit(b.mul(group.index, ir.Constant(I64, 4 * LANES)), None)
        with b.if_then(b.icmp_signed(">", left, ir.Constant(I64, 0))):
            mask = b.icmp_signed("<", ir.Constant(WHOLE, list(range(LANES))), self.splat(b.trunc(left, I32)))
            visit(b.mul(full, ir.Constant(I64, 4 * LANES)), mask)

    def cells(self, *starts: Any) -> list[Any]:
        """Vectors that change on the way."""
        made = [cgutils.alloca_once(self.b, VECTOR) for _ in starts]
        for cell, start in zip(made, starts, strict=True):
            self.b.store(start, cell)
        return made

    def get(self, cell: Any) -> Any:
        """What a cell holds."""
        return self.b.load(cell, typ=VECTOR)

    def larger(self, x: Any, y: Any) -> Any:
        """max(x, y); y where one of them is no number."""
        return self.b.select(self.b.fcmp_ordered(">", x, y), x, y)

    def joined(self, vector: Any, join: Callable[[Any, Any], Any]) -> Any:
        """All lanes joined, half by half; the outcome in every lane."""
        half = LANES // 2
        while half:
            turned = ir.Constant(WHOLE, [(k + half) % LANES for k in range(LANES)])
            vector = join(vector, self.b.shuffle_vector(vector, vector, turned))
            half //= 2
        return vector

    def total(self, cell: Any) -> Any:
        """The sum of a cell's lanes in every lane."""
        return self.joined(self.get(cell), self.b.fadd)

    def nearest(self, x: Any) -> Any:
        """x to a whole number."""
        return self.b.call(self.calls["rint"], [x])

    def size(self, x: Any) -> Any:
        """|x|."""
        bits = self.b.and_(self.b.bitcast(x, WHOLE), ir.Constant(WHOLE, [0x7FFFFFFF] * LANES))
        return self.b.bitcast(bits, VECTOR)

    def polynomial(self, numbers: Sequence[float], x: Any) -> Any:
        """Of the highest power first."""
        value = constant(numbers[0])
        for number in numbers[1:]:
            value = self.fma(value, x, constant(number))
        return value

    def power(self, x: Any, n: Any) -> Any:
        """exp(x - n ln 2) for n the whole number nearest to x / ln 2; ln 2 in two parts (Cody & Waite 1980)."""
        r = self.fma(n, constant(2.12194440e-4), self.fma(n, constant(-0.693359375), x))
        return self.b.fadd(self.fma(self.polynomial(_EXPONENTIAL, r), self.b.fmul(r, r), r), ONE)

    def exp(self, x: Any) -> Any:
        """exp(x) for x <= 0 or NaN, the numbers of ``math32.exp32``."""
        b = self.b
        low = constant(-105.0)
        x = b.select(b.fcmp_ordered("<", x, low), low, x)
        n = self.nearest(b.fmul(x, constant(1.4426950408889634)))
        near = self.power(x, n)
        # a NaN must not reach the conversion to an integer; r carries it on
        whole = b.fptosi(b.select(b.fcmp_ordered("ord", n, n), n, ZERO), WHOLE)
        shift, bias = ir.Constant(WHOLE, [23] * LANES), ir.Constant(WHOLE, [127] * LANES)
        half = b.ashr(whole, ir.Constant(WHOLE, [1] * LANES))
        bits = b.add(b.bitcast(near, WHOLE), b.shl(half, shift))
        power = b.shl(b.add(b.sub(whole, half), bias), shift)
        return b.fmul(b.bitcast(bits, VECTOR), b.bitcast(power, VECTOR))


def make(name: str, write: Callable[[Lines], None]) -> Any:
    """The pass as a call from kernels: OPERANDS integers and a number."""

    @intrinsic
    def rows(
        _context: Any, a0: Any, a1: Any, a2: Any, a3: Any, a4: Any, a5: Any, a6: Any, a7: Any, a8: Any, number: Any
    ) -> Any:
        """See the pass."""

        def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            """LLVM of the call; the pass itself is written once a module."""
            full = f"gradloom_rows_{name}"
            function = builder.module.globals.get(full)
            if function is None:
                shape = ir.FunctionType(ir.VoidType(), [*[I64] * OPERANDS, F64])
                function = ir.Function(builder.module, shape, full)
                function.linkage = "internal"
                function.attributes.add("noinline")
                lines = Lines(function)
                write(lines)
                lines.b.ret_void()
            builder.call(function, args)
            return ctx.get_dummy_value()

        return types.void(*[types.int64] * OPERANDS, types.float64), generate

    return rows


def _scaled(w: Lines) -> None:
    x, y, count = w.operands[:3]
    w.sweep(count, lambda at, mask: w.store(w.b.fmul(w.load(w.b.add(x, at), mask), w.factor), w.b.add(y, at), mask))


def _softmax(w: Lines) -> None:
    b = w.b
    x0, y0, rows, width = w.operands[:4]
    with cgutils.for_range(b, rows) as row:
        shift = b.mul(b.mul(row.index, width), ir.Constant(I64, 4))
        x, y = b.add(x0, shift), b.add(y0, shift)
        top, total = w.cells(_LOWEST, ZERO)

        def highest(at: Any, mask: Any) -> None:
            value = b.fmul(w.load(b.add(x, at), mask, _LOWEST), w.factor)
            w.store(value, b.add(y, at), mask)
            b.store(w.larger(value, w.get(top)), top)

        w.sweep(width, highest)
        off = w.joined(w.get(top), w.larger)

        def powers(at: Any, mask: Any) -> None:
            value = w.exp(b.fsub(w.load(b.add(y, at), mask, _LOWEST), off))
            w.store(value, b.add(y, at), mask)
            b.store(b.fadd(w.get(total), value), total)

        w.sweep(width, powers)
        share = b.fdiv(ONE, w.total(total))
        w.sweep(width, lambda at, mask: w.store(b.fmul(w.load(b.add(y, at), mask), share), b.add(y, at), mask))


def _softmax_back(w: Lines) -> None:
    b = w.b
    dy0, y0, dx0, rows, width = w.operands[:5]
    with cgutils.for_range(b, rows) as row:
        shift = b.mul(b.mul(row.index, width), ir.Constant(I64, 4))
        dy, y, dx = (b.add(at, shift) for at in (dy0, y0, dx0))
        (total,) = w.cells(ZERO)

        def products(at: Any, mask: Any) -> None:
            b.store(w.fma(w.load(b.add(dy, at), mask), w.load(b.add(y, at), mask), w.get(total)), total)

        w.sweep(width, products)
        inner = w.total(total)

        def slopes(at: Any, mask: Any) -> None:
            value = b.fmul(b.fsub(w.load(b.add(dy, at), mask), inner), w.load(b.add(y, at), mask))
            w.store(b.fmul(value, w.factor), b.add(dx, at), mask)

        w.sweep(width, slopes)


def _share(w: Lines, width: Any) -> Any:
    """1 / width in every lane."""
    return w.b.fdiv(ONE, w.splat(w.b.sitofp(width, F32)))


def _layer_norm(w: Lines) -> None:
    b = w.b
    x0, gamma, beta, y0, own0, rows, width = w.operands[:7]
    share = _share(w, width)
    root = cgutils.get_or_insert_function(b.module, ir.FunctionType(F64, [F64]), "llvm.sqrt.f64")
    with cgutils.for_range(b, rows) as row:
        shift = b.mul(b.mul(row.index, width), ir.Constant(I64, 4))
        x, y, own = b.add(x0, shift), b.add(y0, shift), b.add(own0, b.mul(row.index, ir.Constant(I64, 8)))
        total, spread, rest = w.cells(ZERO, ZERO, ZERO)
        w.sweep(width, lambda at, mask: b.store(b.fadd(w.get(total), w.load(b.add(x, at), mask)), total))
        mean = b.fmul(w.total(total), share)

        def squares(at: Any, mask: Any) -> None:
            d = b.fsub(w.load(b.add(x, at), mask, mean), mean)
            b.store(w.fma(d, d, w.get(spread)), spread)
            b.store(b.fadd(w.get(rest), d), rest)

        w.sweep(width, squares)
        left = b.fmul(w.total(rest), share)  # what rounding left out of the mean: all of it where numbers are equal
        centre = b.fadd(mean, left)
        first = ir.Constant(I32, 0)
        square, apart = (b.fpext(b.extract_element(v, first), F64) for v in (w.total(spread), left))
        spread64 = b.fsub(b.fdiv(square, b.sitofp(width, F64)), b.fmul(apart, apart))
        none = ir.Constant(F64, 0.0)
        spread64 = b.select(b.fcmp_ordered("<", spread64, none), none, spread64)  # NaN stays
        wide = b.call(root, [b.fadd(spread64, w.wide_factor)])
        one = b.fptrunc(b.fdiv(ir.Constant(F64, 1.0), wide), F32)
        inverse = w.splat(one)
        for k, value in enumerate((b.extract_element(centre, first), one)):
            b.store(value, b.inttoptr(b.add(own, ir.Constant(I64, 4 * k)), ir.PointerType(F32)))

        def normal(at: Any, mask: Any) -> None:
            d = b.fmul(b.fsub(w.load(b.add(x, at), mask), centre), inverse)
            w.store(w.fma(d, w.load(b.add(gamma, at), mask), w.load(b.add(beta, at), mask)), b.add(y, at), mask)

        w.sweep(width, normal)


def _layer_norm_back(w: Lines) -> None:
    b, none = w.b, ir.Constant(I64, 0)
    x0, gamma, dy0, dx0, own0, sums, rows, width, add = w.operands[:9]
    share, beyond = _share(w, width), b.mul(width, ir.Constant(I64, 4))
    with cgutils.for_range(b, rows) as row:
        shift = b.mul(b.mul(row.index, width), ir.Constant(I64, 4))
        x, dy, own = b.add(x0, shift), b.add(dy0, shift), b.add(own0, b.mul(row.index, ir.Constant(I64, 8)))
        mean, inverse = (
            w.splat(b.load(b.inttoptr(b.add(own, ir.Constant(I64, 4 * k)), ir.PointerType(F32)), typ=F32))
            for k in range(2)
        )
        plain, product = w.cells(ZERO, ZERO)

        def seen(at: Any, mask: Any, x: Any = x, dy: Any = dy, mean: Any = mean, inverse: Any = inverse) -> Any:
            """(dy, xhat)."""
            return w.load(b.add(dy, at), mask), b.fmul(b.fsub(w.load(b.add(x, at), mask), mean), inverse)

        def both(at: Any, mask: Any) -> None:
            given, xhat = seen(at, mask)
            g = b.fmul(given, w.load(b.add(gamma, at), mask))
            b.store(b.fadd(w.get(plain), g), plain)
            b.store(w.fma(g, xhat, w.get(product)), product)
            for where, value in ((b.add(sums, at), b.fmul(given, xhat)), (b.add(b.add(sums, beyond), at), given)):
                w.store(b.fadd(w.load(where, mask), value), where, mask)

        w.sweep(width, both)
        with b.if_then(b.icmp_signed("!=", dx0, none)):
            dx, even, along = b.add(dx0, shift), b.fmul(w.total(plain), share), b.fmul(w.total(product), share)

            def slopes(at: Any, mask: Any) -> None:
                given, xhat = seen(at, mask)
                g = b.fsub(b.fmul(given, w.load(b.add(gamma, at), mask)), even)
                (value,) = w.cells(b.fmul(b.fsub(g, b.fmul(xhat, along)), inverse))
                with b.if_then(b.icmp_signed("!=", add, none)):
                    b.store(b.fadd(w.load(b.add(dx, at), mask), w.get(value)), value)
                w.store(w.get(value), b.add(dx, at), mask)

            w.sweep(width, slopes)


#: x, y, count; y = factor x. x may be y
scaled = make("scaled", _scaled)
#: x, y, rows, width; each row of y the softmax of factor x. x may be y
softmax_rows = make("softmax", _softmax)
#: dy, y, dx, rows, width; dx = y (dy - sum of dy y) factor. dy may be dx
softmax_back_rows = make("softmax_back", _softmax_back)
#: x, gamma, beta, y, means and inverses (two a row), rows, width; the number is eps
layer_norm_rows = make("layer_norm", _layer_norm)
#: x, gamma, dy, dx or 0, means and inverses, sums of dy xhat and then of dy, rows, width, whether dx is added to
layer_norm_back_rows = make("layer_norm_back", _layer_norm_back)
