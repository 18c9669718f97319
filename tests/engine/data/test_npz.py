"""NPZ: what NumPy writes is read back exactly; what could run code, lie about its size or be cut off is refused."""

from __future__ import annotations

import io
import resource
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.data import SOURCES, DataError
from engine.data.arrays import as_target
from engine.data.readers.limits import MAX_BYTES, MAX_RATIO, SMALL_BYTES, check_size
from engine.data.readers.npz import npz_headers, read_npz
from engine.data.source import Samples
from engine.data.sources.npz import image_order

Write = Callable[..., Path]


def samples(path: Path, **params: Any) -> Samples:
    return SOURCES["npz"](path=str(path), **params).load(None)


def saved(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def npy(array: Any, allow_pickle: bool = False) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), allow_pickle=allow_pickle)
    return stream.getvalue()


def forged(header: str, content: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    size = struct.pack("<H" if version[0] == 1 else "<I", len(header))
    return b"\x93NUMPY" + version + size + header.encode("latin-1") + content


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name + ".npy", content)
    return path


DTYPES = st.sampled_from(["f8", "f4", "f2", "u1", "i1", "i2", "u4", "i8", "?", ">f8", ">i4", "c16", "U5", "S3"])


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), DTYPES, st.booleans(), st.booleans())
def test_what_numpy_saves_is_read_back_exactly(
    tmp_path: Path, data: st.DataObject, dtype: str, fortran: bool, compressed: bool
) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    array = data.draw(hnp.arrays(dtype, shape))
    array = np.asfortranarray(array) if fortran and array.ndim else array
    path = tmp_path / "r.npz"
    (np.savez_compressed if compressed else np.savez)(path, some=array, other=np.arange(3))
    got = read_npz(path)
    assert got["some"].shape == array.shape and got["some"].dtype == array.dtype.newbyteorder("=")
    assert got["some"].tobytes() == np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="))).tobytes()
    assert got["other"].tolist() == [0, 1, 2] and npz_headers(path)["some"].shape == array.shape
    assert list(read_npz(path, ["other"])) == ["other"]


def test_types_of_inputs_and_targets(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(12, 3))
    cases: list[tuple[Any, str, tuple[str, ...], tuple[int, ...]]] = [
        (np.arange(12) % 3, "classes", ("0", "1", "2"), (12,)),
        ((np.arange(12) % 2).astype(float)[:, None], "binary", ("0", "1"), (12,)),
        (np.eye(3)[np.arange(12) % 3], "classes", ("0", "1", "2"), (12,)),
        (np.array(["b", "a"] * 6), "binary", ("a", "b"), (12,)),
        (np.arange(12) % 2 == 0, "binary", ("False", "True"), (12,)),
        (np.linspace(0, 1, 12), "values", (), (12, 1)),
        (np.arange(12), "values", (), (12, 1)),
        (x[:, :2], "values", (), (12, 2)),
    ]
    for y, task, names, shape in cases:
        got = samples(saved(tmp_path / "t.npz", x=x, y=y))
        assert (got.task, got.class_names, got.y["y"].shape) == (task, names, shape)
        assert got.x["x"].dtype == np.float64 and np.array_equal(got.x["x"], x)
        assert got.y["y"].dtype == (np.int64 if names else np.float32 if y.dtype != np.float64 else np.float64)
    assert samples(saved(tmp_path / "t.npz", x=x.astype(np.float16), y=np.arange(12))).x["x"].dtype == np.float32
    assert samples(saved(tmp_path / "t.npz", x=x[:, 0], y=np.arange(12))).x["x"].shape == (12, 1)
    named = samples(saved(tmp_path / "t.npz", x=x, y=np.arange(12) % 2, class_names=np.array(["no", "yes", "maybe"])))
    assert named.class_names == ("no", "yes", "maybe") and named.task == "classes"


@pytest.mark.parametrize(
    ("shape", "layout", "order"),
    [
        ((5, 28, 28), "auto", (0, 1, 2, 3)),
        ((5, 28, 28, 3), "auto", (0, 3, 1, 2)),
        ((5, 3, 28, 28), "auto", (0, 1, 2, 3)),
        ((5, 3, 28, 28), "NHWC", (0, 3, 1, 2)),
        ((5, 7, 8, 9), "auto", None),
        ((5, 28, 28), "table", None),
        ((5, 10), "auto", None),
    ],
)
def test_image_layouts(shape: tuple[int, ...], layout: str, order: tuple[int, ...] | None) -> None:
    assert image_order(shape, layout) == order


