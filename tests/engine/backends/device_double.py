"""A stand-in for CuPy where there is no GPU: NumPy behind a wall, which refuses what CuPy refuses.

An array of the device never becomes one of the host by itself, nor meets one; a reduction stays on the device; what
CuPy's module or its ndarray does not have is not there (judged by CuPy itself where that is installed: it can be
imported without a GPU). It cannot show what only a device does: speed, rounding, asynchrony.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from tests.engine.backends import cuda_twin

OPERATORS = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift"),
    *("radd", "rsub", "rmul", "rtruediv", "rpow", "rmatmul", "rand", "ror", "rxor"),
    *("eq", "ne", "lt", "le", "gt", "ge", "neg", "abs", "invert"),
)
IN_PLACE = ("iadd", "isub", "imul", "itruediv", "ipow", "iand", "ior", "ixor", "ilshift", "irshift")
METHODS = (
    *("sum", "mean", "max", "min", "var", "std", "prod", "all", "any", "argmax", "argmin", "argsort", "cumsum"),
    *("reshape", "transpose", "swapaxes", "ravel", "flatten", "astype", "copy", "view", "squeeze", "repeat", "take"),
    *("clip", "dot", "fill"),
)
FIGURES = ("dtype", "shape", "ndim", "size", "itemsize", "nbytes", "strides")


def _inside(value: Any) -> Any:
    """What an operation on the device may be given, unwrapped; TypeError for an array of the host."""
    if isinstance(value, DeviceArray):
        return value.inner
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)}: an array of the host of shape {value.shape}")
    if isinstance(value, tuple | list):
        return type(value)(_inside(v) for v in value)
    return value


def _outside(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return DeviceArray(np.asarray(value))
    return tuple(_outside(v) for v in value) if isinstance(value, tuple) else value


class DeviceArray:
    """Has what cupy.ndarray has of what the engine uses."""

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`.")

    def __getattr__(self, name: str) -> Any:
        if name in FIGURES:
            return getattr(self.inner, name)
        if name not in METHODS:
            raise AttributeError(name)
        method = getattr(self.inner, name)
        return lambda *a, **k: _outside(method(*(_inside(v) for v in a), **{n: _inside(v) for n, v in k.items()}))

    @property
    def T(self) -> DeviceArray:
        return DeviceArray(self.inner.T)

    def get(self) -> Any:
        return self.inner.copy()

    def __getitem__(self, key: Any) -> DeviceArray:
        return DeviceArray(np.asarray(self.inner[_inside(key)]))

    def __setitem__(self, key: Any, value: Any) -> None:
        self.inner[_inside(key)] = _inside(value)

    def __len__(self) -> int:
        return len(self.inner)

    def __bool__(self) -> bool:
        return bool(self.inner)

    def __int__(self) -> int:
        return int(self.inner)

    def __float__(self) -> float:
        return float(self.inner)


def _operator(name: str) -> Callable[..., Any]:
    def apply(self: DeviceArray, *other: Any) -> Any:
        return _outside(getattr(self.inner, f"__{name}__")(*(_inside(o) for o in other)))

    return apply


def _in_place(name: str) -> Callable[..., Any]:
    def apply(self: DeviceArray, other: Any) -> DeviceArray:
        self.inner = getattr(operator, name)(self.inner, _inside(other))
        return self

    return apply


for _name in OPERATORS:
    setattr(DeviceArray, f"__{_name}__", _operator(_name))
for _name in IN_PLACE:
    setattr(DeviceArray, f"__{_name}__", _in_place(_name))


class _Function:
    """A function of the module; ``at`` for those that have it."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(self, *args: Any, **named: Any) -> Any:
        return _outside(self.inner(*(_inside(a) for a in args), **{k: _inside(v) for k, v in named.items()}))

    def at(self, *args: Any) -> None:
        self.inner.at(*(_inside(a) for a in args))


class Kernel:
    """cupy.RawKernel by g++. Takes arrays of the device and NumPy's scalars, and no more shared memory than was asked
    for; ``launches`` counts."""

    max_dynamic_shared_size_bytes = 48 * 1024
    launches = 0

    def __init__(self, code: str, name: str, options: tuple[str, ...] = ()) -> None:
        self.code, self.name, self.options = code, name, options

    def __call__(self, grid: tuple[int, ...], block: tuple[int, ...], args: Any, *, shared_mem: int = 0) -> None:
        if shared_mem > self.max_dynamic_shared_size_bytes:
            raise RuntimeError("CUDA_ERROR_INVALID_VALUE: invalid argument")
        if not grid[0] > 0 or not 0 < block[0] <= 1024:
            raise ValueError(f"grid {grid}, block {block}")
        for value in args:
            if not isinstance(value, DeviceArray | np.generic):
                raise TypeError(f"Unsupported type {type(value)}")
        given = tuple(_inside(v) for v in args)
        if grid == (1,):
            cuda_twin.run(self.code, self.name, given)
        else:  # the numbering of a kernel of many blocks counts on their true width
            cuda_twin.run(self.code, self.name, given, grid[0], block[0])
        type(self).launches += 1


class Device(ModuleType):
    """Stands in for the module ``cupy``; ``used`` names what was taken from it."""

    def __init__(self) -> None:
        super().__init__("cupy")
        self.used: set[str] = set()
        room = SimpleNamespace(attributes={"MaxSharedMemoryPerBlock": 49152, "MaxSharedMemoryPerBlockOptin": 101376})
        runtime = SimpleNamespace(getDeviceCount=lambda: 1, CUDARuntimeError=OSError)
        self.cuda = SimpleNamespace(runtime=runtime, Device=lambda: room)
        self.RawKernel = Kernel
        self.freed = 0

    def asarray(self, array: Any, dtype: Any = None) -> DeviceArray:
        return DeviceArray(array.inner if isinstance(array, DeviceArray) else np.array(array, dtype))

    def asnumpy(self, array: Any) -> Any:
        return array.get()

    def get_default_memory_pool(self) -> Any:
        return SimpleNamespace(free_all_blocks=lambda: setattr(self, "freed", self.freed + 1))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(np, name)
        self.used.add(name)
        return _Function(found) if callable(found) and not isinstance(found, type) else found
