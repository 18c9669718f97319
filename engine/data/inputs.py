"""New inputs for a trained network: read, brought to the data set's form, and prepared as its training data was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Column, Dataset
from engine.data.errors import DataError
from engine.data.preparation import Preparation
from engine.data.readers.columns import encode
from engine.data.readers.idx import read_idx
from engine.data.readers.images import SUFFIXES, UnreadableImage, as_array, open_image
from engine.data.readers.npz import read_npz
from engine.data.readers.table import Table, read_table

Array = NDArray[Any]


def read_inputs(path: Path, dataset: Dataset, decimal: str = ".") -> Array:
    """Inputs (N, ...) from a picture, a folder of pictures, a table, an NPZ (its array "x" or its only one) or an IDX.

    Prepared and in the type of the training inputs. DataError where the shape or the columns do not fit.
    """
    if not path.exists():
        raise DataError(path, "there is no such file or folder", remedy="check the path")
    name = path.name.lower()
    if path.is_dir():
        raw = np.stack([_picture(p, dataset) for p in pictures(path)])
    elif path.suffix.lower() in SUFFIXES:
        raw = _picture(path, dataset)[None]
    elif name.endswith(".npz"):
        raw = _scaled(_array(path), path, dataset)
    elif "idx" in name or name.removesuffix(".gz").endswith("ubyte"):
        raw = _scaled(read_idx(path), path, dataset)
    else:
        raw = _table(path, dataset, decimal)
    return prepared(raw, dataset, path)


def pictures(folder: Path) -> list[Path]:
    """The pictures of a folder by name, or, where it has none itself, those of the folders in it."""
    found = sorted(p for p in folder.iterdir() if _is_picture(p))
    found = found or sorted(p for p in folder.glob("*/*") if _is_picture(p) and not p.parent.name.startswith("."))
    if not found:
        expected = ", ".join(sorted(SUFFIXES))
        raise DataError(folder, "there are no images in it, nor in the folders in it", expected=expected)
    return found


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def prepared(raw: Array, dataset: Dataset, origin: str | Path = "input") -> Array:
    """Raw samples (N, ...) checked against the data set's input shape and prepared as training inputs were."""
    like = dataset.train.x["x"]
    if raw.shape[1:] != like.shape[1:]:
        expected, got = f"N x {_times(like.shape[1:])}", _times(raw.shape)
        remedy = "give samples of the size that the network was trained on"
        raise DataError(origin, "the inputs have another shape", expected=expected, got=got, remedy=remedy)
    preparation = dataset.preparation.get("x", Preparation())
    x = preparation.apply(raw.astype(like.dtype))
    if not np.isfinite(x).all():
        raise DataError(
            origin, "the inputs hold missing or infinite values", remedy="fill them, or leave these rows out"
        )
    return x


def _picture(path: Path, dataset: Dataset) -> Array:
    if not dataset.image:
        expected = f"a table with {_times(dataset.input_shape)} features"
        raise DataError(path, "this data set's inputs are no images", expected=expected, got="a picture")
    channels, height, width = dataset.input_shape
    try:
        image = open_image(path, "grey" if channels == 1 else "rgb")
    except UnreadableImage as e:
        raise DataError(path, f"it cannot be read: {e}", expected="a picture", remedy="save it as PNG") from e
    return _from_bytes(as_array(image, (height, width)), dataset)


def _from_bytes(x: Array, dataset: Dataset, top: float = 255.0) -> Array:
    low, high = dataset.value_range or (0.0, 255.0)
    return (x.astype(np.float32) * np.float32((high - low) / top) + np.float32(low)).astype(np.float32)


def _scaled(x: Array, path: Path, dataset: Dataset) -> Array:
    """Bytes as pixels of the data set's range; one sample without its axis N, or images without C, get them."""
    shape = dataset.input_shape
    if x.shape == shape or (1, *x.shape) == shape:
        x = x.reshape(1, *shape)
    elif dataset.image and x.ndim == 3 and shape[0] == 1:
        x = x[:, None]
    if x.dtype.kind not in "biuf":
        raise DataError(path, "inputs must be real numbers", got=str(x.dtype))
    if not (dataset.image and x.dtype == np.uint8):
        return x
    # Bytes that stay under the data set's own top are its own (digits count to 16); others are ordinary pixels.
    own = int(x.max(initial=0)) <= dataset.byte_top
    return _from_bytes(x, dataset, dataset.byte_top if own else 255.0)


def _array(path: Path) -> Array:
    arrays = read_npz(path)
    if "x" not in arrays and len(arrays) != 1:
        got = ", ".join(arrays)
        raise DataError(path, "it is not clear which array holds the inputs", expected="one, or one named x", got=got)
    return arrays["x"] if "x" in arrays else next(iter(arrays.values()))


def _table(path: Path, dataset: Dataset, decimal: str) -> Array:
    if dataset.image:
        raise DataError(path, "this data set's inputs are images", expected="a picture, NPZ or IDX", got=path.suffix)
    if dataset.columns:
        used = [c for c in dataset.columns if c.kind != "ignore"]
        table = _named(read_table(path), tuple(c.name for c in used))
        filled = dataset.preparation.get("x", Preparation()).fill is not None
        return encode(table, used, "mean" if filled else "refuse", decimal).x
    table = read_table(path)
    wanted = dataset.feature_names or tuple(f"x{i + 1}" for i in range(dataset.input_shape[0]))
    table = _named(table, wanted)
    return encode(table, [Column(name, "number") for name in wanted], decimal=decimal).x


def _named(table: Table, wanted: tuple[str, ...]) -> Table:
    """The table with ``wanted`` as its names if it has no header and just as many columns."""
    if not table.header and len(table.names) == len(wanted):
        return Table(table.file, wanted, table.rows, table.lines, table.delimiter, table.encoding, False)
    return table


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
