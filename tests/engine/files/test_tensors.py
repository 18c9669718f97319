"""Safetensors: bit for bit there and back, and every lie about offsets refused."""

from __future__ import annotations

import json
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from engine.files.errors import FormatError
from engine.files.tensors import read_tensors, tensor_bytes
from engine.files.weights import fitting, parse_weights, read_weights, weight_bytes, write_weights


def made(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def entry(start: int = 0, end: int = 8, shape: Any = (2,), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_arrays_come_back_and_the_library_agrees(rng: np.random.Generator) -> None:
    arrays = {
        "a": rng.normal(size=(3, 2)), "b": rng.normal(size=5).astype(np.float32), "c": np.array([True, False]),
        "d": np.arange(4), "e": np.zeros((0, 3)), "f": np.array(2.5), "g": np.array([np.nan, np.inf, -0.0]),
        "h": rng.normal(size=(4, 6)).T, "i": np.arange(3, dtype=">f8"),
    }  # fmt: skip
    data = tensor_bytes(arrays)
    for back in (read_tensors(data), load(data)):
        assert set(back) == set(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(back[name], array)
            assert back[name].shape == array.shape and back[name].dtype == array.dtype.newbyteorder("=")
    assert read_tensors(data)["a"].flags.writeable and read_tensors(data)["b"].flags.aligned


def test_order_leaves_no_trace(rng: np.random.Generator) -> None:
    a, b = rng.normal(size=3), rng.normal(size=2)
    assert tensor_bytes({"a": a, "b": b}) == tensor_bytes({"b": b, "a": a})


def test_odd_dtypes_are_refused() -> None:
    for bad in (np.array(["text"]), np.array([1 + 2j]), np.array([None])):
        with pytest.raises(FormatError, match="cannot be stored"):
            tensor_bytes({"x": bad})


HOSTILE = [
    b"",
    b"\0" * 7,
    struct.pack("<Q", 1 << 63),
    made({}, length=100_000_000),
    made(b"[" * 200_000),
    made(b'{"a":' * 200_000),
    made(b"[]"),
    made(b"\xff\xfe"),
    made({"a": 3}),
    made({"a": {}}),
    made({"a": entry(0, 12)}, b"x" * 12),
    made({"a": entry(0, 4)}, b"x" * 8),
    made({"a": entry(-4, 4)}, b"x" * 8),
    made({"a": entry(8, 0)}, b"x" * 8),
    made({"a": entry(0, 1 << 62, [1 << 60])}, b"x" * 8),
    made({"a": entry(0, 8, [1 << 40, 1 << 40])}, b"x" * 8),
    made({"a": entry(0, 8, [2, 1 << 47, 0])}, b"x" * 8),
    made({"a": entry(0, 8, [-2])}, b"x" * 8),
    made({"a": entry(0, 8, [2.0])}, b"x" * 8),
    made({"a": entry(0, 8, [True, 2])}, b"x" * 8),
    made({"a": entry(0, 8, "2")}, b"x" * 8),
    made({"a": entry(0, 8, [1] * 60 + [2])}, b"x" * 8),
    made({"a": entry(0, 8, dtype="BF16", shape=[4])}, b"x" * 8),
    made({"a": entry(0, 8, dtype=["F32"])}, b"x" * 8),
    made({"a": entry(), "b": entry()}, b"x" * 8),
    made({"a": entry(4, 12)}, b"x" * 12),
    made({"a": entry()}, b"x" * 9),
    made({f"t{k}": entry(0, 0, [0]) for k in range(100_001)}),
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_lies_are_refused_at_once(data: bytes) -> None:
    started = time.process_time()
    with pytest.raises(FormatError):
        read_tensors(data)
    assert time.process_time() - started < 1.0


def test_weights_by_node_and_name(tmp_path: Path, rng: np.random.Generator) -> None:
    weights = {("n2", "weight"): rng.normal(size=(2, 3)), ("n2", "bn.scale/x"): np.ones(2, np.float32)}
    write_weights(tmp_path / "w.safetensors", weights)
    again = read_weights(tmp_path / "w.safetensors")
    assert set(again) == set(weights)
    for key, array in weights.items():
        np.testing.assert_array_equal(again[key], array)


def test_half_precision_widens_and_whole_numbers_are_no_weights() -> None:
    half = parse_weights(tensor_bytes({"a/w": np.array([0.5, 1.5], np.float16)}))
    assert half["a", "w"].dtype == np.float32
    for bad in (tensor_bytes({"a/w": np.arange(3)}), tensor_bytes({"nameless": np.ones(2)})):
        with pytest.raises(FormatError):
            parse_weights(bad)


def test_fitting_names_what_is_missing_or_of_another_shape() -> None:
    weights = parse_weights(weight_bytes({("a", "w"): np.ones((2, 3))}))
    fitting(weights, {("a", "w"): (2, 3)}, "f")
    with pytest.raises(FormatError, match=r"a/w: this weight has another shape \(expected 3 x 2, got 2 x 3\)"):
        fitting(weights, {("a", "w"): (3, 2)}, "f")
    with pytest.raises(FormatError, match="a/b: this weight is missing"):
        fitting(weights, {("a", "b"): (3,)}, "f")
