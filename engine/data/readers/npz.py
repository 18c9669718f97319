"""NPZ: a zip of NPY arrays. Read without numpy.load: no pickle, no evaluated header, no array larger than its file.

Format: "NEP 1: A simple file format for NumPy arrays" (Kern, 2007).
"""

from __future__ import annotations

import math
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.errors import DataError
from engine.data.readers.limits import check_size

Array = NDArray[Any]

_MAGIC = b"\x93NUMPY"
_HEADER = re.compile(
    r"\{\s*'descr':\s*'(?P<descr>[<>|=]?[A-Za-z]\d*)'\s*,\s*"
    r"'fortran_order':\s*(?P<fortran>True|False)\s*,\s*"
    r"'shape':\s*\((?P<shape>[\d,\sL]*)\)\s*,?\s*\}\s*"
)
_MAX_HEADER = 10_000
_CHUNK = 2**20
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, OverflowError)


@dataclass(frozen=True)
class Header:
    """What an NPY array says about itself; ``start`` is where its values begin."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    start: int

    @property
    def nbytes(self) -> int:
        """Bytes that the values take."""
        return math.prod(self.shape) * self.dtype.itemsize


def npz_headers(path: Path) -> dict[str, Header]:
    """Shape and type of every array, without reading their values."""
    return {name: header for name, (header, _) in _read(path, None, False).items()}


def read_npz(path: Path, names: Iterable[str] | None = None) -> dict[str, Array]:
    """The arrays of those names, or all of them. DataError names the member that cannot be read, and why."""
    wanted = None if names is None else set(names)
    return {name: array for name, (_, array) in _read(path, wanted, True).items()}


def _read(path: Path, wanted: set[str] | None, values: bool) -> dict[str, tuple[Header, Array]]:
    found: dict[str, tuple[Header, Array]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            check_size(path, "all arrays together", sum(m.file_size for m in members), path.stat().st_size)
            for info in members:
                name = info.filename.removesuffix(".npy")
                if wanted is not None and name not in wanted:
                    continue
                _check_member(path, name, info)
                with archive.open(info) as stream:
                    header = read_header(stream, path, name)
                    _check_length(path, name, header, info.file_size)
                    found[name] = header, _values(stream, header, path, name) if values else np.empty(0)
    except DataError:
        raise
    except _DAMAGE as e:
        raise DataError(path, f"it is not a readable NPZ file: {e}", remedy="save it anew with numpy.savez") from e
    if wanted is None and not found:
        raise DataError(
            path, "it holds no arrays", expected="members named *.npy", remedy="save x and y with numpy.savez"
        )
    return found


def _check_member(path: Path, name: str, info: zipfile.ZipInfo) -> None:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        got, remedy = "another method, or a password", "save it anew with numpy.savez_compressed"
        raise DataError(path, f"array {name!r} is packed in an unusual way", expected="deflate", got=got, remedy=remedy)
    check_size(path, f"array {name!r}", info.file_size, info.compress_size)


def read_header(stream: IO[bytes], path: Path, name: str) -> Header:
    """The header at the start of an NPY stream; DataError if it is damaged or asks for Python objects."""
    start = stream.read(8)
    if len(start) < 8 or start[:6] != _MAGIC:
        raise _damaged(path, name, "the mark \\x93NUMPY", repr(start[:6]))
    wide = start[6] > 1
    raw_length = stream.read(4 if wide else 2)
    length = int.from_bytes(raw_length, "little")
    if not 1 <= start[6] <= 3 or length > _MAX_HEADER:
        raise _damaged(
            path, name, f"a header of version 1 to 3, up to {_MAX_HEADER} bytes", f"{start[6]}, {length} bytes"
        )
    text = stream.read(length).decode("utf-8", "replace")
    if re.match(r"\{\s*'descr':\s*(\[|'\|?O)", text):
        raise DataError(
            path,
            f"array {name!r} holds Python objects or records",
            expected="numbers or text",
            remedy="save a plain array: numpy.asarray(a, dtype=float); objects could run code and are never loaded",
        )
    match = _HEADER.fullmatch(text)
    if match is None:
        raise _damaged(path, name, "descr, fortran_order and shape", repr(text[:60]))
    try:
        shape = tuple(int(part.strip(" L\n")) for part in match["shape"].split(",") if part.strip())
        dtype = np.dtype(match["descr"])
    except (TypeError, ValueError) as e:
        raise _damaged(path, name, "a NumPy type and shape", repr(text[:60])) from e
    return Header(shape, dtype, match["fortran"] == "True", 8 + len(raw_length) + length)


def _check_length(path: Path, name: str, header: Header, size: int) -> None:
    if header.dtype.kind not in "biufcUS" or len(header.shape) > 8:
        raise DataError(
            path,
            f"array {name!r} cannot be used",
            expected="numbers or text",
            got=f"{header.dtype}, shape {header.shape}",
        )
    if header.start + header.nbytes != size:
        raise DataError(
            path,
            f"array {name!r} is cut off or overlong",
            expected=f"{header.nbytes:,} bytes for shape {header.shape} of {header.dtype}",
            got=f"{max(size - header.start, 0):,} bytes",
            remedy="the file is damaged; save or copy it anew",
        )


def _values(stream: IO[bytes], header: Header, path: Path, name: str) -> Array:
    content = bytearray(header.nbytes)
    at = 0
    while at < len(content):
        piece = stream.read(min(_CHUNK, len(content) - at))
        if not piece:
            raise _damaged(path, name, f"{len(content):,} bytes", f"{at:,}")
        content[at : at + len(piece)] = piece
        at += len(piece)
    stream.read(1)  # reaching the end makes zipfile compare the checksum
    if not header.dtype.itemsize:
        return np.zeros(header.shape, dtype=header.dtype)
    flat = np.frombuffer(content, dtype=header.dtype)
    native = flat.astype(flat.dtype.newbyteorder("="), copy=False)
    return native.reshape(header.shape, order="F" if header.fortran else "C")


def _damaged(path: Path, name: str, expected: str, got: str) -> DataError:
    return DataError(
        path, f"array {name!r} is damaged", expected=expected, got=got, remedy="save or copy the file anew"
    )
