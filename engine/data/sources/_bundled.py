"""What the bundled real data sets share: an NPZ in samples/data with x, y, and the names or split that it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from engine.data.arrays import as_target, pixels_param, scaled_pixels
from engine.data.errors import DataError
from engine.data.readers.npz import read_npz
from engine.data.source import Samples, Source

FOLDER = Path(__file__).resolve().parents[3] / "samples" / "data"


class Bundled(Source):
    """A table, as it is in its file."""

    group = "bundled"
    file: ClassVar[str] = ""
    origin: ClassVar[str] = ""
    target_name: ClassVar[str] = "class"

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The file's arrays; DataError if the program was installed without its samples."""
        path = FOLDER / self.file
        if not path.is_file():
            raise DataError(path, "a bundled data set is missing", remedy="install the program anew, samples included")
        return read_npz(path)

    def load(self, base_dir: Path | None) -> Samples:
        """The table; ``base_dir`` plays no role."""
        arrays = self.arrays()
        target = as_target(arrays["y"], self.file, class_names=_texts(arrays, "class_names"))
        return Samples(
            name=self.title,
            x={"x": arrays["x"]},
            y={"y": target.y},
            task=target.task,
            class_names=target.class_names,
            feature_names=_texts(arrays, "feature_names"),
            target_name=self.target_name,
            source_note=self.origin,
        )


class BundledImages(Bundled):
    """Images (N, C, H, W) of bytes from 0 to ``top``."""

    top: ClassVar[float] = 255.0
    pixels: str = pixels_param()

    def load(self, base_dir: Path | None) -> Samples:
        """The images; ``base_dir`` plays no role."""
        arrays = self.arrays()
        target = as_target(arrays["y"], self.file, class_names=_texts(arrays, "class_names"))
        x, value_range = scaled_pixels(arrays["x"], self.top, self.pixels)
        return Samples(
            name=self.title,
            x={"x": x},
            y={"y": target.y},
            task=target.task,
            class_names=target.class_names,
            target_name=self.target_name,
            image=True,
            value_range=value_range,
            byte_top=self.top,
            source_note=self.origin,
            part=arrays.get("part"),
        )


def _texts(arrays: dict[str, NDArray[Any]], key: str) -> tuple[str, ...]:
    return tuple(str(t) for t in arrays[key]) if key in arrays else ()
