"""Tables: every spelling of the same table gives the same numbers; every fault is told by file, line and column."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.data import SOURCES, DataError, Dataset, load_dataset
from engine.data.readers.table import read_table
from engine.data.readers.text import read_text
from engine.data.source import Samples
from engine.data.sources.csv import column_list, column_text
from engine.declare import Spec
from engine.graph import DataSetup

Write = Callable[..., Path]


def samples(path: Path, **params: Any) -> Samples:
    return SOURCES["csv"](path=str(path), **params).load(None)


def dataset(path: Path, setup: dict[str, Any] | None = None, **params: Any) -> Dataset:
    return load_dataset(DataSetup(Spec("csv", {"path": str(path), **params}), **(setup or {})))


def test_playground_circle_is_the_fixture_bit_for_bit(root: Path) -> None:
    fixture = json.loads((root / "tests" / "data" / "playground.json").read_text("utf-8"))
    points = np.array(fixture["data"]["circle@0.10000"])
    spec = Spec("csv", {"path": "samples/data/circle_playground.csv", "target": "label", "target_type": "values"})
    for validation, test in ((0.5, 0.0), (0.0, 0.5)):
        data = load_dataset(DataSetup(spec, validation=validation, test=test, shuffle_split=False), root)
        second = data.validation if validation else data.test
        for split, expected in ((data.train, points[:250]), (second, points[250:])):
            assert split.x["x"].dtype == np.float64 and np.array_equal(split.x["x"], expected[:, :2])
            assert np.array_equal(split.y["y"], expected[:, 2:])
    classes = load_dataset(DataSetup(Spec("csv", {"path": "samples/data/circle_playground.csv"})), root)
    assert classes.class_names == ("-1", "1") and classes.task == "binary"


@pytest.mark.parametrize(
    "content",
    [
        "a,b,k\n1.5,2,x\n-3,4e2,y\n",
        "a,b,k\r\n1.5,2,x\r\n-3,4e2,y\r\n",
        "a,b,k\r1.5,2,x\r-3,4e2,y",
        "\ufeffa,b,k\n1.5,2,x\n-3,4e2,y\n",
        "a;b;k\n1.5;2;x\n-3;4e2;y\n",
        "a\tb\tk\n1.5\t2\tx\n-3\t4e2\ty\n",
        "a|b|k\n1.5|2|x\n-3|4e2|y\n",
        '"a","b","k"\n"1.5","2","x"\n\n-3, 4e2, "y"\n\n',
    ],
    ids=["plain", "crlf", "cr", "bom", "semicolon", "tab", "pipe", "quoted, blank lines, blanks"],
)
def test_all_spellings_of_a_table_are_the_same(write: Write, content: str) -> None:
    got = samples(write("t.csv", content))
    assert got.feature_names == ("a", "b") and got.class_names == ("x", "y") and got.target_name == "k"
    assert got.x["x"].tolist() == [[1.5, 2.0], [-3.0, 400.0]] and got.y["y"].tolist() == [0, 1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_korean_in_every_usual_encoding(write: Write, encoding: str) -> None:
    got = samples(write("표.csv", "키,몸무게,분류\n170,60,사과\n180,75,바나나\n".encode(encoding)))
    assert got.feature_names == ("키", "몸무게") and got.class_names == ("바나나", "사과") and got.target_name == "분류"


def test_no_header_and_header_of_repeated_and_empty_names(write: Write) -> None:
    plain = samples(write("n.csv", "1,2,0.5\n3,4,0.7\n"))
    assert plain.feature_names == ("column 1", "column 2") and plain.y["y"].tolist() == [[0.5], [0.7]]
    named = read_table(write("h.csv", "a,,a,b\n1,2,3,4\n"))
    assert named.names == ("a", "column 2", "a (2)", "b") and named.header
    forced = read_table(write("f.csv", "1,2\n3,4\n"), header="yes")
    assert forced.names == ("1", "2") and forced.rows == (("3", "4"),)
    text = read_table(write("x.csv", "name,fruit\nkim,apple\nlee,pear\n"))
    assert text.header and text.names == ("name", "fruit")


def test_one_row(write: Write) -> None:
    got = samples(write("one.csv", "a,b\n1,2\n"))
    assert got.x["x"].tolist() == [[1.0]] and got.y["y"].tolist() == [[2.0]] and got.task == "values"


def test_decimal_commas(write: Write) -> None:
    got = samples(write("de.csv", "a;b\n1,5;2,25\n-3,5;1e1\n"), decimal="comma")
    assert got.x["x"].tolist() == [[1.5], [-3.5]] and got.y["y"].tolist() == [[2.25], [10.0]]


def test_categories_become_one_hot_and_identifiers_are_left_out(write: Write) -> None:
    rows = "".join(f"id{i},{('red', 'blue')[i % 2]},{i % 3},{i},{'no' if i % 2 else 'yes'}\n" for i in range(30))
    got = samples(write("c.csv", "id,colour,code,n,answer\n" + rows), categories="code")
    assert got.feature_names == ("colour=blue", "colour=red", "code=0", "code=1", "code=2", "n")
    assert got.x["x"][0].tolist() == [0, 1, 1, 0, 0, 0] and got.x["x"][4].tolist() == [0, 1, 0, 1, 0, 4]
    assert [c.kind for c in got.columns] == ["ignore", "category", "category", "number"]
    assert got.class_names == ("no", "yes") and "'id'" in got.notes[0]
    assert samples(write("c.csv", "id,colour,code,n,answer\n" + rows), ignore="n, colour").feature_names == ("code",)


def test_target_rules(write: Write) -> None:
    path = write("t.csv", "x,k,v\n" + "".join(f"{i},{i % 3},{i * 0.5}\n" for i in range(12)))
    assert samples(path, target="k").class_names == ("0", "1", "2")
    assert samples(path, target="k", target_type="values").y["y"].shape == (12, 1)
    assert samples(path, target="v").task == "values"
    both = samples(path, target="v, k")
    assert both.y["y"].shape == (12, 2) and both.target_names == ("v", "k") and both.feature_names == ("x",)
    ten = samples(write("s.csv", "x,k\n" + "".join(f"{i},{k}\n" for i, k in enumerate([10, 9, 2] * 4))), target="k")
    assert ten.class_names == ("2", "9", "10") and ten.y["y"][:3].tolist() == [2, 1, 0]  # sorted as numbers


def test_missing_values_follow_the_policy(write: Write) -> None:
    path = write("m.csv", "a,c,y\n1,u,0.5\nNA,v,1.5\n3,,2.5\n5,u,3.5\n")
    with pytest.raises(DataError) as caught:
        samples(path)
    assert (caught.value.line, caught.value.column) == (3, "a") and "drop" in caught.value.remedy
    dropped = samples(path, missing="drop_row")
    assert dropped.x["x"].tolist() == [[1, 1, 0], [5, 1, 0]] and dropped.y["y"].ravel().tolist() == [0.5, 3.5]
    assert "2 rows" in dropped.notes[-1]
    filled = dataset(path, {"validation": 0.0, "test": 0.25, "shuffle_split": False}, missing="mean")
    assert filled.train.x["x"].tolist() == [
        [1, 1, 0],
        [2, 0, 1],
        [3, 0, 0],
    ]  # mean of 1 and 3: the test's 5 plays no part
    assert filled.preparation["x"].fill is not None


def test_a_missing_target_is_dropped_but_never_made_up(write: Write) -> None:
    path = write("m.csv", "a,y\n1,0.5\n2,\n3,2.5\n")
    for policy in ("refuse", "mean"):
        with pytest.raises(DataError) as caught:
            samples(path, missing=policy)
        assert (caught.value.line, caught.value.column) == (3, "y")
    assert samples(path, missing="drop_row").y["y"].ravel().tolist() == [0.5, 2.5]


MANY = "a,b\n" + "".join(f"{i},{i * 0.1}\n" for i in range(30))
FAULTS: list[tuple[str, str | bytes, dict[str, str], int | None, str | None, str]] = [
    ("empty file", "", {}, None, None, "the table is empty"),
    ("blank lines only", "\n\n  \n", {}, None, None, "the table is empty"),
    ("header only", "a,b\n", {"header": "yes"}, 1, None, "a header and no rows"),
    ("ragged", "a,b\n1,2\n3,4,5\n", {}, 3, None, "another number of fields"),
    ("short row", "a,b\n1,2\n\n3\n", {}, 4, None, "another number of fields"),
    ("typing error", MANY.replace("7,0.7", "7,O.7").replace("a,b", "a,b"), {}, 9, "b", "not a number"),
    ("typing error in a feature", MANY.replace("7,0.7", "7x,0.7"), {}, 9, "a", "not a number"),
    ("infinity", "a,b\n1,2\ninf,4\n", {}, 3, "a", "not finite"),
    ("overflow", "a,b\n1,2\n1e999,4\n", {}, 3, "a", "not finite"),
    ("infinite target", "a,b\n1,2.5\n2,-inf\n", {}, 3, "b", "not finite"),
    ("nan is missing", "a,b\n1,2\nnan,4\n", {}, 3, "a", "missing"),
    ("digit groups", MANY.replace("7,0.7", "1_000,0.7"), {}, 9, "a", "not a number"),
    ("unknown target", "a,b\n1,2\n", {"target": "z"}, None, "z", "no such column"),
    ("unknown category", "a,b\n1,2\n", {"categories": "z"}, None, "z", "no such column"),
    ("one class", "a,b\n1,u\n2,u\n", {}, None, None, "classes to tell apart"),
    ("text as values", "a,b\n1,u\n2,v\n", {"target_type": "values"}, 2, "b", "not a number"),
    ("fractions as classes", "a,b\n1,0.5\n2,1\n", {"target_type": "classes"}, None, None, "whole numbers or text"),
    ("only a target", "b\n1\n2\n", {}, None, None, "must give features"),
    ("all ignored", "a,b\n1,2\n", {"ignore": "a"}, None, None, "must give features"),
    ("unclosed quote", 'a,b\n1,2\n"3,4\n5,6\n', {"delimiter": "comma"}, 3, None, "cannot be read"),
    ("quote in the middle", 'a,b\n"1"2,2\n', {"delimiter": "comma"}, 2, None, "cannot be read"),
    ("null characters", b"a,b\n1,\x002\n", {}, None, None, "not a text file"),
    ("neither encoding", b"a,b\n1,2\n\xff\xff,3\n", {}, 3, None, "not text in utf-8 or cp949"),
    ("wrong encoding chosen", "가,b\n1,2\n".encode("cp949"), {"encoding": "utf-8"}, 1, None, "not text"),
    (
        "target missing everywhere",
        "a,b\n1,\n2,\n",
        {"missing": "drop_row", "target": "b"},
        None,
        "b",
        "no row has a target",
    ),
    ("giant field", "a,b\n1," + "x" * 200_000 + "\n", {}, 2, None, "cannot be read"),
]


@pytest.mark.parametrize(
    ("content", "params", "line", "column", "rule"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_faults_name_file_line_and_column(
    write: Write, content: str | bytes, params: dict[str, str], line: int | None, column: str | None, rule: str
) -> None:
    path = write("fault.csv", content)
    with pytest.raises(DataError) as caught:
        samples(path, **params)
    error = caught.value
    assert rule in error.rule and error.file == str(path)
    assert (error.line, error.column) == (line, column)
    assert str(path) in str(error) and (line is None or f"line {line}" in str(error))


def test_quoted_line_breaks_count_in_line_numbers(write: Write) -> None:
    rows = "".join(f"{i},{i * 0.1}\n" for i in range(20))
    path = write("q.csv", '"a\nwide",b\n' + rows + "oops,3\n")
    with pytest.raises(DataError) as caught:
        samples(path)
    assert (caught.value.line, caught.value.column) == (23, "a\nwide")


def test_no_file_folder_and_missing_file(tmp_path: Path) -> None:
    for chosen, rule in (("", "no file is chosen"), ("nothing.csv", "no such file"), (".", "it is a folder")):
        with pytest.raises(DataError, match=rule):
            SOURCES["csv"](path=chosen).load(tmp_path)
    with pytest.raises(DataError, match="null character"):
        SOURCES["csv"](path="a\0b").load(tmp_path)


def test_a_file_that_cannot_be_opened_is_told_with_its_reason(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("locked.csv", "a,b\n1,2\n")

    def locked(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", locked)
    with pytest.raises(DataError, match=r"locked\.csv.*Permission denied"):
        samples(path)


def test_too_large_a_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(300 * 2**20)  # sparse: takes no disk
    with pytest.raises(DataError, match="too large"):
        samples(path)


def test_a_text_of_some_megabytes_is_read(write: Write) -> None:
    text = "a,b\n" * 800_000
    assert read_text(write("m.csv", text)) == (text, "utf-8")


CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\ufeff", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3), min_size=1, max_size=12
    ),
    st.sampled_from(["comma", "semicolon", "tab", "pipe"]),
    st.booleans(),
)
def test_numbers_survive_a_round_trip_exactly(
    tmp_path: Path, rows: list[list[float]], delimiter: str, quoted: bool
) -> None:
    marks = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
    out = io.StringIO()
    writer = csv.writer(out, delimiter=marks[delimiter], quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    writer.writerows([["a", "b", "t"], *[[repr(v) for v in row] for row in rows]])
    path = tmp_path / "r.csv"
    path.write_text(out.getvalue(), "utf-8", newline="")
    got = samples(path, target_type="values")
    assert np.array_equal(np.column_stack([got.x["x"], got.y["y"]]), np.array(rows))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_text_survives_a_round_trip_but_for_outer_blanks(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("left", "right"), *rows])
    path = tmp_path / "r.csv"
    path.write_text(out.getvalue(), "utf-8", newline="")
    table = read_table(path, delimiter="comma", header="yes", encoding="utf-8")
    assert table.rows == tuple((a.strip(), b.strip()) for a, b in rows)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=80), st.text('ab01,;"\n\r .-e', max_size=60).map(str.encode)))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        got = samples(path)
    except DataError as error:
        assert str(path) in str(error) or error.file
    else:
        assert np.isfinite(got.x["x"]).all() and len(got.x["x"]) == len(got.y["y"])


@given(st.lists(CELL.map(str.strip).filter(bool), max_size=5, unique=True))
def test_column_lists_are_written_as_they_are_read(names: list[str]) -> None:
    assert column_list(column_text(tuple(names))) == tuple(names)
