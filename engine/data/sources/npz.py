"""Arrays of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.arrays import as_floats, as_target, pixels_param, scaled_pixels, target_type_param
from engine.data.errors import DataError
from engine.data.readers.npz import Header, npz_headers, read_npz
from engine.data.source import SOURCES, TEST, TRAIN, VALIDATION, FileSource, Samples
from engine.declare import Choice, Text

Array = NDArray[Any]

X_KEYS = ("x", "X", "x_train", "X_train", "train_x", "images", "train_images", "data", "features", "inputs", "arr_0")
Y_KEYS = ("y", "Y", "y_train", "Y_train", "train_y", "labels", "train_labels", "target", "targets", "arr_1")
_PARTS = ((VALIDATION, ("val", "valid", "validation")), (TEST, ("test",)))
_PLACES = {"NHWC": (0, 3, 1, 2), "NCHW": (0, 1, 2, 3)}


@SOURCES.add
class Npz(FileSource, id="npz", title="Arrays (NPZ)"):
    """x (N, ...) and y (N,), (N, 1), one-hot (N, C) or values (N, K) from two arrays of a file.

    x_train and y_train with x_test, x_val and so on are a split of their own. Names of classes and features are taken
    from arrays "class_names" and "feature_names". Format: NEP 1 (Kern, 2007); Python objects are never loaded.
    """

    x: str = Text("", help="The array of inputs. Empty: found by the usual names.")
    y: str = Text("", help="The array of targets. Empty: found by the usual names.")
    target_type: str = target_type_param()
    layout: str = Choice(
        "auto",
        "auto",
        "NCHW",
        "NHWC",
        "table",
        help="How images lie in x. Auto: channels last if the last axis has 1, 3 or 4 entries and the second has not.",
    )
    pixels: str = pixels_param()

    def keys(self, headers: dict[str, Header], path: Path) -> tuple[str, str]:
        """The names of x and y; DataError with the names that there are."""
        return _key(self.x, X_KEYS, headers, path, "inputs"), _key(self.y, Y_KEYS, headers, path, "targets")

    def load(self, base_dir: Path | None) -> Samples:
        """The arrays; DataError names the one at fault."""
        path = self.resolve(base_dir)
        headers = npz_headers(path)
        x_key, y_key = self.keys(headers, path)
        pairs = [(TRAIN, x_key, y_key), *_beside(x_key, y_key, headers)]
        texts = [k for k in ("class_names", "feature_names") if k in headers and headers[k].dtype.kind == "U"]
        arrays = read_npz(path, [*(k for _, *keys in pairs for k in keys), *texts])
        for _, xk, yk in pairs:
            _check_pair(arrays[xk], arrays[yk], xk, yk, path)
        x = np.concatenate([arrays[xk] for _, xk, _ in pairs])
        y = np.concatenate([arrays[yk] for _, _, yk in pairs])
        target = as_target(y, path, self.target_type, tuple(map(str, arrays.get("class_names", ()))))
        names = tuple(map(str, arrays.get("feature_names", ())))
        inputs, value_range = self._inputs(x, x_key, path)
        part = [np.full(len(arrays[xk]), part, dtype=np.int8) for part, xk, _ in pairs]
        return Samples(
            name=path.stem,
            x={"x": inputs},
            y={"y": target.y},
            task=target.task,
            class_names=target.class_names,
            feature_names=names if inputs.ndim == 2 and len(names) == inputs.shape[1] else (),
            target_name=y_key,
            image=value_range is not None,
            value_range=value_range,
            source_note=str(path),
            part=np.concatenate(part) if len(pairs) > 1 else None,
        )

    def _inputs(self, x: Array, name: str, path: Path) -> tuple[Array, tuple[float, float] | None]:
        order = image_order(x.shape, self.layout)
        if order is None:
            return as_floats(x[:, None] if x.ndim == 1 else x, path, name), None
        images = np.ascontiguousarray((x if x.ndim == 4 else x[:, None]).transpose(order))
        if images.dtype == np.uint8:
            return scaled_pixels(images, 255.0, self.pixels)
        floats = as_floats(images, path, name)
        low, high = (float(floats.min()), float(floats.max())) if floats.size else (0.0, 1.0)
        return floats, (low, high) if high > low else (low, low + 1.0)


def image_order(shape: tuple[int, ...], layout: str) -> tuple[int, ...] | None:
    """How to transpose (N, ...) to (N, C, H, W), or None where the samples are no images of 1, 3 or 4 channels."""
    if layout == "table" or len(shape) not in (3, 4):
        return None
    if len(shape) == 3:
        return _PLACES["NCHW"]
    if layout == "auto":
        first, last = shape[1] in (1, 3, 4), shape[3] in (1, 3, 4)
        layout = "NCHW" if first else "NHWC" if last else ""
    return _PLACES.get(layout)


def _key(chosen: str, usual: tuple[str, ...], headers: dict[str, Header], path: Path, what: str) -> str:
    there = ", ".join(f"{k} {h.shape}" for k, h in list(headers.items())[:12])
    if chosen and chosen not in headers:
        remedy = "choose an array that is there"
        raise DataError(path, f"there is no array {chosen!r} for the {what}", expected=f"one of {there}", remedy=remedy)
    found = chosen or next((k for k in usual if k in headers), "")
    if not found:
        expected, remedy = f"a name such as {usual[0]} or {usual[2]}", f"name the array of {what}"
        raise DataError(path, f"no array looks like the {what}", expected=expected, got=there, remedy=remedy)
    return found


def _beside(x_key: str, y_key: str, headers: dict[str, Header]) -> list[tuple[int, str, str]]:
    """The arrays of other splits, named as the training ones are."""
    if "train" not in x_key or "train" not in y_key:
        return []
    found = []
    for part, words in _PARTS:
        keys = [(x_key.replace("train", w), y_key.replace("train", w)) for w in words]
        found += [(part, a, b) for a, b in keys if a in headers and b in headers][:1]
    return found


def _check_pair(x: Array, y: Array, x_key: str, y_key: str, path: Path) -> None:
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        got = f"{x_key} {x.shape} and {y_key} {y.shape}"
        remedy = "choose arrays that belong together"
        raise DataError(path, "inputs and targets do not pair up", expected="as many of each", got=got, remedy=remedy)
    if not len(x):
        raise DataError(path, f"array {x_key!r} holds no samples", expected="at least 1", got="0", remedy="fill it")