def test_images_of_bytes_become_planes_between_0_and_1(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)
    path = saved(tmp_path / "i.npz", x_train=x, y_train=np.arange(6) % 2)
    got = samples(path)
    assert got.image and got.x["x"].shape == (6, 3, 5, 4) and got.x["x"].dtype == np.float32
    assert np.array_equal(got.x["x"][2, 1], x[2, :, :, 1] / np.float32(255))
    assert np.array_equal(samples(path, pixels="raw").x["x"][0, 2], x[0, :, :, 2])
    table = samples(path, layout="table")
    assert not table.image and table.x["x"].shape == x.shape


def test_a_keras_file_keeps_its_split(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    parts = {
        f"x_{p}": rng.integers(0, 256, (n, 4, 4), dtype=np.uint8) for p, n in (("train", 9), ("test", 4), ("val", 3))
    }
    parts |= {f"y_{p}": np.arange(n) % 3 for p, n in (("train", 9), ("test", 4), ("val", 3))}
    got = samples(saved(tmp_path / "k.npz", **parts))
    assert got.part is not None and np.bincount(got.part).tolist() == [9, 3, 4]
    assert np.array_equal(got.x["x"][got.part == 2, 0] * 255, parts["x_test"].astype(np.float32))


def test_the_limits_stand_where_they_are_said_to() -> None:
    fine = [(SMALL_BYTES, SMALL_BYTES // 1000), (MAX_BYTES, MAX_BYTES // MAX_RATIO + 1), (1032 * 100 + 64, 100)]
    for declared, stored in fine:
        check_size(Path("f"), "it", declared, stored)
    for declared, stored in (
        (SMALL_BYTES + 1, SMALL_BYTES // 1000),
        (MAX_BYTES + 1, MAX_BYTES),
        (1032 * 100 + 65, 100),
    ):
        with pytest.raises(DataError, match=f"{declared:,} bytes"):
            check_size(Path("f"), "it", declared, stored)


def refuse(path: Path, *rules: str) -> DataError:
    with pytest.raises(DataError) as caught:
        samples(path)
    assert all(rule in str(caught.value) for rule in rules), str(caught.value)
    assert str(path) in str(caught.value)
    return caught.value


def test_objects_and_records_are_never_loaded(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (print, ("run",))

    x = npy(np.array([Bomb()], dtype=object), allow_pickle=True)
    refuse(zipped(tmp_path / "o.npz", x=x, y=npy([1])), "Python objects", "'x'")
    record = npy(np.zeros(2, dtype=[("a", "f8"), ("b", "O")]), allow_pickle=True)
    refuse(zipped(tmp_path / "r.npz", x=record, y=npy([1, 2])), "records")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 549755), }\n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4398046511104,), }\n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "9" * 4000 + ",), }\n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "2, " * 3000 + "), }\n",
        "{'descr': '<U1000000000', 'fortran_order': False, 'shape': (9,), }\n",
        "{'descr': '<U99999999999999', 'fortran_order': False, 'shape': (9,), }\n",
    ],
    ids=["4 TB", "32 TB", "a number of 4000 digits", "3000 axes", "giant text", "text beyond a C integer"],
)
def test_huge_headers_are_refused_at_once_and_without_memory(tmp_path: Path, header: str) -> None:
    path = zipped(tmp_path / "h.npz", x=forged(header, b"\0" * 64), y=npy([1]))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()
    refuse(path, "'x'")
    assert time.thread_time() - start < 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def test_evaluated_headers_are_refused(tmp_path: Path) -> None:
    for header in (
        "__import__('os').system('false')",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "(" * 4900 + ")" * 4900 + ",), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<q9', 'fortran_order': False, 'shape': (1,), }",
        "",
        "\xff\xfe",
    ):
        refuse(zipped(tmp_path / "e.npz", x=forged(header, b"\0" * 8), y=npy([1])), "'x'")
    refuse(zipped(tmp_path / "v.npz", x=forged("{}", version=b"\x09\x00"), y=npy([1])), "version")
    refuse(zipped(tmp_path / "w.npz", x=forged("{" * 20_000, version=b"\x02\x00"), y=npy([1])), "10000 bytes")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    size = 400 * 2**20
    path = tmp_path / "bomb.npz"
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},), }}\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as stream:
        stream.write(forged(header))
        for _ in range(size // 2**20):
            stream.write(bytes(2**20))
    assert path.stat().st_size < size / 900
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()
    refuse(path, "too large to unpack")
    assert time.thread_time() - start < 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_many_members_that_share_few_bytes_and_odd_packing_are_refused(tmp_path: Path) -> None:
    part = forged(f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({2**24},), }}\n", bytes(2**24))
    path = zipped(tmp_path / "many.npz", **{f"x{k}": part for k in range(6)})  # each is below what is harmless
    refuse(path, "all arrays together", "too large")
    with zipfile.ZipFile(tmp_path / "l.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.npy", npy(np.arange(4.0)))
        archive.writestr("y.npy", npy(np.arange(4)))
    refuse(tmp_path / "l.npz", "'x'", "unusual way")


