"""IDX and IDX.gz: the format of MNIST. Two zero bytes, a type, a number of dimensions, sizes, then values, big-endian.

Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits" (1998).
"""

from __future__ import annotations

import gzip
import math
import re
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.errors import DataError
from engine.data.readers.limits import check_size

Array = NDArray[Any]

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_DIMENSIONS = 4
_CHUNK = 2**20


def read_idx(path: Path) -> Array:
    """The array in an IDX file, gzipped or not (which its first bytes tell, not its name); DataError if damaged."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            return _read(stream, path, packed)  # type: ignore[arg-type]
    except (OSError, EOFError, zlib.error) as e:
        raise DataError(path, f"it cannot be read: {e}", remedy="get or pack the file anew") from e


def idx_shape(path: Path) -> tuple[int, ...]:
    """The shape that an IDX file declares, without reading its values."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            return _header(stream, path)[1]  # type: ignore[arg-type]
    except (OSError, EOFError, zlib.error) as e:
        raise DataError(path, f"it cannot be read: {e}", remedy="get or pack the file anew") from e


def partner(path: Path, wanted: str) -> Path | None:
    """The file beside an image or label file with the same name but for its kind: "images", "labels".

    train-images-idx3-ubyte.gz and train-labels-idx1-ubyte belong together; so do images.idx and labels.idx.
    """
    given = "labels" if wanted == "images" else "images"
    rank = "3" if wanted == "images" else "1"
    name = _swap(_swap(path.name, given, wanted), given[:-1], wanted[:-1])
    if name == path.name:
        return None
    name = re.sub(r"([-.]idx)\d", rf"\g<1>{rank}", name)
    bare = name.removesuffix(".gz")
    found = (path.with_name(n) for n in (name, bare, bare + ".gz"))
    return next((p for p in found if p.is_file()), None)


def held_out_file(path: Path) -> Path | None:
    """The test file beside a training file: t10k-... or test-... for train-..."""
    if not path.name.startswith("train"):
        return None
    found = (path.with_name(stem + path.name.removeprefix("train")) for stem in ("t10k", "test"))
    return next((p for p in found if p.is_file()), None)


def _read(stream: IO[bytes], path: Path, packed: bool) -> Array:
    dtype, shape, start = _header(stream, path)
    declared = math.prod(shape) * dtype.itemsize
    stored = path.stat().st_size
    if packed:
        check_size(path, "the array", declared + start, stored)
    elif start + declared != stored:
        raise _length(path, shape, declared, stored - start)
    content = bytearray()
    while len(content) < declared:
        piece = stream.read(min(_CHUNK, declared - len(content)))
        if not piece:
            raise _length(path, shape, declared, len(content))
        content += piece
    if stream.read(1):
        raise _length(path, shape, declared, f"more than {declared:,}")
    values = np.frombuffer(content, dtype=dtype)
    return values.astype(dtype.newbyteorder("="), copy=False).reshape(shape)


def _header(stream: IO[bytes], path: Path) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or not 1 <= magic[3] <= _MOST_DIMENSIONS:
        raise DataError(
            path,
            "it does not begin as an IDX file does",
            expected="00 00, a type of 08 to 0e, 1 to 4 dimensions",
            got=magic.hex(" ") or "an empty file",
            remedy="choose an IDX file, or read it as another kind",
        )
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(path, "it is cut off in its header", expected=f"{magic[3]} sizes", got=f"{len(sizes)} bytes")
    shape = tuple(int(n) for n in np.frombuffer(sizes, dtype=">u4"))
    return np.dtype(TYPES[magic[2]]), shape, 4 + len(sizes)


def _swap(name: str, old: str, new: str) -> str:
    return name.replace(old, new).replace(old.capitalize(), new.capitalize())


def _length(path: Path, shape: tuple[int, ...], expected: int, got: int | str) -> DataError:
    return DataError(
        path,
        "it is cut off or overlong",
        expected=f"{expected:,} bytes for {' x '.join(map(str, shape))} values",
        got=f"{got:,}" if isinstance(got, int) else got,
        remedy="the file is damaged; get it anew",
    )
