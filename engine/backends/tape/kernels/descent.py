"""SGD and Adam in one pass of vector code: weights from before are kept, and what becomes of them is judged.

Three loops of their own cost a small net more than the step itself. Nothing here checks whether arrays overlap: they
are runs of one length, each in its own region.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.backends.tape.kernels.micro import LANES, MASK, VECTOR
from engine.backends.tape.kernels.native import I32, I64

#: (builder, vectors of the runs, numbers in every lane) -> new vectors of the runs that change, the weights' first
Step = Callable[["_Lanes", list[Any], list[Any]], list[Any]]
LARGEST = 3.4028234663852886e38


class _Lanes:
    """Arithmetic on vectors."""

    def __init__(self, builder: Any) -> None:
        self.b = builder
        module, one = builder.module, ir.FunctionType(VECTOR, [VECTOR])
        self._fma = cgutils.get_or_insert_function(
            module, ir.FunctionType(VECTOR, [VECTOR] * 3), f"llvm.fma.v{LANES}f32"
        )
        self._sqrt = cgutils.get_or_insert_function(module, one, f"llvm.sqrt.v{LANES}f32")
        self._size = cgutils.get_or_insert_function(module, one, f"llvm.fabs.v{LANES}f32")

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        """x y + z, rounded once."""
        return self.b.call(self._fma, [x, y, z])

    def sqrt(self, x: Any) -> Any:
        """The root of x."""
        return self.b.call(self._sqrt, [x])

    def spoiled(self, x: Any) -> Any:
        """Where x is not finite."""
        return self.b.fcmp_unordered("ugt", self.b.call(self._size, [x]), ir.Constant(VECTOR, [LARGEST] * LANES))

    def everywhere(self, x: Any) -> Any:
        """The number in every lane."""
        one = self.b.insert_element(ir.Constant(VECTOR, ir.Undefined), x, ir.Constant(I32, 0))
        return self.b.shuffle_vector(one, one, ir.Constant(ir.VectorType(I32, LANES), [0] * LANES))


def _write(b: Any, step: Step, runs: int, changed: tuple[int, ...], args: Any) -> Any:
    """The loop over ``runs`` runs and the kept weights: count, their addresses, numbers. Whether one weight is bad."""
    lanes, count, places = _Lanes(b), args[0], args[1 : 2 + runs]
    numbers = [lanes.everywhere(a) for a in args[2 + runs :]]
    bad = cgutils.alloca_once_value(b, ir.Constant(MASK, [0] * LANES))
    with cgutils.for_range(b, b.sdiv(count, ir.Constant(I64, LANES))) as loop:
        shift = b.mul(loop.index, ir.Constant(I64, 4 * LANES))
        at = [b.inttoptr(b.add(p, shift), ir.PointerType(VECTOR)) for p in places]
        old = [b.load(p, align=4, typ=VECTOR) for p in at[:runs]]
        b.store(old[0], at[runs], align=4)
        new = step(lanes, old, numbers)
        for k, value in zip(changed, new, strict=True):
            b.store(value, at[k], align=4)
        b.store(b.or_(b.load(bad, typ=MASK), lanes.spoiled(new[0])), bad)
    bits = b.bitcast(b.load(bad, typ=MASK), ir.IntType(LANES))
    return b.zext(b.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0)), I64)


def _sgd(v: _Lanes, x: list[Any], k: list[Any]) -> list[Any]:
    """w left - rate g."""
    return [v.fma(v.b.fneg(k[1]), x[1], v.b.fmul(x[0], k[0]))]


def _adam(v: _Lanes, x: list[Any], k: list[Any]) -> list[Any]:
    """w left - pace m / (sqrt(v) inverse + eps), and the means."""
    (w, g, m, s), (left, pace, b1, r1, b2, r2, eps, inverse) = x, k
    b = v.b
    mean, square = v.fma(b1, m, b.fmul(r1, g)), v.fma(b2, s, b.fmul(r2, b.fmul(g, g)))
    quotient = b.fdiv(mean, v.fma(v.sqrt(square), inverse, eps))
    return [v.fma(b.fneg(pace), quotient, b.fmul(w, left)), mean, square]


@intrinsic
def sgd(_context: Any, count: Any, w: Any, g: Any, before: Any, left: Any, rate: Any) -> Any:
    """w, g, before: addresses of ``count`` floats, whole vectors of them. 1 if a weight is not finite now.

    ``left``: what decoupled decay leaves of a weight.
    """

    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        """LLVM of the loop."""
        return _write(builder, _sgd, 2, (0,), args)

    return types.int64(*[types.int64] * 4, *[types.float32] * 2), generate


@intrinsic
def adam(
    _context: Any, count: Any, w: Any, g: Any, m: Any, v: Any, before: Any, left: Any, pace: Any, b1: Any, r1: Any,
    b2: Any, r2: Any, eps: Any, inverse: Any,
) -> Any:  # fmt: skip
    """The same with the running means of g and of its square."""

    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        """LLVM of the loop."""
        return _write(builder, _adam, 4, (0, 2, 3), args)

    return types.int64(*[types.int64] * 6, *[types.float32] * 8), generate
