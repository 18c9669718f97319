"""The micro-kernel: a tile of up to ROWS x 16 of a matrix product, held in vector registers, or of 12 or 8 x 32.

A tile over two panels loads each number of A once for both and is called half as often. What an element of C is summed
from, and in which order, is the same in every tile.

Written as LLVM vector code through a Numba intrinsic, so that nothing depends on the auto-vectoriser. Vectors are as
wide as the machine's (16 floats with AVX-512, else 8, which LLVM splits where registers are narrower).
"""

from __future__ import annotations

import os
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.backends.tape.kernels.native import F32, I32, I64, exact
from engine.backends.tape.opcodes import PANEL

#: floats a vector; GRADLOOM_VECTOR=8 tries the narrow form on a wide machine
LANES = int(os.environ.get("GRADLOOM_VECTOR", "0")) or (
    16 if binding.get_host_cpu_features().get("avx512f", False) else 8
)
ROWS = 12 if LANES == 16 else 6
VECTORS = PANEL // LANES
VECTOR = ir.VectorType(F32, LANES)
MASK = ir.VectorType(ir.IntType(1), LANES)
ZERO, FROM_C, ADD_TO_C, BIAS = range(4)  # what a tile starts from
RELU = 4  # added to it: what is stored goes through ReLU
#: whether registers hold a tile over two panels
PAIRS = LANES == PANEL
#: rows of such a tile; any number from 8 on is made of these but for 3 rows at most
LONG, SHORT = 12, 8
#: arguments of a tile over one panel, and over two
_ONE = ("a", "am", "ak", "ao", "w", "wk", "wo", "inner", "outer", "c", "cm", "mode", "n", "bias")
_TWO = ("a", "am", "ak", "w", "wk", "wp", "inner", "c", "cm", "cp", "mode", "bias")


