"""Counter-based random bits: a pure function of (seed, stream, step, element).

The same integer mixing runs in NumPy, Numba and CUDA, so every backend draws the same dropout mask and any step can
be replayed. The mixer is a 32-bit xor-shift-multiply finalizer with low bias (Wellons 2018, "hash-prospector").
"""

from __future__ import annotations

from typing import Any

MASK = 0xFFFFFFFF


def mix(value: int) -> int:
    """The finalizer on one Python integer; reference for the kernels."""
    value ^= value >> 16
    value = (value * 0x7FEB352D) & MASK
    value ^= value >> 15
    value = (value * 0x846CA68B) & MASK
    return value ^ (value >> 16)


def stream_key(seed: int, stream: int, step: int) -> int:
    """The 32-bit key of one tensor at one step."""
    key = mix((seed & MASK) ^ 0x9E3779B9)
    key = mix(key ^ ((seed >> 32) & MASK))
    key = mix(key ^ ((stream * 0x85EBCA6B) & MASK))
    return mix(key ^ ((step * 0xC2B2AE35) & MASK) ^ ((step >> 32) & MASK))


def counter_bits(xp: Any, seed: int, stream: int, step: int, shape: tuple[int, ...]) -> Any:
    """uint32 array of ``shape`` in C order: element i is mix(mix(i + 1) ^ key)."""
    count = 1
    for axis in shape:
        count *= axis
    bits = xp.arange(1, count + 1, dtype=xp.uint32)
    _mix_in_place(xp, bits)
    bits ^= xp.uint32(stream_key(seed, stream, step))
    _mix_in_place(xp, bits)
    return bits.reshape(shape)


def _mix_in_place(xp: Any, bits: Any) -> None:
    bits ^= bits >> xp.uint32(16)
    bits *= xp.uint32(0x7FEB352D)
    bits ^= bits >> xp.uint32(15)
    bits *= xp.uint32(0x846CA68B)
    bits ^= bits >> xp.uint32(16)
