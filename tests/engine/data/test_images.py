"""Folders of images: classes by folder name, one size by a stated rule, unreadable files named."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.data import SOURCES, DataError, load_dataset
from engine.data.readers.images import UnreadableImage, as_array, open_image
from engine.data.source import Samples
from engine.declare import Spec
from engine.graph import DataSetup

Write = Callable[..., Path]


def picture(value: Any = 128, size: tuple[int, int] = (8, 6), mode: str = "L", kind: str = "PNG", **save: Any) -> bytes:
    """A plain picture of ``size`` (width, height)."""
    out = io.BytesIO()
    Image.new(mode, size, value).save(out, kind, **save)
    return out.getvalue()


def samples(path: Path, **params: Any) -> Samples:
    return SOURCES["image_folder"](path=str(path), **params).load(None)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def test_the_class_is_the_folder_and_values_are_the_pixels(write: Write, tmp_path: Path) -> None:
    for k in range(3):
        write(f"pets/dog/{k}.png", picture(10 * k))
        write(f"pets/cat/deep/{k}.bmp", picture(100 + k, kind="BMP"))
    write("pets/dog/.hidden.png", b"not looked at")
    write("pets/.git/x.png", b"not looked at")
    write("pets/dog/notes.txt", "not looked at")
    got = samples(tmp_path / "pets", pixels="raw")
    assert got.class_names == ("cat", "dog") and got.task == "binary" and not got.notes
    assert got.x["x"].shape == (6, 1, 6, 8) and got.x["x"].dtype == np.float32
    assert got.x["x"][:, 0, 0, 0].tolist() == [100, 101, 102, 0, 10, 20] and got.y["y"].tolist() == [0, 0, 0, 1, 1, 1]
    assert samples(tmp_path / "pets").x["x"].max() == np.float32(102) / np.float32(255)


def test_five_formats_are_read(write: Write, tmp_path: Path) -> None:
    for name, kind in (("a.png", "PNG"), ("b.jpg", "JPEG"), ("c.bmp", "BMP"), ("d.GIF", "GIF"), ("e.webp", "WEBP")):
        write(f"f/one/{name}", picture((200, 100, 50), mode="RGB", kind=kind))
        write(f"f/two/{name}", picture((200, 100, 50), mode="RGB", kind=kind))
    x = samples(tmp_path / "f", pixels="raw").x["x"]
    assert x.shape == (10, 3, 6, 8)
    assert np.abs(x.mean(axis=(0, 2, 3)) - [200, 100, 50]).max() < 6  # JPEG and WebP lose a little


def test_a_tiff_or_a_disguised_one_is_no_picture(write: Write, tmp_path: Path) -> None:
    write("f/a/1.png", picture())
    write("f/b/1.png", picture())
    write("f/b/2.png", picture(kind="TIFF"))
    assert samples(tmp_path / "f").notes == ("1 unreadable file is skipped: b/2.png",)


def test_splits_by_folder(write: Write, tmp_path: Path) -> None:
    for split, n in (("train", 4), ("val", 2), ("test", 3)):
        for label in "xyz":
            for k in range(n):
                write(f"s/{split}/{label}/{k}.png", picture(k))
    data = load_dataset(DataSetup(Spec("image_folder", {"path": "s"}), validation=0.5), tmp_path)
    assert [len(s) for s in (data.train, data.validation, data.test)] == [12, 6, 9]
    assert data.class_names == ("x", "y", "z") and data.class_counts("validation") == {"x": 2, "y": 2, "z": 2}


def test_sizes_are_unified_by_the_stated_rule(write: Write, tmp_path: Path) -> None:
    wide = Image.new("L", (30, 10), 0)
    wide.paste(250, (10, 0, 20, 10))  # a bright middle third
    out = io.BytesIO()
    wide.save(out, "PNG")
    write("f/a/wide.png", out.getvalue())
    write("f/b/square.png", picture(90, (10, 10)))
    crop = samples(tmp_path / "f", size=(10, 10), pixels="raw").x["x"]
    assert (crop[0] == 250).all() and (crop[1] == 90).all()
    stretch = samples(tmp_path / "f", size=(10, 30), fit="stretch", pixels="raw").x["x"]
    assert (stretch[0, 0, :, 12:18] == 250).all() and (stretch[0, 0, :, :8] == 0).all()
    pad = samples(tmp_path / "f", size=(30, 30), fit="pad", pixels="raw").x["x"]
    assert (pad[0, 0, 12:18, 12:18] == 250).all() and (pad[0, 0, :8] == 0).all()
    assert samples(tmp_path / "f").x["x"].shape == (2, 1, 64, 64)  # they differ, and no size is given


def test_shrinking_averages_boxes() -> None:
    image = Image.fromarray(np.array([[0, 100, 200, 200], [100, 0, 200, 200]], dtype=np.uint8))
    assert as_array(image, (1, 2), "stretch").tolist() == [[[50, 200]]]


def test_growing_in_either_direction_is_smooth() -> None:
    image = Image.fromarray(np.array([[0, 0, 0, 0], [200, 200, 200, 200]], dtype=np.uint8))
    assert as_array(image, (4, 2), "stretch")[0, :, 0].tolist() == [0, 50, 150, 200]


def test_colour_follows_the_pictures_or_the_setting(write: Write, tmp_path: Path) -> None:
    write("f/a/grey.png", picture(60))
    write("f/b/colour.png", picture((255, 0, 0), mode="RGB"))
    assert samples(tmp_path / "f").x["x"].shape[1] == 3
    grey = samples(tmp_path / "f", colour="grey", pixels="raw").x["x"]
    assert grey.shape[1] == 1 and grey[1].max() == 76  # 0.299 of 255: the luma of red
    write("f/b/colour.png", picture(1, mode="1"))
    assert samples(tmp_path / "f").x["x"].shape[1] == 1


def test_transparency_16_bits_palettes_and_orientation(tmp_path: Path) -> None:
    def opened(image: Image.Image, name: str = "i.png", **save: Any) -> np.ndarray:
        image.save(tmp_path / name, **save)
        return np.asarray(open_image(tmp_path / name))

    assert opened(Image.new("RGBA", (2, 2), (255, 0, 0, 0))).tolist() == [[255, 255], [255, 255]]
    assert opened(Image.new("RGBA", (1, 1), (200, 0, 0, 255))).tolist() == [[[200, 0, 0]]]
    deep = Image.fromarray(np.array([[0, 32768, 65535]], dtype=np.uint16))
    assert opened(deep).tolist() == [[0, 127, 255]]
    assert opened(Image.new("RGB", (1, 1), (9, 8, 7)).quantize(4)).tolist() == [[[9, 8, 7]]]
    turned = Image.fromarray(np.array([[0, 255]], dtype=np.uint8)).resize((16, 8), Image.Resampling.NEAREST)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown a quarter turn clockwise
    upright = opened(turned, "i.jpg", exif=exif, quality=95)
    assert upright.shape == (16, 8) and upright[:6].max() < 40 and upright[-6:].min() > 200


def test_unreadable_files_are_named_and_counted_or_refused(write: Write, tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40), dtype=np.uint8)).save(out, "PNG")
    whole = out.getvalue()
    write("f/a/good.png", whole)
    write("f/b/good.png", whole)
    for k, content in enumerate((b"", b"no picture", whole[:30], whole[: len(whole) // 2], b"\x89PNG\r\n\x1a\n")):
        write(f"f/b/bad{k}.png", content)
    write("f/b/bad5.png", whole[:-20] + bytes(20))
    got = samples(tmp_path / "f", size=(4, 4))
    assert len(got) == 2 and got.notes[0].startswith("6 unreadable files are skipped: b/bad0.png, b/bad1.png")
    assert got.notes[0].endswith("...")
    with pytest.raises(DataError, match=r"bad0\.png.*cannot be read"):
        samples(tmp_path / "f", unreadable="refuse")


def test_a_picture_of_too_many_pixels_is_refused_unread(write: Write, tmp_path: Path) -> None:
    def claims(width: int, height: int) -> bytes:
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")

    for width, height in ((8000, 8000), (10000, 10000), (60000, 60000)):
        path = write("f/a/large.png", claims(width, height))
        with pytest.raises(UnreadableImage, match="pixels"):
            open_image(path)


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ({}, "no images"),
        ({"f/1.png": b"", "f/2.png": b""}, "no images"),
        ({"f/a/readme.txt": b""}, "no images"),
        ({"f/a/1.png": picture()}, "two or more"),
        ({"f/a/1.png": b"x", "f/b/1.png": b"y"}, "no image can be read"),
    ],
    ids=["empty", "images without classes", "no images", "one class", "none readable"],
)
def test_folders_that_are_no_data_set(write: Write, tmp_path: Path, files: dict[str, bytes], rule: str) -> None:
    (tmp_path / "f").mkdir()
    for name, content in files.items():
        write(name, content)
    with pytest.raises(DataError, match=rule):
        samples(tmp_path / "f")


def test_a_file_is_no_folder_and_links_are_not_followed(write: Write, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a folder"):
        samples(write("file.png", picture()))
    write("f/a/1.png", picture())
    write("f/b/1.png", picture())
    (tmp_path / "f" / "loop").symlink_to(tmp_path / "f")
    assert samples(tmp_path / "f").class_names == ("a", "b")
