"""A folder of images of the user's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.arrays import pixels_param, scaled_pixels
from engine.data.errors import DataError
from engine.data.readers.images import (
    FITS,
    ImageFile,
    UnreadableImage,
    as_array,
    common_size,
    list_images,
    open_image,
)
from engine.data.readers.limits import MAX_BYTES
from engine.data.source import SOURCES, FileSource, Samples, class_task
from engine.declare import Choice, Ints


@SOURCES.add
class ImageFolder(FileSource, id="image_folder", title="Folder of images"):
    """x (N, C, H, W) from PATH/CLASS/FILE, y the class by the folder's name, classes sorted.

    PATH/train/CLASS/FILE with PATH/val and PATH/test is a split of its own. Without a size, pictures keep their
    common size if they agree and are at most 256 a side, else become 64 x 64. Files that are no readable picture
    are skipped, counted and named in the notes, or refused.
    """

    size: tuple[int, ...] | None = Ints(
        None,
        low=1,
        high=1024,
        length=(2, 2),
        unit="pixels",
        optional=True,
        help="Height and width to bring pictures to.",
    )
    fit: str = Choice("crop", *FITS, help="Cut the middle, add black borders, or distort, where proportions differ.")
    colour: str = Choice("auto", "auto", "grey", "rgb", help="Auto: grey if every picture is.")
    unreadable: str = Choice("skip", "skip", "refuse", help="What to do about a file that is no readable picture.")
    pixels: str = pixels_param()

    def load(self, base_dir: Path | None) -> Samples:
        """The pictures; DataError names the folder or file at fault."""
        root = self.resolve(base_dir)
        files = list_images(root)
        good, sizes, grey, notes = self._survey(files, root)
        size = (self.size[0], self.size[1]) if self.size else common_size(sizes)
        names = tuple(sorted({f.label for f in files}))
        task = class_task(names, root)
        colour = "grey" if self.colour == "grey" or (self.colour == "auto" and grey) else "rgb"
        x, value_range = scaled_pixels(self._pixels(good, size, colour, root), 255.0, self.pixels)
        index = {name: k for k, name in enumerate(names)}
        parts = [f.part for f in good]
        return Samples(
            name=root.name,
            x={"x": x},
            y={"y": np.array([index[f.label] for f in good], dtype=np.int64)},
            task=task,
            class_names=names,
            target_name="class",
            image=True,
            value_range=value_range,
            source_note=str(root),
            notes=notes,
            part=None if None in parts else np.array(parts, dtype=np.int8),
        )

    def _survey(
        self, files: tuple[ImageFile, ...], root: Path
    ) -> tuple[list[ImageFile], Counter[tuple[int, int]], bool, tuple[str, ...]]:
        """Readable files, sizes (H, W), whether all are grey, and a note on those that were skipped."""
        good: list[ImageFile] = []
        bad: list[str] = []
        sizes: Counter[tuple[int, int]] = Counter()
        grey = True
        for file in files:
            try:
                image = open_image(file.path)
            except UnreadableImage as e:
                if self.unreadable == "refuse":
                    remedy = "remove the file, or let unreadable files be skipped"
                    raise DataError(file.path, f"it cannot be read: {e}", expected="a picture", remedy=remedy) from e
                bad.append(str(file.path.relative_to(root)))
                continue
            good.append(file)
            sizes[image.height, image.width] += 1
            grey = grey and image.mode == "L"
        if not good:
            got = f"{len(bad)} unreadable files, the first {bad[0]!r}"
            raise DataError(root, "no image can be read", expected="PNG, JPEG, BMP, GIF or WebP", got=got)
        noun = "file is" if len(bad) == 1 else "files are"
        shown = ", ".join(bad[:5]) + (", ..." if len(bad) > 5 else "")
        return good, sizes, grey, (f"{len(bad)} unreadable {noun} skipped: {shown}",) if bad else ()

    def _pixels(self, files: list[ImageFile], size: tuple[int, int], colour: str, root: Path) -> NDArray[np.uint8]:
        shape = (len(files), 1 if colour == "grey" else 3, *size)
        if 4 * int(np.prod(shape, dtype=np.int64)) > MAX_BYTES:
            got = f"{4 * int(np.prod(shape, dtype=np.int64)):,} bytes for {' x '.join(map(str, shape))}"
            remedy = "choose a smaller size"
            raise DataError(
                root, "the pictures take too much memory", expected=f"{MAX_BYTES:,}", got=got, remedy=remedy
            )
        x = np.empty(shape, dtype=np.uint8)
        for k, file in enumerate(files):
            x[k] = as_array(open_image(file.path, colour), size, self.fit)
        return x
