"""New inputs meet a network in the same form as its training data did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data import DataError, load_dataset, prepared, read_inputs
from engine.data.inputs import pictures
from engine.declare import Spec
from engine.graph import DataSetup

Write = Callable[..., Path]


def test_a_table_is_matched_by_column_names(write: Write) -> None:
    path = write("t.csv", "a,c,y\n" + "".join(f"{i},{'uv'[i % 2]},{i}.5\n" for i in range(10)))
    data = load_dataset(DataSetup(Spec("csv", {"path": str(path)}), shuffle_split=False, standardize=True))
    got = read_inputs(write("new.csv", "c,extra,a\nv,9,1\nu,9,2\n"), data)
    assert np.allclose(got, data.train.x["x"][1:3]) and got.dtype == np.float64
    bare = read_inputs(write("bare.csv", "1,v\n2,u\n"), data)
    assert np.allclose(bare, got)
    for content, rule in (
        ("a,b\n1,2\n", "no such column"),
        ("a,c\n1,w\n", "category is unknown"),
        ("a,c\n?,u\n", "missing"),
        ("a,c\nx,u\n", "not a number"),
    ):
        with pytest.raises(DataError, match=rule):
            read_inputs(write("bad.csv", content), data)


def test_missing_values_are_filled_as_in_training(write: Write) -> None:
    path = write("t.csv", "a,y\n1,0.5\n,1.5\n3,2.5\n")
    data = load_dataset(DataSetup(Spec("csv", {"path": str(path), "missing": "mean"}), 0.0, 0.0, shuffle_split=False))
    assert read_inputs(write("new.csv", "a\nNA\n7\n"), data).tolist() == [[2.0], [7.0]]


def test_a_bundled_table_takes_a_csv_with_its_feature_names(write: Write) -> None:
    data = load_dataset(DataSetup(Spec("iris"), standardize=True))
    header = ",".join(data.feature_names)
    got = read_inputs(write("n.csv", f"{header}\n5.1,3.5,1.4,0.2\n"), data)
    expected = (np.array([[5.1, 3.5, 1.4, 0.2]]) - data.preparation["x"].shift) / data.preparation["x"].scale
    assert np.allclose(got, expected)
    assert np.allclose(read_inputs(write("b.csv", "5.1,3.5,1.4,0.2\n5,3,1,0\n"), data)[:1], expected)


def test_pictures_arrays_and_idx_become_images(tmp_path: Path) -> None:
    data = load_dataset(DataSetup(Spec("digits", {"pixels": "raw"})))
    digit = data.test.x["x"][0, 0]
    large = Image.fromarray(np.round(digit / 16 * 255).astype(np.uint8)).resize((24, 24), Image.Resampling.NEAREST)
    large.convert("RGB").save(tmp_path / "digit.png")
    got = read_inputs(tmp_path / "digit.png", data)
    assert got.shape == (1, 1, 8, 8) and np.abs(got[0, 0] - digit).max() < 0.05
    assert np.array_equal(read_inputs(tmp_path, data), got)
    np.savez(tmp_path / "raw.npz", x=data.test.x["x"][:3])
    assert np.array_equal(read_inputs(tmp_path / "raw.npz", data), data.test.x["x"][:3])
    np.savez(tmp_path / "one.npz", sample=digit)
    assert np.array_equal(read_inputs(tmp_path / "one.npz", data)[0, 0], digit)
    pixels = np.round(data.test.x["x"][:2, 0] / 16 * 255).astype(np.uint8)
    (tmp_path / "new-images-idx3-ubyte").write_bytes(
        b"\0\0\x08\x03" + np.array([2, 8, 8], ">u4").tobytes() + pixels.tobytes()
    )
    assert np.abs(read_inputs(tmp_path / "new-images-idx3-ubyte", data) - data.test.x["x"][:2]).max() < 0.05


def test_a_folder_of_class_folders_gives_the_pictures_in_them(tmp_path: Path) -> None:
    data = load_dataset(DataSetup(Spec("digits", {"pixels": "raw"})))
    for name, grey in (("b/1.png", 32), ("a/2.png", 64), ("a/1.png", 128), (".hidden/1.png", 255)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (8, 8), grey).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    assert [p.relative_to(tmp_path).as_posix() for p in pictures(tmp_path)] == ["a/1.png", "a/2.png", "b/1.png"]
    brightness = read_inputs(tmp_path, data).mean((1, 2, 3))
    assert list(np.argsort(brightness)) == [2, 1, 0]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no images in it"):
        read_inputs(tmp_path / "empty", data)


def test_what_does_not_fit_is_refused_with_both_shapes(tmp_path: Path, write: Write) -> None:
    images, table = load_dataset(DataSetup(Spec("digits"))), load_dataset(DataSetup(Spec("circle")))
    with pytest.raises(DataError, match=r"expected N x 1 x 8 x 8, got 2 x 1 x 9 x 9"):
        prepared(np.zeros((2, 1, 9, 9)), images)
    with pytest.raises(DataError, match="missing or infinite"):
        prepared(np.array([[np.inf, 0.0]]), table)
    with pytest.raises(DataError, match="are images"):
        read_inputs(write("t.csv", "1,2\n"), images)
    Image.new("L", (2, 2)).save(tmp_path / "p.png")
    with pytest.raises(DataError, match="are no images"):
        read_inputs(tmp_path / "p.png", table)
    np.savez(tmp_path / "two.npz", a=np.zeros(2), b=np.zeros(2))
    with pytest.raises(DataError, match="not clear which array"):
        read_inputs(tmp_path / "two.npz", table)
    with pytest.raises(DataError, match="cannot be read"):
        read_inputs(write("broken.png", b"x"), images)
    (tmp_path / "none").mkdir()
    for path, rule in ((tmp_path / "none", "no images in it"), (tmp_path / "gone", "no such file")):
        with pytest.raises(DataError, match=rule):
            read_inputs(path, images)
    assert read_inputs(write("ok.csv", "1,2\n3,4\n"), table).tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_the_mean_of_few_known_training_values_is_theirs(write: Write) -> None:
    path = write("t.csv", "a,b,y\n?,3,0.5\n8,?,1.5\n,?,2.5\n?,9,3.5\n7,9,4.5\n")
    setup = DataSetup(Spec("csv", {"path": str(path), "missing": "mean"}), 0.0, 0.4, shuffle_split=False)
    assert load_dataset(setup).train.x["x"].tolist() == [[8, 3], [8, 3], [8, 3]]


@pytest.mark.parametrize("name", ["digits", "mnist_5k", "fashion_mnist"])
def test_a_bundled_images_own_file_gives_its_own_inputs(name: str) -> None:
    dataset = load_dataset(DataSetup(Spec(name), validation=0.0, test=0.0, shuffle_split=False))
    file = Path(__file__).parents[3] / "samples" / "data" / f"{name}.npz"
    read = read_inputs(file, dataset)
    rows = np.load(file)["part"] == 0 if "part" in np.load(file) else slice(0, len(dataset.train))
    np.testing.assert_allclose(read[rows], dataset.train.x["x"], rtol=1e-6)
