"""Folders of images: the class is the sub-folder's name; every picture is brought to one size by a stated rule."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})
MAX_PIXELS = 50_000_000
FITS = ("crop", "pad", "stretch")
_SPLITS = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "test": 2, "testing": 2}


class UnreadableImage(ValueError):
    """One file that is no picture this program reads; says why."""


@dataclass(frozen=True)
class ImageFile:
    """A file with the class that its folder names, and the split if the folders above name one."""

    path: Path
    label: str
    part: int | None = None


def list_images(root: Path) -> tuple[ImageFile, ...]:
    """All image files below ``root`` in name order: root/class/file, or root/train/class/file and so on.

    Files in deeper folders belong to the class folder. Hidden files and folders are passed over, links not followed.
    """
    if not root.is_dir():
        raise DataError(root, "it is not a folder", expected="a folder with one folder of images per class")
    folders = _folders(root)
    named = {f.name.lower() for f in folders}
    if folders and named <= set(_SPLITS) and any(_SPLITS[n] == 0 for n in named):
        found = [i for f in folders for c in _folders(f) for i in _in_class(c, _SPLITS[f.name.lower()])]
    else:
        found = [i for c in folders for i in _in_class(c, None)]
    if not found:
        got = f"{len(folders)} folders, no image in them"
        expected = f"{root.name}/CLASS/FILE with {', '.join(sorted(SUFFIXES))}"
        raise DataError(
            root, "there are no images", expected=expected, got=got, remedy="put each class into its own folder"
        )
    return tuple(found)


def open_image(path: Path, colour: str = "auto") -> Image:
    """A picture in mode "L" or "RGB", upright as its EXIF says, transparent parts over white; a GIF's first frame.

    ``colour``: "grey", "rgb" or "auto" (as stored). UnreadableImage says why it cannot be read.
    """
    from PIL import Image as Pillow
    from PIL import ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(path, formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise UnreadableImage(f"{opened.width} x {opened.height} pixels are more than {MAX_PIXELS:,}")
                opened.load()
                return _plain(ImageOps.exif_transpose(opened), colour)
    except UnreadableImage:
        raise
    except (OSError, SyntaxError, ValueError, ArithmeticError, EOFError, Warning, Pillow.DecompressionBombError) as e:
        raise UnreadableImage(str(e).replace(str(path), path.name) or type(e).__name__) from e


def as_array(image: Image, size: tuple[int, int], fit: str = "crop") -> NDArray[np.uint8]:
    """A picture as bytes (C, H, W) of ``size`` (H, W).

    ``fit``: "crop" cuts the middle in the wanted proportions, "pad" adds black borders, "stretch" distorts; then it
    is resized, by box averages where it shrinks and bilinearly where it grows.
    """
    from PIL import Image as Pillow
    from PIL import ImageOps

    height, width = size
    if image.size != (width, height):
        shrinks = image.width >= width and image.height >= height
        method = Pillow.Resampling.BOX if shrinks else Pillow.Resampling.BILINEAR
        if fit == "crop":
            image = ImageOps.fit(image, (width, height), method)
        elif fit == "pad":
            image = ImageOps.pad(image, (width, height), method, color=0)
        else:
            image = image.resize((width, height), method)
    pixels = np.asarray(image, dtype=np.uint8)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def common_size(sizes: Counter[tuple[int, int]], otherwise: tuple[int, int] = (64, 64)) -> tuple[int, int]:
    """(H, W): the size of all pictures if they agree and are at most 256 pixels a side, else ``otherwise``."""
    if len(sizes) == 1:
        height, width = next(iter(sizes))
        if max(height, width) <= 256:
            return height, width
    return otherwise


def _folders(root: Path) -> list[Path]:
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith((".", "__")) and not p.is_symlink())


def _in_class(folder: Path, part: int | None) -> list[ImageFile]:
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))
        names = sorted(f for f in files if not f.startswith(".") and Path(f).suffix.lower() in SUFFIXES)
        found += [ImageFile(Path(place) / f, folder.name, part) for f in names]
    return found


def _plain(image: Any, colour: str) -> Image:
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image, dtype=np.float64)
        top = 65535.0 if image.mode.startswith("I") else max(float(values.max(initial=0.0)), 1.0)
        from PIL import Image as Pillow

        image = Pillow.fromarray(np.clip(values / top * 255.0, 0, 255).astype(np.uint8))
    elif image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        from PIL import Image as Pillow

        clear = image.convert("RGBA")
        image = Pillow.alpha_composite(Pillow.new("RGBA", clear.size, (255, 255, 255, 255)), clear)
        image = image.convert("L") if colour == "auto" and _grey(image) else image
    grey = colour == "grey" or (colour == "auto" and image.mode in ("L", "1"))
    return image.convert("L" if grey else "RGB")


def _grey(image: Any) -> bool:
    pixels = np.asarray(image)
    return bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all())