class _Emitter:
    """Writes one micro-kernel's code, over one panel or two. Strides and addresses are in bytes here."""

    def __init__(self, function: Any, rows: int, panels: int) -> None:
        self.rows, self.b = rows, ir.IRBuilder(function.append_basic_block("entry"))
        b, zero = self.b, ir.Constant(I64, 0)
        given = dict(zip(_ONE if panels == 1 else _TWO, function.args, strict=True))
        self.a, self.w, self.inner, self.c, self.bias = (given[v] for v in ("a", "w", "inner", "c", "bias"))
        self.outer, n = given.get("outer", ir.Constant(I64, 1)), given.get("n", ir.Constant(I64, PANEL))
        mode = given["mode"]
        self.mode, self.relu = b.and_(mode, ir.Constant(I64, 3)), b.icmp_signed(">=", mode, ir.Constant(I64, RELU))
        strides = [given.get(v, zero) for v in ("am", "ak", "ao", "wk", "wo", "cm", "wp", "cp")]
        self.am, self.ak, self.ao, self.wk, self.wo, self.cm, self.wp, self.cp = (
            b.mul(v, ir.Constant(I64, 4)) for v in strides
        )
        module = b.module
        self.fma = cgutils.get_or_insert_function(
            module, ir.FunctionType(VECTOR, [VECTOR] * 3), f"llvm.fma.v{LANES}f32"
        )
        pointer = ir.PointerType(VECTOR)
        self.read = cgutils.get_or_insert_function(
            module, ir.FunctionType(VECTOR, [pointer, I32, MASK, VECTOR]), f"llvm.masked.load.v{LANES}f32.p0"
        )
        self.write = cgutils.get_or_insert_function(
            module, ir.FunctionType(ir.VoidType(), [VECTOR, pointer, I32, MASK]), f"llvm.masked.store.v{LANES}f32.p0"
        )
        count = b.trunc(n, I32)
        self.full = b.icmp_signed(">=", n, ir.Constant(I64, PANEL))
        lanes = ir.VectorType(I32, LANES)
        self.masks = [
            b.icmp_signed(
                "<", ir.Constant(lanes, list(range(j * LANES, (j + 1) * LANES))), self.splat(count, lanes, I32)
            )
            for j in range(VECTORS)
        ]
        self.sums = [[cgutils.alloca_once(b, VECTOR) for _ in range(panels * VECTORS)] for _ in range(rows)]
        self.zero = ir.Constant(VECTOR, [0.0] * LANES)

    def splat(self, value: Any, kind: Any, _element: Any) -> Any:
        """The value in every lane."""
        b = self.b
        one = b.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(I32, 0))
        return b.shuffle_vector(one, one, ir.Constant(ir.VectorType(I32, LANES), [0] * LANES))

    def at(self, address: Any, kind: Any) -> Any:
        """A pointer to ``kind``."""
        return self.b.inttoptr(address, ir.PointerType(kind))

    def offset(self, base: Any, stride: Any, times: int) -> Any:
        """base + times stride."""
        return self.b.add(base, self.b.mul(stride, ir.Constant(I64, times))) if times else base

    def place(self, address: Any, j: int, panel: Any) -> Any:
        """A pointer to vector j of a row, whose next panel is ``panel`` bytes further."""
        address = self.offset(address, panel, j // VECTORS)
        return self.at(self.b.add(address, ir.Constant(I64, 4 * LANES * (j % VECTORS))), VECTOR)

    def load(self, address: Any, j: int, panel: Any, *, masked: bool) -> Any:
        """Vector j of a row."""
        p = self.place(address, j, panel)
        if masked:
            return self.b.call(self.read, [p, ir.Constant(I32, 4), self.masks[j % VECTORS], self.zero])
        return self.b.load(p, align=4, typ=VECTOR)

    def store(self, value: Any, address: Any, j: int, *, masked: bool) -> None:
        """Vector j of a row of C."""
        p = self.place(address, j, self.cp)
        if masked:
            self.b.call(self.write, [value, p, ir.Constant(I32, 4), self.masks[j % VECTORS]])
        else:
            self.b.store(value, p, align=4)

    def start(self) -> None:
        """Sums from zero, from C, or from the bias."""
        b = self.b
        for row in self.sums:
            for s in row:
                b.store(self.zero, s)
        with b.if_then(b.icmp_signed("==", self.mode, ir.Constant(I64, FROM_C))):
            for i, row in enumerate(self.sums):
                for j, s in enumerate(row):
                    b.store(self.load(self.offset(self.c, self.cm, i), j, self.cp, masked=True), s)
        with b.if_then(b.icmp_signed("==", self.mode, ir.Constant(I64, BIAS))):
            for j in range(len(self.sums[0])):
                value = self.load(self.bias, j, ir.Constant(I64, 4 * PANEL), masked=True)
                for row in self.sums:
                    b.store(value, row[j])

    def multiply(self) -> None:
        """sums[i] += A[i, o, k] * B[o, k] over k, then over o."""
        b = self.b
        with cgutils.for_range(b, self.outer) as far:
            a, w = b.add(self.a, b.mul(far.index, self.ao)), b.add(self.w, b.mul(far.index, self.wo))
            starts = [self.offset(a, self.am, i) for i in range(self.rows)]
            with cgutils.for_range(b, self.inner) as near:
                here, step = b.add(w, b.mul(near.index, self.wk)), b.mul(near.index, self.ak)
                right = [self.load(here, j, self.wp, masked=False) for j in range(len(self.sums[0]))]
                for i, row in enumerate(self.sums):
                    one = b.load(self.at(b.add(starts[i], step), F32), align=4, typ=F32)
                    left = self.splat(one, VECTOR, F32)
                    for j, s in enumerate(row):
                        b.store(b.call(self.fma, [left, right[j], b.load(s, typ=VECTOR)]), s)

    def finish(self, *, masked: bool) -> None:
        """Sums to C, added to what is there if the mode says so."""
        b = self.b
        with b.if_then(b.icmp_signed("==", self.mode, ir.Constant(I64, ADD_TO_C))):
            for i, row in enumerate(self.sums):
                for j, s in enumerate(row):
                    there = self.load(self.offset(self.c, self.cm, i), j, self.cp, masked=masked)
                    b.store(b.fadd(there, b.load(s, typ=VECTOR)), s)
        with b.if_then(self.relu):
            for s in (s for row in self.sums for s in row):
                value = b.load(s, typ=VECTOR)
                b.store(b.select(b.fcmp_ordered("<=", value, self.zero), self.zero, value), s)
        for i, row in enumerate(self.sums):
            for j, s in enumerate(row):
                self.store(b.load(s, typ=VECTOR), self.offset(self.c, self.cm, i), j, masked=masked)


def _body(function: Any, rows: int, panels: int) -> None:
    e = _Emitter(function, rows, panels)
    e.start()
    e.multiply()
    with e.b.if_else(e.full) as (whole, part):
        with whole:
            e.finish(masked=False)
        with part:
            e.finish(masked=True)
    e.b.ret_void()


def _call(ctx: Any, builder: Any, args: Any, rows: int, panels: int) -> Any:
    """LLVM of the call; the tile itself is written once a module."""
    name = f"gradloom_micro_{rows}" + ("_pair" if panels == 2 else "")
    function = builder.module.globals.get(name)
    if function is None:
        function = ir.Function(builder.module, ir.FunctionType(ir.VoidType(), [I64] * len(args)), name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        _body(function, rows, panels)
    builder.call(function, args)
    return ctx.get_dummy_value()


def _make(rows: int) -> Any:
    """C[i, 0..n) = start + sum over o < outer, k < inner of A[i am + k ak + o ao] B[k wk + o wo + 0..n), n <= 16.

    A, B, C and bias are byte addresses, strides count floats. Reads 16 floats of each row of B whatever n is.
    """

    @intrinsic
    def micro(
        _context: Any, a: Any, am: Any, ak: Any, ao: Any, w: Any, wk: Any, wo: Any, inner: Any, outer: Any, c: Any,
        cm: Any, mode: Any, n: Any, bias: Any,
    ) -> Any:  # fmt: skip
        """See ``tile``; strides are in floats."""
        generate = lambda ctx, builder, _signature, args: _call(ctx, builder, args, rows, 1)  # noqa: E731
        return types.void(*[types.int64] * len(_ONE)), generate

    return micro


def _make_pair(rows: int) -> Any:
    """The same over 32 columns, panels of B and C starting wp and cp floats apart, without an outer sum."""

    @intrinsic
    def micro(
        _context: Any, a: Any, am: Any, ak: Any, w: Any, wk: Any, wp: Any, inner: Any, c: Any, cm: Any, cp: Any,
        mode: Any, bias: Any,
    ) -> Any:  # fmt: skip
        """See ``pair``; strides are in floats."""
        generate = lambda ctx, builder, _signature, args: _call(ctx, builder, args, rows, 2)  # noqa: E731
        return types.void(*[types.int64] * len(_TWO)), generate

    return micro


_m1, _m2, _m3, _m4, _m5, _m6 = (_make(k) for k in range(1, 7))
_m7, _m8, _m9, _m10, _m11, _m12 = (_make(k) for k in range(7, 13)) if ROWS == 12 else [_m6] * 6
_long, _short = _make_pair(LONG), _make_pair(SHORT)


@exact
def _up_to_six(
    m: int, a: int, am: int, ak: int, ao: int, w: int, wk: int, wo: int, inner: int, outer: int, c: int, cm: int,
    mode: int, n: int, bias: int,
) -> None:  # fmt: skip
    if m == 6:
        _m6(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    elif m == 5:
        _m5(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    elif m == 4:
        _m4(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    elif m == 3:
        _m3(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    elif m == 2:
        _m2(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    else:
        _m1(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)


@exact
def _up_to_twelve(
    m: int, a: int, am: int, ak: int, ao: int, w: int, wk: int, wo: int, inner: int, outer: int, c: int, cm: int,
    mode: int, n: int, bias: int,
) -> None:  # fmt: skip
    if m == 12:
        _m12(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    elif m == 11:
        _m11(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    elif m == 10:
        _m10(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    elif m == 9:
        _m9(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    elif m == 8:
        _m8(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    else:
        _m7(a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)


@exact
def tile(
    left: int, a: int, am: int, ak: int, ao: int, w: int, wk: int, wo: int, inner: int, outer: int, c: int, cm: int,
    mode: int, n: int, bias: int,
) -> int:  # fmt: skip
    """One tile of the ``left`` rows still to do; returns how many it did. Tiles of a product are about equal."""
    tiles = (left + ROWS - 1) // ROWS
    m = (left + tiles - 1) // tiles
    if m > 6:
        _up_to_twelve(m, a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    else:
        _up_to_six(m, a, am, ak, ao, w, wk, wo, inner, outer, c, cm, mode, n, bias)
    return m


@exact
def pair(
    left: int, a: int, am: int, ak: int, w: int, wk: int, wp: int, inner: int, c: int, cm: int, cp: int, mode: int,
    bias: int,
) -> int:  # fmt: skip
    """One tile over two whole panels of the ``left`` rows still to do; returns how many it did, 0 if it leaves them."""
    if not PAIRS or left < SHORT:
        return 0
    if left < LONG or 2 * SHORT <= left < LONG + SHORT:
        _short(a, am, ak, w, wk, wp, inner, c, cm, cp, mode, bias)
        return SHORT
    _long(a, am, ak, w, wk, wp, inner, c, cm, cp, mode, bias)
    return LONG


@exact
def product(
    rows: int, columns: int, inner: int, a: int, am: int, ak: int, w: int, wk: int, wp: int, c: int, cm: int, cp: int,
    mode: int, bias: int,
) -> None:  # fmt: skip
    """C = A B over column panels of 16: panel p of B starts wp floats after the one before, of C cp floats."""
    p = 0
    while 16 * p < columns:
        done, last = 0, p + 1
        if columns - 16 * p >= 32:
            last, did = p + 2, 1
            while did:
                did = pair(
                    rows - done, a + 4 * done * am, am, ak, w + 4 * p * wp, wk, wp, inner, c + 4 * (p * cp + done * cm),
                    cm, cp, mode, bias + 64 * p,
                )  # fmt: skip
                done += did
        while p < last:
            n, i = min(16, columns - 16 * p), done
            while i < rows:
                i += tile(
                    rows - i, a + 4 * i * am, am, ak, 0, w + 4 * p * wp, wk, 0, inner, 1, c + 4 * (p * cp + i * cm), cm,
                    mode, n, bias + 64 * p,
                )  # fmt: skip
            p += 1
