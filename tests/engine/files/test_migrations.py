"""One real file per format version is kept for ever; steps go one version at a time and leave their input alone."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from engine.files import migrations, wire
from engine.files.errors import FormatError
from engine.files.graph_json import read_project
from engine.files.project_file import read

FORMATS = Path(__file__).resolve().parents[2] / "data" / "formats"


def test_every_version_has_its_real_files() -> None:
    assert sorted(p.name for p in FORMATS.iterdir()) == [f"v{k}" for k in range(1, wire.FORMAT_VERSION + 1)]


@pytest.mark.parametrize("path", sorted(FORMATS.glob("v*/*")), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_real_files_still_open_and_say_the_same(path: Path) -> None:
    file = read(path)
    hidden = file.project.graph.nodes["h1"]
    assert hidden.name == "hidden 1" and hidden.params["units"] == 4 and hidden.frozen
    assert file.project.graph.nodes["odd"].params == {"inner": {"a": [1, "x"]}}
    assert file.project.training.optimizer.type == "adam" and file.project.training.patience == 5
    assert file.project.notes == {"t1": {"text": "keep 이 note", "box": [0, 0, 96, 48]}}
    if path.suffix == ".gradloom":
        assert file.weights is not None and file.resume is not None
        assert file.weights["h1", "weight"].shape == (4, 2) and file.resume.scalars["step"] == 3


@pytest.fixture
def third(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FORMAT_VERSION", 3)


def test_steps_run_in_order_on_a_copy(third: None) -> None:
    def first(whole: dict[str, Any]) -> dict[str, Any]:
        whole["nodes"].append("from 1")
        return whole

    def second(whole: dict[str, Any]) -> dict[str, Any]:
        return {**whole, "nodes": [*whole["nodes"], "from 2"]}

    old = {"format_version": 1, "nodes": []}
    kept = copy.deepcopy(old)
    assert migrations.migrate(old, 1, "f", {1: first, 2: second}) == {
        "format_version": 3,
        "nodes": ["from 1", "from 2"],
    }
    assert old == kept


def test_a_step_that_fails_or_is_missing_is_named(third: None) -> None:
    def bad(whole: dict[str, Any]) -> dict[str, Any]:
        return {"nodes": whole["absent"]}

    with pytest.raises(FormatError, match="step from version 1"):
        migrations.migrate({"nodes": []}, 1, "f", {1: bad})
    with pytest.raises(FormatError, match="version 1 cannot be read any more"):
        migrations.migrate({"nodes": []}, 1, "f", {})


def test_an_old_file_goes_through_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """With today's version as the second, a file of version 1 whose nodes were called layers still opens."""
    from engine.files import graph_json

    monkeypatch.setattr(wire, "FORMAT_VERSION", 2)
    monkeypatch.setattr(graph_json, "FORMAT_VERSION", 2)

    def renamed(whole: dict[str, Any]) -> dict[str, Any]:
        return {**{k: v for k, v in whole.items() if k != "layers"}, "nodes": whole["layers"]}

    def back(whole: dict[str, Any], version: int, file: str) -> dict[str, Any]:
        done = old(whole, version, file, {1: renamed})
        return {**done, "format_version": 1}  # the wire type of this test still says 1

    old = migrations.migrate
    monkeypatch.setattr(migrations, "migrate", back)
    project = read_project(b'{"format":"gradloom","format_version":1,"layers":[{"id":"a","type":"relu"}]}')
    assert list(project.graph.nodes) == ["a"]
