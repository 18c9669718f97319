"""Named arrays as safetensors bytes: written by the library, read with every offset checked before an array is made.

The format (Hugging Face, 2022): 8 bytes of header length, a JSON header {name: {dtype, shape, data_offsets}}, the data.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engine.files.errors import FormatError
from engine.files.limits import MAX_TENSOR_HEADER, MAX_TENSORS

Arrays = Mapping[str, NDArray[Any]]

_DTYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32, "I16": np.int16,
    "I8": np.int8, "U64": np.uint64, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8, "BOOL": np.bool_,
}  # fmt: skip
_REMEDY = "the file is damaged or foreign; take an earlier copy or export the weights anew"


def tensor_bytes(arrays: Arrays, file: str = "weights") -> bytes:
    """The arrays as safetensors; the same arrays give the same bytes. FormatError for a dtype that does not fit."""
    from safetensors.numpy import save

    plain: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        a = np.ascontiguousarray(array)
        if a.dtype.newbyteorder("=") not in {np.dtype(d) for d in _DTYPES.values()}:
            raise FormatError(file, name, "such arrays cannot be stored", expected="numbers", got=str(a.dtype))
        # ascontiguousarray makes a scalar one-dimensional; its own shape is kept
        plain[name] = a.astype(a.dtype.newbyteorder("="), copy=False).reshape(np.shape(array))
    return cast("bytes", save({k: plain[k] for k in sorted(plain)}))


def read_tensors(data: bytes | memoryview, file: str = "weights") -> dict[str, NDArray[Any]]:
    """The arrays, as copies that may be written to. FormatError for anything that is not whole and sound."""
    view = memoryview(data).cast("B")
    header = _header(view, file)
    body = view[8 + struct.unpack_from("<Q", view)[0] :]
    spans: list[tuple[int, int]] = []
    found: dict[str, NDArray[Any]] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        dtype, shape, start, end = _entry(name, entry, len(body), file)
        spans.append((start, end))
        found[name] = np.frombuffer(body[start:end], dtype=dtype).reshape(shape).copy()
    _check_spans(spans, len(body), file)
    return found


def _header(view: memoryview, file: str) -> dict[str, Any]:
    import msgspec

    if len(view) < 8:
        raise FormatError(
            file, "", "this is no safetensors file", expected="a header", got=f"{len(view)} bytes", remedy=_REMEDY
        )
    (length,) = struct.unpack_from("<Q", view)
    if length > min(MAX_TENSOR_HEADER, len(view) - 8):
        limit = min(MAX_TENSOR_HEADER, len(view) - 8)
        raise FormatError(
            file,
            "header",
            "the header is longer than it may be",
            expected=f"at most {limit:,} bytes",
            got=f"{length:,}",
            remedy=_REMEDY,
        )
    raw = bytes(view[8 : 8 + length])
    if raw.count(b"{") > MAX_TENSORS or raw.count(b",") > 12 * MAX_TENSORS:
        raise FormatError(
            file, "header", "there are too many tensors", expected=f"at most {MAX_TENSORS:,}", remedy=_REMEDY
        )
    try:
        return cast("dict[str, Any]", msgspec.json.decode(raw, type=dict[str, dict[str, Any]]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise FormatError(file, "header", "the header cannot be read", got=str(e), remedy=_REMEDY) from e


def _entry(name: str, entry: dict[str, Any], size: int, file: str) -> tuple[Any, tuple[int, ...], int, int]:
    dtype = _DTYPES.get(entry["dtype"]) if isinstance(entry.get("dtype"), str) else None
    if dtype is None:
        raise FormatError(
            file, name, "numbers of this kind are not read", expected="one of " + ", ".join(_DTYPES),
            got=repr(entry.get("dtype")),
            remedy="convert the file to F32",
        )  # fmt: skip
    shape: Any = entry.get("shape")
    offsets: Any = entry.get("data_offsets")
    if not _counts(shape, 8) or not _counts(offsets, 2) or len(offsets) != 2:
        raise FormatError(file, name, "shape and offsets are lists of whole numbers", got=repr(entry), remedy=_REMEDY)
    start, end = offsets
    wanted = int(np.dtype(dtype).itemsize)
    for axis in shape:
        wanted *= axis
    if not 0 <= start <= end <= size or end - start != wanted:
        raise FormatError(
            file,
            name,
            "its data does not fit its shape",
            expected=f"{wanted} bytes within {size}",
            got=f"{start} to {end}",
            remedy=_REMEDY,
        )
    return dtype, tuple(shape), start, end


def _counts(value: Any, at_most: int) -> bool:
    if not isinstance(value, list) or len(value) > at_most:
        return False
    return all(isinstance(v, int) and not isinstance(v, bool) and 0 <= v < 1 << 48 for v in value)


def _check_spans(spans: list[tuple[int, int]], size: int, file: str) -> None:
    """Tensors cover the data once: no overlap that would multiply a small file, no bytes that nobody claims."""
    at = 0
    for start, end in sorted(spans):
        if start != at:
            raise FormatError(
                file, "data", "tensors overlap or leave gaps", expected=f"one at {at}", got=f"{start}", remedy=_REMEDY
            )
        at = end
    if at != size:
        raise FormatError(
            file, "data", "there are bytes that belong to no tensor", expected=str(at), got=str(size), remedy=_REMEDY
        )
