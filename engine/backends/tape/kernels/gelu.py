"""GELU with its slope: one exponential for both, in vector code.

Phi(x) = 1/2 + x p(x^2) near zero; beyond, Phi(-|x|) = exp(-x^2 / 2) u q(u), u = 1 / (1 + 0.28 |x|), the right-hand
factor a minimax fit of erfcx(|x| / sqrt 2) / 2. Off by at most 8e-8 where Phi is near one, 1e-6 of itself to -5.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from engine.backends.tape.kernels.micro import LANES
from engine.backends.tape.kernels.native import I64
from engine.backends.tape.kernels.rows import ONE, WHOLE, ZERO, Lines, constant, make

#: p and q, the highest power first, and the 0.28
_NEAR = (-7.496673333662329e-06, 1.1305885709589347e-04, -1.1859077494591475e-03, 9.973140433430672e-03,
         -6.649032980203629e-02, 3.989422917366028e-01)  # fmt: skip
_FAR = (-5.908340588212013e-02, 1.304130256175995e-01, -2.5836951099336147e-03, 1.0947802662849426e-01,
        9.770819544792175e-02, 1.1231744289398193e-01, 1.1167398095130920e-01)  # fmt: skip
_BEND = 0.28
#: exp of anything lower is taken as 0: the smallest normal number is exp(-87.3)
_LOWEST = -87.0


def _bell(w: Lines, x: Any) -> Any:
    """exp(-x^2 / 2)."""
    b = w.b
    a = b.fmul(b.fmul(x, constant(-0.5)), x)
    n = w.nearest(b.fmul(a, constant(1.4426950408889634)))
    # neither a NaN nor what is too large may reach the conversion to an integer
    n = b.select(b.fcmp_unordered("<=", a, constant(_LOWEST)), ZERO, n)
    whole = b.shl(b.fptosi(n, WHOLE), ir.Constant(WHOLE, [23] * LANES))
    value = b.bitcast(b.add(b.bitcast(w.power(a, n), WHOLE), whole), x.type)
    return b.select(b.fcmp_ordered("<=", a, constant(_LOWEST)), ZERO, value)


def _gelu(w: Lines, x: Any) -> tuple[Any, Any]:
    """(x Phi(x), Phi(x) + x phi(x))."""
    b = w.b
    bell, size = _bell(w, x), w.size(x)
    u = b.fdiv(ONE, w.fma(size, constant(_BEND), ONE))
    tail = b.fmul(bell, b.fmul(w.polynomial(_FAR, u), u))
    far = b.select(b.fcmp_ordered("<", x, ZERO), tail, b.fsub(ONE, tail))
    near = w.fma(w.polynomial(_NEAR, b.fmul(x, x)), x, constant(0.5))
    share = b.select(b.fcmp_ordered("<", size, ONE), near, far)
    return b.fmul(x, share), w.fma(x, b.fmul(bell, constant(0.3989422804014327)), share)


def _forward(w: Lines) -> None:
    b = w.b
    source, target, kept, count = w.operands[:4]

    def visit(at: Any, mask: Any) -> None:
        y, slope = _gelu(w, w.load(b.add(source, at), mask))
        w.store(y, b.add(target, at), mask)
        with b.if_then(b.icmp_signed("!=", kept, ir.Constant(I64, 0))):
            w.store(slope, b.add(kept, at), mask)

    w.sweep(count, visit)


def _backward(w: Lines) -> None:
    b = w.b
    given, source, target, count = w.operands[:4]

    def visit(at: Any, mask: Any) -> None:
        _, slope = _gelu(w, w.load(b.add(source, at), mask))
        w.store(b.fmul(w.load(b.add(given, at), mask), slope), b.add(target, at), mask)

    w.sweep(count, visit)


#: x, y, where the slopes go or 0 (it may be x), count
gelu_run = make("gelu", _forward)
#: dy, x, dx, count
gelu_back_run = make("gelu_back", _backward)
