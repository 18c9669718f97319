"""exp, expm1, tanh, sigmoid and softplus in float32, to a few units in the last place, in a form that vectorises.

Every one of them gives NaN for NaN: clamps are written as choices that a NaN falls through.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.backends.tape.kernels.native import F32, I32, small

f4 = np.float32


@intrinsic
def _rint(_context: Any, x: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(F32, [F32])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.rint.f32"), args)

    return types.float32(types.float32), generate


@intrinsic
def _fma(_context: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c, rounded once; unlike a product and a sum, nothing may reorder it."""

    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(F32, [F32] * 3)
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.fma.f32"), args)

    return types.float32(types.float32, types.float32, types.float32), generate


@intrinsic
def _times_power(_context: Any, x: Any, n: Any) -> Any:
    """x 2^n for x near 1 and whole n in -152..130, or n = 0; also where the result is subnormal or infinite.

    Half of n goes straight into the exponent's bits: a product of three factors would be reordered into infinity.
    """

    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        shift = ir.Constant(I32, 23)
        whole = builder.fptosi(args[1], I32)
        half = builder.ashr(whole, ir.Constant(I32, 1))
        bits = builder.add(builder.bitcast(args[0], I32), builder.shl(half, shift))
        power = builder.shl(builder.add(builder.sub(whole, half), ir.Constant(I32, 127)), shift)
        return builder.fmul(builder.bitcast(bits, F32), builder.bitcast(power, F32))

    return types.float32(types.float32, types.float32), generate


@small
def reduced(x: Any) -> Any:
    """n with x = n ln 2 + r, |r| <= ln 2 / 2, after x was brought into the range where exp is neither 0 nor inf."""
    x = f4(90.0) if x > f4(90.0) else x
    x = f4(-105.0) if x < f4(-105.0) else x
    return _rint(x * f4(1.4426950408889634))


@small
def remainder(x: Any, n: Any) -> Any:
    """x - n ln 2, with ln 2 in two parts (Cody & Waite 1980)."""
    x = f4(90.0) if x > f4(90.0) else x
    x = f4(-105.0) if x < f4(-105.0) else x
    return _fma(n, f4(2.12194440e-4), _fma(n, f4(-0.693359375), x))


@small
def exp_less_one(r: Any) -> Any:
    """exp(r) - 1 for |r| <= ln 2 / 2 (coefficients: Moshier's Cephes)."""
    p = f4(1.9875691500e-4)
    p = p * r + f4(1.3981999507e-3)
    p = p * r + f4(8.3334519073e-3)
    p = p * r + f4(4.1665795894e-2)
    p = p * r + f4(1.6666665459e-1)
    p = p * r + f4(5.0000001201e-1)
    return p * (r * r) + r


@small
def exp32(x: Any) -> Any:
    """exp(x)."""
    n = reduced(x)
    r = exp_less_one(remainder(x, n))
    whole = n if n == n else f4(0)  # a NaN must not reach the conversion to an integer; r carries it on
    return _times_power(r + f4(1), whole)


@small
def expm1_32(x: Any) -> Any:
    """exp(x) - 1 for x <= 0."""
    n = reduced(x)
    r = exp_less_one(remainder(x, n))
    whole = n if n == n else f4(0)
    scale = _times_power(f4(1), whole)
    return scale * r + (scale - f4(1))


@small
def sigmoid32(x: Any) -> Any:
    """1 / (1 + exp(-x)), from exp(-|x|)."""
    e = exp32(-abs(x))
    return (e if x < f4(0) else f4(1)) / (f4(1) + e)


@small
def softplus32(x: Any) -> Any:
    """ln(1 + exp(x)) = max(x, 0) + ln(1 + exp(-|x|))."""
    return (f4(0) if x <= f4(0) else x) + np.log1p(exp32(-abs(x)))


@small
def tanh32(x: Any) -> Any:
    """tanh x: a polynomial near zero, 1 - 2 / (exp(2 |x|) + 1) beyond (Cephes)."""
    z = x * x
    p = f4(-5.70498872745e-3)
    p = p * z + f4(2.06390887954e-2)
    p = p * z + f4(-5.37397155531e-2)
    p = p * z + f4(1.33314422036e-1)
    p = p * z + f4(-3.33332819422e-1)
    near = p * z * x + x
    size = abs(x)
    far = f4(1) - f4(2) / (exp32(size + size) + f4(1))
    far = -far if x < f4(0) else far
    return far if size > f4(0.625) else near