def test_damage_is_refused_by_name(tmp_path: Path) -> None:
    x = npy(np.arange(10.0))
    refuse(zipped(tmp_path / "a.npz", x=x[:-8], y=npy([1])), "'x' is cut off", "80 bytes", "72 bytes")
    refuse(zipped(tmp_path / "b.npz", x=x + b"more", y=npy([1])), "cut off or overlong")
    refuse(zipped(tmp_path / "c.npz", x=b"\x93NUMPX" + x[6:], y=npy([1])), "'x' is damaged")
    refuse(zipped(tmp_path / "d.npz", x=b"", y=npy([1])), "'x' is damaged")
    whole = saved(tmp_path / "e.npz", x=np.random.default_rng(0).normal(size=(40, 4)), y=np.arange(40) % 2).read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"PK\x03\x04" + bytes(50), b"not a zip at all"):
        path = tmp_path / "t.npz"
        path.write_bytes(content)
        refuse(path, "not a readable NPZ")
    flipped = bytearray(whole)
    flipped[200] ^= 0xFF
    path.write_bytes(bytes(flipped))
    refuse(path)


def test_no_arrays_wrong_names_and_unequal_lengths(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "n.npz", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    refuse(tmp_path / "n.npz", "no arrays")
    refuse(saved(tmp_path / "k.npz", foo=np.zeros(2), bar=np.zeros(2)), "no array looks like the inputs", "foo (2,)")
    refuse(saved(tmp_path / "l.npz", x=np.zeros((3, 2)), y=np.zeros(2)), "do not pair up", "x (3, 2)")
    refuse(saved(tmp_path / "z.npz", x=np.zeros((0, 2)), y=np.zeros(0)), "no samples")
    refuse(saved(tmp_path / "f.npz", x=np.array([[1.0], [np.nan], [np.inf]]), y=np.arange(3)), "2 values", "(1, 0)")
    refuse(saved(tmp_path / "c.npz", x=np.zeros((3, 1), complex), y=np.arange(3)), "real numbers")
    refuse(saved(tmp_path / "s.npz", x=np.array([["a"]] * 3), y=np.arange(3)), "real numbers")
    refuse(
        saved(tmp_path / "o.npz", x=np.zeros((4, 1)), y=np.zeros(4, int), class_names=np.array(["a"])), "two or more"
    )
    many = {"x": np.zeros((4, 1)), "y": np.array([0, 1, 2, 5]), "class_names": np.array(["a", "b", "c"])}
    refuse(saved(tmp_path / "m.npz", **many), "no class name", "0 to 2", "got 5")
    many["y"] = np.array([0, 1, -1, 0])
    refuse(saved(tmp_path / "m.npz", **many), "no class name", "got -1")
    for y in (np.zeros((4, 2, 2)), np.zeros((4, 1, 1))):
        refuse(saved(tmp_path / "d.npz", x=np.zeros((4, 1)), y=y), "one number or one row", str(y.shape))
    refuse(saved(tmp_path / "0.npz", x=np.zeros((4, 1)), y=np.float64(1)), "do not pair up")
    with pytest.raises(DataError, match=r"got shape \(\)"):
        as_target(np.array(1.0), "f")
    with pytest.raises(DataError, match="no array 'q' for the inputs"):
        samples(saved(tmp_path / "q.npz", x=np.zeros(2), y=np.zeros(2)), x="q")
    with pytest.raises(DataError, match="not classes"):
        samples(saved(tmp_path / "h.npz", x=np.zeros((2, 1)), y=np.ones((2, 2))), target_type="classes")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.integers(1, 255), st.integers(0, 10**6))
def test_flipped_bytes_are_read_right_or_refused(tmp_path: Path, place: int, flip: int, cut: int) -> None:
    x = np.arange(24.0).reshape(12, 2)
    stream = io.BytesIO()
    np.savez(stream, x=x, y=np.arange(12) % 2)
    content = bytearray(stream.getvalue())
    content[place % len(content)] ^= flip
    path = tmp_path / "m.npz"
    path.write_bytes(bytes(content[: cut % len(content)] if cut % 3 == 0 else content))
    try:
        got = samples(path)
    except DataError:
        return
    assert np.array_equal(got.x["x"], x)
