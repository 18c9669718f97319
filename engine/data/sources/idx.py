"""A pair of IDX files of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.arrays import as_floats, as_target, pixels_param, scaled_pixels, target_type_param
from engine.data.errors import DataError
from engine.data.readers.idx import held_out_file, partner, read_idx
from engine.data.source import SOURCES, TEST, TRAIN, FileSource, Samples
from engine.declare import Bool, Text

Array = NDArray[Any]


@SOURCES.add
class Idx(FileSource, id="idx", title="Images (IDX)"):
    """x (N, 1, H, W) or (N, C, H, W) from an image file, y (N,) from its label file; the format of MNIST.

    The label file, and the test files beside training files, are found by the usual names. Two-dimensional arrays
    are tables. Source: LeCun, Cortes, Burges (1998).
    """

    labels: str = Text("", help="The label file. Empty: the one beside the images, named alike.")
    use_test: bool = Bool(True, help="If t10k or test files lie beside the train files, they are the test split.")
    target_type: str = target_type_param()
    pixels: str = pixels_param()

    def load(self, base_dir: Path | None) -> Samples:
        """The images; DataError names the file that is damaged or missing."""
        path = self.resolve(base_dir)
        beside = held_out_file(path) if self.use_test else None
        x, y = self._pair(path, self.resolve(base_dir, self.labels) if self.labels else None)
        part = None
        if beside is not None:
            test_x, test_y = self._pair(beside, None)
            if test_x.shape[1:] != x.shape[1:]:
                got = f"{x.shape[1:]} and {test_x.shape[1:]}"
                raise DataError(beside, "test images differ from training images", expected="one size", got=got)
            part = np.repeat(np.array([TRAIN, TEST], dtype=np.int8), [len(x), len(test_x)])
            x, y = np.concatenate([x, test_x]), np.concatenate([y, test_y])
        target = as_target(y, path, self.target_type)
        image = x.ndim >= 3
        inputs, value_range = x, None
        if image:
            inputs, value_range = self._images(x)
        return Samples(
            name=path.name.split(".")[0],
            x={"x": inputs if image else as_floats(x, path, "images")},
            y={"y": target.y},
            task=target.task,
            class_names=target.class_names,
            target_name="label",
            image=image,
            value_range=value_range,
            source_note=str(path),
            part=part,
        )

    def _pair(self, path: Path, labels: Path | None) -> tuple[Array, Array]:
        labels = labels or partner(path, "labels")
        if labels is None:
            raise DataError(
                path,
                "no label file lies beside it",
                expected="the same name with labels for images, idx1 for idx3",
                remedy="name the label file",
            )
        x, y = read_idx(path), read_idx(labels)
        if y.ndim != 1:
            expected, got = "one dimension", " x ".join(map(str, y.shape))
            remedy = "images and labels may be exchanged"
            raise DataError(labels, "labels must be one number each", expected=expected, got=got, remedy=remedy)
        if len(x) != len(y):
            got = f"{len(x):,} images and {len(y):,} labels"
            raise DataError(labels, "images and labels do not pair up", expected="as many of each", got=got)
        return x, y

    def _images(self, x: Array) -> tuple[Array, tuple[float, float]]:
        x = x[:, None] if x.ndim == 3 else x
        if x.dtype == np.uint8:
            return scaled_pixels(x, 255.0, self.pixels)
        floats = as_floats(x, self.path, "images")
        low, high = (float(floats.min()), float(floats.max())) if floats.size else (0.0, 1.0)
        return floats, (low, high if high > low else low + 1.0)
