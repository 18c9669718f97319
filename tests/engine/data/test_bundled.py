"""Every bundled set loads without a network, with its documented counts, and equals its origin where that is there."""

from __future__ import annotations

import importlib
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import SOURCES, Dataset, load_dataset
from engine.data.sources._bundled import FOLDER
from engine.declare import Spec
from engine.graph import DataSetup

SETS: dict[str, tuple[int, tuple[int, ...], int]] = {  # samples, input shape, classes (0: values)
    "digits": (1797, (1, 8, 8), 10),
    "iris": (150, (4,), 3),
    "wine": (178, (13,), 3),
    "breast_cancer": (569, (30,), 2),
    "diabetes": (442, (10,), 0),
    "mnist_5k": (5000, (1, 28, 28), 10),
    "fashion_mnist": (7000, (1, 28, 28), 10),
}


def loaded(source: str, **params: Any) -> Dataset:
    return load_dataset(DataSetup(Spec(source, params)))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a bundled set opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)


def test_every_bundled_source_is_listed_here_and_has_its_licence(root: Path) -> None:
    bundled = {cls.id for cls in SOURCES.classes() if cls.group == "bundled"}
    assert bundled == set(SETS)
    notice = (root / "samples" / "data" / "LICENSES.md").read_text("utf-8")
    for path in FOLDER.iterdir():
        assert path.name == "LICENSES.md" or f"`{path.name}`" in notice
    for words in ("The scikit-learn developers", "Sebastian Raschka", "Zalando SE", "Permission is hereby granted"):
        assert words in notice


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("source", SETS)
def test_counts_shapes_and_types(source: str) -> None:
    n, shape, classes = SETS[source]
    data = loaded(source)
    assert len(data) == n and data.input_shape == shape and data.source_note
    assert data.task == {0: "values", 2: "binary"}.get(classes, "classes")
    assert len(data.class_names) == classes and data.output_units == (classes if classes > 2 else 1)
    target = data.train.y["y"]
    assert target.dtype == (np.int64 if classes else np.float64) and target.ndim == (1 if classes else 2)
    assert data.image == (len(shape) == 3) and data.train.x["x"].dtype == (np.float32 if data.image else np.float64)
    assert np.isfinite(data.train.x["x"]).all()
    if data.image:
        assert data.train.x["x"].min() == 0.0 and data.train.x["x"].max() == 1.0
    else:
        assert len(data.feature_names) == shape[0]
    assert all(count > 0 for split in ("train", "validation", "test") for count in data.class_counts(split).values())


@pytest.mark.parametrize("source", ["digits", "iris", "wine", "breast_cancer", "diabetes"])
def test_values_equal_scikit_learn(source: str) -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn, the origin, is not installed")
    made = getattr(datasets, f"load_{source}")(**({"scaled": False} if source == "diabetes" else {}))
    samples = SOURCES[source](**({"pixels": "raw"} if source == "digits" else {})).load(None)
    assert np.array_equal(samples.x["x"].reshape(len(samples), -1), made.data)
    assert np.array_equal(samples.y["y"].ravel(), made.target)
    if source == "digits":
        assert samples.x["x"].min() == 0 and samples.x["x"].max() == 16 and samples.value_range == (0.0, 16.0)
    if source in ("iris", "wine", "breast_cancer"):
        assert samples.class_names == tuple(made.target_names)


def test_mnist_is_balanced_and_every_digit_can_be_told_by_its_mean() -> None:
    samples = SOURCES["mnist_5k"](pixels="raw").load(None)
    x, y = samples.x["x"].reshape(5000, -1), samples.y["y"]
    assert np.bincount(y).tolist() == [500] * 10 and x.max() == 255
    means = np.stack([x[y == c].mean(axis=0) for c in range(10)])
    nearest = ((x[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == y).mean() > 0.75  # images and labels belong together


def test_fashion_keeps_its_own_split_whatever_the_setup_says() -> None:
    data = load_dataset(DataSetup(Spec("fashion_mnist"), validation=0.4, test=0.1, split_seed=5))
    assert [len(s) for s in (data.train, data.validation, data.test)] == [5000, 1000, 1000]
    for split, each in (("train", 500), ("validation", 100), ("test", 100)):
        assert set(data.class_counts(split).values()) == {each}  # type: ignore[arg-type]
    assert SOURCES["fashion_mnist"].has_split
    pictures = {s: {x.tobytes() for x in data.split(s).x["x"]} for s in ("train", "validation", "test")}
    assert not pictures["train"] & pictures["test"] and not pictures["train"] & pictures["validation"]


def test_fashion_equals_its_origin() -> None:
    folder = Path("/usr/share/datasets/fashion-mnist")
    if not folder.is_dir():
        pytest.skip("the Debian package dataset-fashion-mnist, the origin, is not installed")
    from engine.data.readers.idx import read_idx

    images, labels = (read_idx(folder / f"t10k-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1"))
    data = loaded("fashion_mnist", pixels="raw")
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    for x, y in zip(data.test.x["x"].astype(np.uint8), data.test.y["y"], strict=True):
        assert known[x[0].tobytes()] == y


def test_pixel_ranges() -> None:
    raw, unit, signed = (loaded("digits", pixels=p).train.x["x"] for p in ("raw", "0..1", "-1..1"))
    assert np.array_equal(unit, raw / np.float32(16)) and np.array_equal(signed, raw / np.float32(8) - 1)
    strips = [loaded("digits", pixels=p).preview(10).images for p in ("raw", "0..1", "-1..1")]
    assert all(np.array_equal(strips[0], s) for s in strips[1:]) and strips[0].max() == 255


def test_maker_makes_the_same_again(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn, the origin, is not installed")
    maker = importlib.import_module("resources.make_data")
    monkeypatch.setattr(maker, "TARGET", tmp_path)
    maker.scikit_learn()
    maker.circle(str(root / "tests" / "data" / "playground.json"))
    for path in tmp_path.iterdir():
        ours = (FOLDER / path.name).read_bytes()
        if path.suffix == ".csv":
            assert path.read_bytes() == ours
        else:
            a, b = (np.load(p) for p in (path, FOLDER / path.name))
            assert a.files == b.files and all(np.array_equal(a[k], b[k]) for k in a.files)
            a.close(), b.close()
    assert len(list(tmp_path.iterdir())) == 6
