"""Event files as TensorBoard reads them: TFRecord frames around Event messages with scalars and histograms.

A record is: length (uint64), masked CRC-32C of the length, the data, masked CRC-32C of the data, all little endian. The
messages are written field by field (protocol buffers, tensorflow/core/util/event.proto and framework/summary.proto):
the few fields that are needed are simpler than a library that would have to be shipped for them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

#: Castagnoli's polynomial, reversed
_POLYNOMIAL, _MASK = 0x82F63B78, 0xA282EAD8
VERSION = "brain.Event:2"


@cache
def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return tuple(table)


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli 1993; RFC 3720, appendix B.4)."""
    table, value = _table(), 0xFFFFFFFF
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """One TFRecord frame."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", _masked(length)) + data + struct.pack("<I", _masked(data))


def _masked(data: bytes) -> int:
    value = crc32c(data)
    return ((value >> 15 | value << 17) + _MASK) & 0xFFFFFFFF


def version_event(wall_time: float) -> bytes:
    """The record that every event file begins with."""
    return record(_double(1, wall_time) + _bytes(3, VERSION.encode()))


def scalars_event(wall_time: float, step: int, values: Iterable[tuple[str, float]]) -> bytes:
    """One record with simple values by tag."""
    summary = b"".join(_bytes(1, _bytes(1, tag.encode()) + _float(2, value)) for tag, value in values)
    return record(_event(wall_time, step, summary))


def histogram_event(wall_time: float, step: int, tag: str, counts: Sequence[float], edges: Sequence[float],
                    ends: tuple[float, float]) -> bytes:  # fmt: skip
    """``counts`` (B,) in bins between ``edges`` (B + 1,); ``ends``: raw minimum and maximum. Sum and sum of squares are
    those of the bins' middles."""
    middles = (np.asarray(edges[1:], float) + np.asarray(edges[:-1], float)) / 2
    n = np.asarray(counts, float)
    body = (
        _double(1, ends[0]) + _double(2, ends[1]) + _double(3, float(n.sum())) + _double(4, float(n @ middles))
        + _double(5, float(n @ middles**2)) + _bytes(6, struct.pack(f"<{len(n)}d", *edges[1:]))
        + _bytes(7, struct.pack(f"<{len(n)}d", *n))
    )  # fmt: skip
    return record(_event(wall_time, step, _bytes(1, _bytes(1, tag.encode()) + _bytes(5, body))))


def _event(wall_time: float, step: int, summary: bytes) -> bytes:
    return _double(1, wall_time) + _varint(2 << 3) + _varint(step) + _bytes(5, summary)


def _double(number: int, value: float) -> bytes:
    return _varint(number << 3 | 1) + struct.pack("<d", value)


def _float(number: int, value: float) -> bytes:
    return _varint(number << 3 | 5) + struct.pack("<f", value)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
