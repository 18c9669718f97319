"""Weights in files: safetensors whose names are ``node id/weight name`` (``n2/weight``, ``n2/bn.running_mean``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.files.atomic import write_atomic
from engine.files.errors import FormatError
from engine.files.limits import MAX_ARCHIVE
from engine.files.reading import read_bytes
from engine.files.tensors import read_tensors, tensor_bytes

Weights = Mapping[tuple[str, str], NDArray[Any]]


def weight_bytes(weights: Weights, file: str = "weights") -> bytes:
    """Weights and running statistics as safetensors."""
    return tensor_bytes({f"{node}/{name}": array for (node, name), array in weights.items()}, file)


def parse_weights(data: bytes | memoryview, file: str = "weights") -> dict[tuple[str, str], NDArray[Any]]:
    """The weights by (node id, weight name). Half precision becomes float32; FormatError for what are no weights."""
    found: dict[tuple[str, str], NDArray[Any]] = {}
    for key, array in read_tensors(data, file).items():
        node, slash, name = key.partition("/")
        if not slash or not node or not name:
            raise FormatError(
                file,
                key,
                "weights are named node/weight",
                got=repr(key),
                remedy="this file was not written by Gradloom",
            )
        if array.dtype not in (np.float16, np.float32, np.float64):
            raise FormatError(
                file, key, "weights are floating numbers", expected="F16, F32 or F64", got=str(array.dtype)
            )
        found[node, name] = array.astype(np.float32) if array.dtype == np.float16 else array
    return found


def write_weights(path: str | Path, weights: Weights) -> None:
    """Write them, atomically."""
    write_atomic(path, [weight_bytes(weights, str(path))])


def read_weights(path: str | Path) -> dict[tuple[str, str], NDArray[Any]]:
    """Read a file that ``write_weights`` wrote."""
    return parse_weights(read_bytes(path, MAX_ARCHIVE), str(path))


def fitting(weights: Weights, wanted: Mapping[tuple[str, str], tuple[int, ...]], file: str) -> None:
    """FormatError unless ``weights`` has each wanted one in its shape."""
    for key, shape in wanted.items():
        name = "/".join(key)
        if key not in weights:
            raise FormatError(
                file,
                name,
                "this weight is missing",
                remedy="the file belongs to another network, or to an older drawing",
            )
        if weights[key].shape != tuple(shape):
            raise FormatError(
                file, name, "this weight has another shape", expected=" x ".join(map(str, shape)),
                got=" x ".join(map(str, weights[key].shape)), remedy="the layer was changed since; train again",
            )  # fmt: skip
