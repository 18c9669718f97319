"""The products of Winograd's points: the micro-kernel over two panels with all that never changes here written in.

Rows are made up to what such tiles take: a block's place has room for them, and nobody reads what is made of the rest.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from engine.backends.tape.kernels.micro import ADD_TO_C, LONG, PAIRS, SHORT, ZERO, _body, tile
from engine.backends.tape.kernels.native import I64, exact
from engine.backends.tape.opcodes import PANEL


def _written(builder: Any, name: str, rows: int, values: list[Any]) -> None:
    """A call of a tile over two panels that is this use's own, so that constants are put into its code."""
    function = builder.module.globals.get(name)
    if function is None:
        function = ir.Function(builder.module, ir.FunctionType(ir.VoidType(), [I64] * len(values)), name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        _body(function, rows, 2)
    builder.call(function, [ir.Constant(I64, v) if isinstance(v, int) else v for v in values])


def _forward(rows: int) -> Any:
    @intrinsic
    def micro(_context: Any, a: Any, inner: Any, w: Any, wp: Any, c: Any, cm: Any) -> Any:
        """C = A B: rows of A are ``inner`` apart, those of C ``cm``, panels of B ``wp``."""

        def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            a, inner, w, wp, c, cm = args
            values = [a, inner, 1, w, PANEL, wp, inner, c, cm, PANEL, ZERO, 0]
            _written(builder, f"gradloom_points_{rows}", rows, values)
            return ctx.get_dummy_value()

        return types.void(*[types.int64] * 6), generate

    return micro


def _weights(rows: int) -> Any:
    @intrinsic
    def micro(_context: Any, a: Any, ak: Any, w: Any, wk: Any, count: Any, c: Any, cp: Any) -> Any:
        """C += A^T B over ``count`` rows, of A ``ak`` apart, of B ``wk``; panels of C are ``cp`` apart."""

        def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            a, ak, w, wk, count, c, cp = args
            values = [a, 1, ak, w, wk, PANEL, count, c, PANEL, cp, ADD_TO_C, 0]
            _written(builder, f"gradloom_points_dw_{rows}", rows, values)
            return ctx.get_dummy_value()

        return types.void(*[types.int64] * 7), generate

    return micro


_long, _short, _long_dw, _short_dw = _forward(LONG), _forward(SHORT), _weights(LONG), _weights(SHORT)


@exact
def paired(columns: int, panel: int) -> bool:
    """Whether two panels are left for one tile."""
    return PAIRS and columns - PANEL * panel >= 2 * PANEL


@exact
def point_rows(left: int, a: int, inner: int, w: int, wp: int, c: int, cm: int, pairs: bool) -> int:
    """One tile of C = A B over two panels, or one; how many of the rows ``left`` it did."""
    if not pairs:
        return tile(left, a, inner, 1, 0, w, PANEL, 0, inner, 1, c, cm, ZERO, PANEL, 0)
    if left <= SHORT or LONG < left <= 2 * SHORT:
        _short(a, inner, w, wp, c, cm)
        return SHORT
    _long(a, inner, w, wp, c, cm)
    return LONG


@exact
def point_weights(left: int, a: int, ak: int, w: int, wk: int, count: int, c: int, cp: int, pairs: bool) -> int:
    """One tile of C += A^T B likewise; ``left`` rows of C, and no others, may be written."""
    if not pairs or left < SHORT:
        return tile(left, a, 1, ak, 0, w, wk, 0, count, 1, c, PANEL, ADD_TO_C, PANEL, 0)
    if left < LONG or 2 * SHORT <= left < LONG + SHORT:
        _short_dw(a, ak, w, wk, count, c, cp)
        return SHORT
    _long_dw(a, ak, w, wk, count, c, cp)
    return LONG
