"""Dropping a file: what it is guessed to be, what can be changed, and what the network gets at its ends."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data import DataError, adapt, guess, load_dataset
from engine.declare import Spec
from engine.graph import DataSetup

Write = Callable[..., Path]

IRIS = "length;width;species\n" + "".join(f"{i / 10:.1f};{i};{('rose', 'lily', 'iris')[i % 3]}\n" for i in range(30))


def test_a_table_with_classes(write: Write, tmp_path: Path) -> None:
    found = guess(write("flowers.csv", IRIS))
    assert found.source.type == "csv" and found.task == "classes" and found.target == "species"
    assert found.class_counts == {"iris": 10, "lily": 10, "rose": 10} and found.samples == 30
    assert found.sizes == {"train": 18, "validation": 6, "test": 6}
    assert found.preview.columns == ("length", "width") and len(found.preview.rows) == len(found.preview.targets) == 10
    assert found.can_be_target == ("length", "width", "species") and found.standardize and not found.own_split
    ends = found.suggestion
    assert (ends.input_shape, ends.units, ends.activation, ends.loss) == ((2,), 3, "softmax", "softmax_cross_entropy")
    setup = found.to_setup(tmp_path)
    assert setup.source.params["path"] == "flowers.csv" and setup.standardize
    assert load_dataset(setup, tmp_path).class_counts() == found.class_counts


def test_everything_can_be_changed(write: Write) -> None:
    found = guess(write("flowers.csv", IRIS))
    values = found.change(target="width", target_type="values", validation=0.5, test=0.0, standardize=False)
    assert values.task == "values" and values.suggestion.loss == "mse" and values.suggestion.units == 1
    assert values.suggestion.input_shape == (4,) and values.sizes == {"train": 15, "validation": 15, "test": 0}
    assert not values.standardize and values.preview.columns[1:] == ("species=iris", "species=lily", "species=rose")
    assert values.change(ignore="species").suggestion.input_shape == (1,)
    with pytest.raises(DataError, match="no such column"):
        found.change(target="weight")


def test_the_preview_shows_values_as_they_are_in_the_file(write: Write) -> None:
    found = guess(write("flowers.csv", IRIS)).change(shuffle_split=False)
    assert found.preview.rows[3] == ("0.3", "3") and found.preview.targets[3] == "rose"


def test_spreadsheet_details_are_found_out(write: Write) -> None:
    rows = "".join(f"{i};{i},5;{'ab'[i % 2]};n{i}\n" for i in range(25))
    found = guess(write("d.csv", ("번호;무게;분류;이름\n" + rows).replace("3,5", "").encode("cp949")))
    params = found.source.params
    assert params["decimal"] == "comma" and params["encoding"] == "cp949" and params["target"] == "분류"
    assert params["missing"] == "mean" and params["ignore"] == "이름"
    assert found.task == "binary" and found.suggestion.activation == "sigmoid" and found.suggestion.units == 1
    assert found.suggestion.loss == "binary_cross_entropy"
    gaps = guess(write("g.csv", "a,target\n1,0.5\n2,\n3,1.5\n4,7.25\n5,1\n"))
    assert gaps.source.params["missing"] == "drop_row" and gaps.samples == 4


def test_arrays_pictures_and_folders(write: Write, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", x=rng.normal(size=(20, 7)), y=rng.normal(size=(20, 2)))
    arrays = guess(tmp_path / "a.npz")
    assert arrays.source.type == "npz" and arrays.task == "values" and arrays.suggestion.units == 2
    assert arrays.suggestion.activation == "linear" and len(arrays.preview.rows) == 10

    head = struct.pack(">4B3I", 0, 0, 8, 3, 12, 5, 4)
    write("mnist/train-images-idx3-ubyte.gz", gzip.compress(head + rng.bytes(240)))
    labels = write(
        "mnist/train-labels-idx1-ubyte.gz", gzip.compress(struct.pack(">4BI", 0, 0, 8, 1, 12) + bytes([0, 1, 2] * 4))
    )
    for dropped in (tmp_path / "mnist", labels, tmp_path / "mnist" / "train-images-idx3-ubyte.gz"):
        found = guess(dropped)
        assert found.path.name.startswith("train-images") and found.source.type == "idx"
        assert found.suggestion.input_shape == (1, 5, 4) and found.task == "classes"
        assert found.preview.images is not None and found.preview.images.shape == (7, 5, 4, 1)
        assert load_dataset(found.to_setup(tmp_path), tmp_path).input_shape == (1, 5, 4)

    for k in range(12):
        out = io.BytesIO()
        Image.new("RGB", (6, 6), (k, 0, 0)).save(out, "PNG")
        write(f"pets/{'cat' if k % 2 else 'dog'}/{k}.png", out.getvalue())
    write("pets/cat/bad.png", b"")
    pets = guess(tmp_path / "pets")
    assert pets.source.type == "image_folder" and pets.task == "binary" and pets.suggestion.input_shape == (3, 6, 6)
    assert pets.notes == ("1 unreadable file is skipped: cat/bad.png",) and not pets.standardize


def test_what_is_no_data_is_refused_with_a_way_out(write: Write, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one folder per class"):
        guess(write("cat.png", b"\x89PNG"))
    with pytest.raises(DataError, match="expected a table"):
        guess(write("thesis.pdf", b"%PDF"))
    with pytest.raises(DataError, match="no such file"):
        guess(tmp_path / "gone.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no images"):
        guess(tmp_path / "empty")
    assert guess(write("t.tsv", "a\tb\n1\t2.5\n3\t4\n")).task == "values"


def test_files_without_a_telling_name_are_known_by_their_first_bytes(write: Write, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((4, 2)), y=np.arange(4))
    assert guess((tmp_path / "a.npz").rename(tmp_path / "arrays")).source.type == "npz"
    write("labels", struct.pack(">4BI", 0, 0, 8, 1, 4) + bytes([0, 1, 0, 1]))
    table = write("images", struct.pack(">4B2I", 0, 0, 8, 2, 4, 3) + bytes(range(12)))
    assert guess(table).source.type == "idx" and guess(table).suggestion.input_shape == (3,)
    for content in (b"\0\0\x0a\x03", b"\0\0", b"GIF89a"):
        with pytest.raises(DataError, match="not data to learn from"):
            guess(write("odd", content))


def test_paths_are_stored_relative_to_the_project_where_that_helps(write: Write, tmp_path: Path) -> None:
    found = guess(write("work/data/t.csv", "a,b\n1,2.5\n3,4\n"))
    for base, stored in (("work", "data/t.csv"), ("work/project", "../data/t.csv"), ("other/deep/er", None)):
        path = found.to_setup(tmp_path / base).source.params["path"]
        assert path == (stored or str(tmp_path / "work" / "data" / "t.csv"))
    assert found.to_setup().source.params["path"] == str(tmp_path / "work" / "data" / "t.csv")


@pytest.mark.parametrize(
    ("source", "ends"),
    [
        ("spiral", ((2,), 1, "sigmoid", "binary_cross_entropy", "accuracy")),
        ("plane", ((2,), 1, "linear", "mse", "mae")),
        ("iris", ((4,), 3, "softmax", "softmax_cross_entropy", "accuracy")),
        ("digits", ((1, 8, 8), 10, "softmax", "softmax_cross_entropy", "accuracy")),
        ("breast_cancer", ((30,), 1, "sigmoid", "binary_cross_entropy", "accuracy")),
        ("diabetes", ((10,), 1, "linear", "mse", "mae")),
    ],
)
def test_the_ends_of_the_network_follow_the_data(source: str, ends: tuple[object, ...]) -> None:
    found = adapt(load_dataset(DataSetup(Spec(source))))
    assert (found.input_shape, found.units, found.activation, found.loss, found.metric) == ends
