"""IDX: round trips in every type, pairs found by the usual names, forged and damaged files refused."""

from __future__ import annotations

import gzip
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.data import SOURCES, DataError, load_dataset
from engine.data.readers.idx import TYPES, idx_shape, partner, read_idx
from engine.data.source import Samples
from engine.declare import Spec
from engine.graph import DataSetup

Write = Callable[..., Path]
CODES = {np.dtype(t): code for code, t in TYPES.items()}


def idx(array: Any) -> bytes:
    array = np.asarray(array)
    big = array.astype(array.dtype.newbyteorder(">"))
    code = CODES[np.dtype(big.dtype.str.replace("|", ">"))]
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + big.tobytes()


def samples(path: Path, **params: Any) -> Samples:
    return SOURCES["idx"](path=str(path), **params).load(None)


def images(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 5, 4), dtype=np.uint8)


def labels(n: int) -> np.ndarray:
    return (np.arange(n) % 3).astype(np.uint8)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(["u1", "i1", "i2", "i4", "f4", "f8"]), st.booleans())
def test_round_trip(tmp_path: Path, data: st.DataObject, dtype: str, packed: bool) -> None:
    array = data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)))
    path = tmp_path / "r.idx"
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    got = read_idx(path)
    assert got.dtype == array.dtype and got.shape == array.shape == idx_shape(path)
    assert got.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"),
        ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
        ("emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte.gz"),
        ("Images.idx", "Labels.idx"),
        ("my_image.idx3", "my_label.idx1"),
    ],
)
def test_labels_are_found_beside_images(write: Write, image: str, label: str) -> None:
    def packed(name: str, content: bytes) -> bytes:
        return gzip.compress(content) if name.endswith(".gz") else content

    path = write(image, packed(image, idx(images(6))))
    other = write(label, packed(label, idx(labels(6))))
    assert partner(path, "labels") == other and partner(other, "images") == path
    got = samples(path)
    assert got.image and got.x["x"].shape == (6, 1, 5, 4) and got.y["y"].tolist() == [0, 1, 2, 0, 1, 2]
    assert np.array_equal(got.x["x"][:, 0], images(6) / np.float32(255)) and got.value_range == (0.0, 1.0)


def test_test_files_beside_training_files_are_the_test_split(write: Write) -> None:
    path = write("train-images-idx3-ubyte", idx(images(9)))
    write("train-labels-idx1-ubyte", idx(labels(9)))
    write("t10k-images-idx3-ubyte", idx(images(6, 1)))
    write("t10k-labels-idx1-ubyte", idx(labels(6)))
    data = load_dataset(DataSetup(Spec("idx", {"path": str(path), "pixels": "raw"}), validation=1 / 3))
    assert [len(s) for s in (data.train, data.validation, data.test)] == [6, 3, 6]
    assert np.array_equal(data.test.x["x"][:, 0], images(6, 1))
    assert samples(path, use_test=False).part is None and len(samples(path, use_test=False)) == 9
    write("t10k-images-idx3-ubyte", idx(np.zeros((6, 4, 4), np.uint8)))
    with pytest.raises(DataError, match="differ from training images"):
        samples(path)


def test_tables_and_floats(write: Write) -> None:
    write("labels.idx", idx(labels(6)))
    table = samples(write("images.idx", idx(np.arange(12.0).reshape(6, 2))))
    assert not table.image and table.x["x"].dtype == np.float64 and table.x["x"].shape == (6, 2)
    floats = samples(write("images.idx", idx(np.linspace(-1, 1, 120, dtype=np.float32).reshape(6, 5, 4))))
    assert floats.image and floats.value_range == (-1.0, 1.0) and floats.x["x"].dtype == np.float32


def refuse(path: Path, *rules: str, **params: str) -> None:
    with pytest.raises(DataError) as caught:
        samples(path, **params)
    assert all(rule in str(caught.value) for rule in rules), str(caught.value)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "an empty file"),
        (b"\0\0", "does not begin as an IDX file"),
        (b"\x89PNG" + bytes(40), "89 50 4e 47"),
        (b"\0\0\x07\x03" + bytes(40), "does not begin"),
        (b"\0\0\x08\x00" + bytes(40), "does not begin"),
        (b"\0\0\x08\xff" + bytes(2000), "does not begin"),
        (b"\0\0\x08\x03\0\0\0\x06\0\0", "cut off in its header"),
        (b"\0\0\x0e\x04" + b"\xff" * 16 + bytes(64), "cut off or overlong"),
        (idx(images(6))[:-1], "119"),
        (idx(images(6)) + b"\0", "121"),
        (gzip.compress(idx(images(6))[:-1]), "cut off"),
        (gzip.compress(idx(images(6)) + b"\0"), "more than 120"),
        (gzip.compress(idx(images(6)))[:-12], "cannot be read"),
        (gzip.compress(idx(images(6)))[:40] + b"\xff" * 40, "cannot be read"),
        (gzip.compress(b"\0\0\x0e\x04" + b"\xff" * 16 + bytes(64)), "more than the file can hold"),
        (b"\x1f\x8b", "cannot be read"),
    ],
    # gzip writes the time of day into its head: a name made of the bytes would be another in each process
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_damaged_and_forged_files_are_refused_at_once(write: Write, content: bytes, rule: str) -> None:
    write("labels.idx", idx(labels(6)))
    start = time.thread_time()
    refuse(write("images.idx", content), rule, "images.idx")
    assert time.thread_time() - start < 1.0


def test_a_gzip_bomb_is_refused(write: Write) -> None:
    write("labels.idx", idx(labels(6)))
    content = gzip.compress(struct.pack(">4B3I", 0, 0, 8, 3, 300, 1024, 1024) + bytes(300 * 2**20), 9)
    refuse(write("images.idx", content), "too large to unpack")


def test_pairs_that_do_not_fit_are_refused(write: Write) -> None:
    path = write("images.idx", idx(images(6)))
    refuse(path, "no label file")
    other = write("labels.idx", idx(labels(5)))
    refuse(path, "6 images and 5 labels", "labels.idx")
    refuse(other, "no label file")
    write("mine.idx", idx(images(6)))
    refuse(path, "exchanged", labels=str(path.with_name("mine.idx")))
    refuse(path, "no such file", labels=str(path.with_name("none.idx")))
    refuse(path.with_name("labels.idx"), "labels must be one number", labels=str(path))
    write("labels.idx", idx(np.zeros(6, np.uint8)))
    refuse(path, "two or more", "'0'", target_type="classes")
    write("images.idx", idx(images(0)))
    write("labels.idx", idx(labels(0)))
    refuse(path, "classes", target_type="classes")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.booleans(), st.booleans())
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes, packed: bool, marked: bool) -> None:
    path = tmp_path / "any.idx"
    content = (b"\0\0\x08\x01" + content) if marked else content
    path.write_bytes(gzip.compress(content) if packed else content)
    try:
        array = read_idx(path)
    except DataError as error:
        assert error.file == str(path)
    else:
        assert idx(array) == content
