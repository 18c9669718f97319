"""Dataset, preparation and transforms: what training, plots and forms rely on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.data import SOURCES, TRANSFORMS, DataError, Dataset, Split, load_dataset
from engine.data.dataset import as_pictures
from engine.declare import ParamError, Spec, UnknownTypeError
from engine.graph import DataSetup


def loaded(source: str, params: dict[str, Any] | None = None, **setup: Any) -> Dataset:
    return load_dataset(DataSetup(Spec(source, params or {}), **setup))


def test_standardized_by_training_statistics_alone() -> None:
    plain, data = loaded("wine"), loaded("wine", standardize=True)
    x = data.train.x["x"]
    assert np.abs(x.mean(axis=0)).max() < 1e-12 and np.abs(x.std(axis=0) - 1).max() < 1e-12
    assert np.abs(data.test.x["x"].mean(axis=0)).max() > 1e-3  # the test split had no say
    prepared = data.preparation["x"]
    assert np.array_equal(prepared.shift, plain.train.x["x"].mean(axis=0))
    assert np.array_equal(prepared.apply(plain.test.x["x"]), data.test.x["x"])
    assert np.allclose(prepared.invert(data.test.x["x"]), plain.test.x["x"])
    assert data.preview(5).rows == plain.preview(5).rows


def test_images_are_standardized_per_channel_and_keep_float32() -> None:
    data = loaded("digits", standardize=True)
    x = data.train.x["x"]
    assert x.dtype == np.float32 and data.preparation["x"].shift.shape == (1, 1, 1)
    assert abs(x.mean()) < 1e-5 and x.std() == pytest.approx(1, abs=1e-5)
    assert np.array_equal(data.preview(3).images, loaded("digits").preview(3).images)


@given(hnp.arrays(np.float64, (7, 3), elements=st.integers(-(10**9), 10**9).map(lambda k: k / 1000.0)))
def test_standardize_gives_zero_mean_and_unit_or_zero_deviation(x: np.ndarray) -> None:
    done = TRANSFORMS.make("standardize").fit(x, False).apply(x)
    assert np.abs(done.mean(axis=0)).max() < 1e-5
    for column, raw in zip(done.T, x.T, strict=True):
        assert column.std() == pytest.approx(1, abs=1e-3) or np.ptp(raw) <= 1e-9 * np.abs(raw).max()


def test_a_constant_feature_becomes_zero() -> None:
    x = np.full((9, 2), 0.1) + np.array([[0.0, 1e6]])
    assert np.abs(TRANSFORMS.make("standardize").fit(x, False).apply(x)).max() < 1e-6


def test_rescale_maps_ends_to_ends() -> None:
    x = np.array([[0.0, 64.0], [255.0, 127.5]], dtype=np.float32)
    done = TRANSFORMS["rescale"](target=(-1.0, 1.0)).fit(x, False)
    assert np.allclose(done.apply(x), [[-1, 64 / 127.5 - 1], [1, 0]]) and done.apply(x).dtype == np.float32
    assert np.allclose(done.invert(done.apply(x)), x, atol=1e-4)
    images = TRANSFORMS["rescale"]().fit(np.zeros((2, 3, 4, 4), np.float32), True)
    assert images.shift is not None and images.shift.shape == (3, 1, 1)
    with pytest.raises(DataError, match="two ends"):
        TRANSFORMS["rescale"](source=(1.0, 1.0)).fit(x, False)


def test_counts_by_class_and_split() -> None:
    data = loaded("iris")
    assert data.class_counts() == {"setosa": 50, "versicolor": 50, "virginica": 50}
    assert data.class_counts("test") == {"setosa": 10, "versicolor": 10, "virginica": 10}
    assert loaded("diabetes").class_counts() == {} and len(data) == 150


def test_preview_of_pictures_and_tables() -> None:
    strip = loaded("fashion_mnist").preview(4, "test")
    assert strip.images is not None and strip.images.shape == (4, 28, 28, 1) and strip.images.dtype == np.uint8
    data = loaded("fashion_mnist")
    assert np.array_equal(strip.images[..., 0], np.round(data.test.x["x"][:4, 0] * 255).astype(np.uint8))
    assert strip.targets == tuple(data.class_names[i] for i in data.test.y["y"][:4])
    head = loaded("plane").preview(3)
    assert head.images is None and head.columns == ("x1", "x2") and len(head.rows) == 3 and "." in head.targets[0]


def test_pictures_are_clipped_to_their_range_and_nan_is_black() -> None:
    x = np.array([[[[-1.0, 0.0, 1.0, 2.0, np.nan]]]])
    assert as_pictures(x, (0.0, 1.0)).ravel().tolist() == [0, 0, 255, 255, 0]
    assert as_pictures(x, (-1.0, 1.0)).ravel().tolist() == [0, 128, 255, 255, 0]


def test_points_behind_features_and_standardisation() -> None:
    features = {"x1": False, "x2": False, "x1_x2": True, "seed": 4}
    data, plain = loaded("xor", features, standardize=True), loaded("xor", {"seed": 4}, standardize=True)
    assert data.input_shape == (1,)
    points = data.points("train")
    assert points is not None and points.shape == (300, 2)
    assert np.array_equal(points, plain.points("train"))
    raw = loaded("xor", {"seed": 4})
    assert np.array_equal(raw.points("train"), raw.train.x["x"])
    assert loaded("iris").points("train") is None and loaded("digits").points("test") is None
    table = load_dataset(DataSetup(Spec("csv", {"path": "samples/data/circle_playground.csv"}), standardize=True), ROOT)
    unchanged = load_dataset(DataSetup(Spec("csv", {"path": "samples/data/circle_playground.csv"})), ROOT)
    assert np.allclose(table.points("test"), unchanged.test.x["x"], atol=1e-12)


def test_a_split_refuses_unequal_fields_and_picks_rows() -> None:
    with pytest.raises(DataError, match="x 3, y 2"):
        Split({"x": np.zeros((3, 1))}, {"y": np.zeros(2)})
    split = Split({"x": np.arange(6).reshape(3, 2)}, {"y": np.arange(3)}, {"points": np.arange(3)})
    assert split.rows([2, 0]).y["y"].tolist() == [2, 0] and split.rows([2]).extra["points"].tolist() == [2]
    assert len(split) == 3 and len(Split({}, {})) == 0


def test_unknown_sources_and_params_are_refused_by_name() -> None:
    with pytest.raises(UnknownTypeError, match="did you mean 'circle'"):
        loaded("circel")
    with pytest.raises(ParamError, match="noise"):
        loaded("circle", {"noise": 90})


@pytest.mark.parametrize("source", [c.id for c in SOURCES.classes()])
def test_every_source_declares_itself(source: str) -> None:
    cls = SOURCES[source]
    assert cls.title and cls.__doc__ and cls.group in ("points", "bundled", "file")
    assert all(p.label for p in cls.params.values())
    assert SOURCES.make(cls().spec()).spec() == cls().spec()
    if cls.group == "file":
        with pytest.raises(DataError, match="no file is chosen"):
            cls().load(None)


def test_equal_setups_give_equal_data_and_nothing_is_shared() -> None:
    one, two = loaded("iris", standardize=True), loaded("iris", standardize=True)
    assert np.array_equal(one.train.x["x"], two.train.x["x"]) and one.train.x["x"] is not two.train.x["x"]
    other = loaded("iris", split_seed=1)
    assert not np.array_equal(loaded("iris").test.x["x"], other.test.x["x"])


def test_importing_loads_nothing_heavy_and_no_other_part_of_the_engine() -> None:
    code = (
        "import sys, engine.data; engine.data.SOURCES.classes();"
        "heavy = {'PIL', 'numba', 'msgspec', 'networkx', 'sklearn', 'pandas', 'onnx'} & set(sys.modules);"
        "ours = {m.split('.')[1] for m in sys.modules if m.startswith('engine.')} - {'data', 'graph', 'declare'};"
        "print(sorted(heavy), sorted(ours))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[] []"


ROOT = Path(__file__).resolve().parents[3]
