"""Parameters, set-up, layout JSON, clipboard text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from designer.document import Box, DocState, Frame, Note, Point, verbs
from designer.document.refusals import FragmentRefusal, LayoutRefusal, ParameterRefusal, SettingRefusal
from engine.declare import ParamError, Spec
from engine.files.graph_json import project_bytes, read_project
from engine.graph import DataSetup, Edge, Project
from tests.designer.document.drawn import chain, wires

ROOT = Path(__file__).parents[3]


def test_a_parameter_is_set_on_several_nodes_and_defaults_are_removed() -> None:
    state = chain("input", "dense", "dense")
    after = verbs.set_param(state, ("n2", "n3"), "units", 4.0)
    assert all(after.graph.nodes[n].params == {"units": 4} for n in ("n2", "n3"))
    assert type(after.graph.nodes["n2"].params["units"]) is int
    assert verbs.set_param(after, ("n2", "n3"), "units", 32).graph.nodes["n2"].params == {}
    assert verbs.set_param(after, ("n2",), "units", 4) is after
    assert verbs.reset_param(after, ("n2",), "units").graph.nodes["n2"].params == {}
    assert verbs.param_value(after.graph.nodes["n2"], "units") == 4
    assert verbs.param_value(after.graph.nodes["n2"], "use_bias") is True


def test_bad_values_and_unknown_parameters_are_refused() -> None:
    state = chain("input", "dense", "relu")
    with pytest.raises(ParamError, match="whole number from 1"):
        verbs.set_param(state, ("n2",), "units", 0)
    with pytest.raises(ParameterRefusal, match="it has"):
        verbs.set_param(state, ("n2", "n3"), "units", 5)


def test_training_and_data_settings_are_checked() -> None:
    state = DocState()
    assert verbs.set_training(state, "batch_size", 8).training.batch_size == 8
    assert verbs.set_training(state, "batch_size", 32) is state
    for name, value in (("batch_size", 0), ("epochs", 1.5), ("dtype", "int8"), ("patience", 0), ("speed", 1)):
        with pytest.raises(SettingRefusal) as refusal:
            verbs.set_training(state, name, value)
        assert refusal.value.remedy
    assert verbs.set_data_field(state, "source", Spec("xor")).data.source.type == "xor"
    with pytest.raises(SettingRefusal, match="together"):
        verbs.set_data(state, DataSetup(validation=0.5, test=0.5))


def test_layout_and_notes_round_trip_byte_for_byte() -> None:
    layout = {
        "from_the_future": {"a": [1, {"b": None}]},
        "positions": {"n2": [10, 20.5], "n1": [0, 0.0]},
        "reroutes": [{"wire": ["n1", "out", "n2", "in"], "points": [[1, 2], [3.5, 4]]}],
        "frames": {"f1": {"title": "t", "colour": "dense", "box": [0, 1, 2, 3], "locked": True}},
        "groups": {"g1": {"title": "g", "members": ["n1"]}},
    }
    notes = {"t9": {"text": "**x**", "colour": "", "box": [1, 2, 3, 4]}}
    project = Project(chain("input", "dense").graph, layout=layout, notes=notes, title="t")
    state = DocState.of(project)
    assert json.dumps(state.project().layout) == json.dumps(layout)
    assert json.dumps(state.project().notes) == json.dumps(notes)
    assert state.positions["n2"] == Point(10, 20.5) and state.frames["f1"].box == Box(0, 1, 2, 3)
    moved = verbs.move_nodes(state, {"n1": Point(8, 8)})
    assert json.dumps(moved.project().layout) == json.dumps(layout).replace("[0, 0.0]", "[8, 8]", 1)


@pytest.mark.parametrize("sample", sorted(p.name for p in (ROOT / "samples").glob("*.json")))
def test_samples_round_trip(sample: str) -> None:
    project = read_project((ROOT / "samples" / sample).read_bytes())
    assert project_bytes(DocState.of(project).project()) == project_bytes(project)


@pytest.mark.parametrize(
    ("layout", "path"),
    [
        ({"positions": {"n1": [1]}}, "layout.positions.n1"),
        ({"positions": {"n1": [1, "2"]}}, "layout.positions.n1"),
        ({"positions": {"n1": [1, float("nan")]}}, "layout.positions.n1"),
        ({"positions": [1]}, "layout.positions"),
        ({"frames": {"f": {"box": [1, 2, 3]}}}, "layout.frames.f.box"),
        ({"groups": {"g": {"members": [1]}}}, "layout.groups.g.members"),
        ({"reroutes": [{"wire": ["a"], "points": []}]}, "layout.reroutes[0].wire"),
    ],
)
def test_malformed_layout_names_the_entry(layout: dict[str, object], path: str) -> None:
    with pytest.raises(LayoutRefusal) as refusal:
        DocState.of(Project(layout=layout))  # type: ignore[arg-type]
    assert refusal.value.path == path


def test_notes_and_frames_come_and_go() -> None:
    state = verbs.set_note(DocState(), "t1", Note("a", Box(0, 0, 8, 8)))
    assert verbs.set_note(state, "t1", Note("a", Box(0, 0, 8, 8))) is state
    assert verbs.remove_note(state, "t1") == DocState()
    with pytest.raises(ValueError, match="there is no note"):
        verbs.remove_note(DocState(), "t1")
    framed = verbs.set_frame(state, "f1", Frame("f", Box(0, 0, 8, 8)))
    assert DocState.of(framed.project()) == framed


def test_a_fragment_round_trips_through_text_with_parameters_and_flags() -> None:
    state = chain("input", "dense", "dense")
    state = verbs.set_param(state, ("n2",), "activation", Spec("leaky_relu", {"slope": 0.2}))
    state = verbs.set_param(state, ("n1",), "size", (3, 4))
    state = verbs.set_frozen(state, ("n2",), True)
    fragment = verbs.cut_out(state, ("n1", "n2"))
    again = verbs.load_fragment(verbs.dump_fragment(fragment))
    assert again == fragment


def test_paste_renews_ids_and_names_and_keeps_wires() -> None:
    state = chain("input", "dense", "dense")
    fragment = verbs.cut_out(state, ("n2", "n3"))
    after = verbs.paste(state, fragment, 8, 16)
    assert [n.name for n in after.graph.nodes.values()][3:] == ["Dense 3", "Dense 4"]
    assert wires(after)[2:] == [("n4", "n5")]
    assert after.position("n4") == Point(232, 16)
    wired = verbs.paste(state, fragment, 8, 16, True)
    assert set(wires(wired)[2:]) == {("n4", "n5"), ("n1", "n4")}


def test_paste_with_incoming_wires_leaves_out_what_is_not_there() -> None:
    state = chain("input", "dense")
    fragment = verbs.cut_out(state, ("n2",))
    assert wires(verbs.paste(verbs.remove_nodes(state, ("n1",)), fragment, 0, 0, True)) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[1]",
        '{"gradloom": 1}',
        '{"gradloom": 99, "nodes": [1]}',
        '{"gradloom": 1, "nodes": [{"id": "a"}]}',
        '{"gradloom": 1, "nodes": [{"id": "a", "type": "dense", "name": "d", "at": [0, 1e400]}]}',
        '{"gradloom": 1, "nodes": [{"id": "a", "type": "dense", "name": "d", "at": [0, NaN]}]}',
        '{"gradloom": 1, "nodes": [{"id": "a", "type": "dense", "name": "d", "params": {"units": -1}, "at": [0, 0]}]}',
        '{"gradloom": 1, "nodes": [{"id": "a", "type": "dense", "name": "d", "at": [0, 0]}], "edges": [["a"]]}',
        "[" * 100_000,
    ],
)
def test_foreign_clipboard_text_is_refused_kindly(text: str) -> None:
    with pytest.raises(FragmentRefusal, match="clipboard"):
        verbs.load_fragment(text)


def test_a_wire_to_itself_in_a_fragment_is_refused_when_pasted() -> None:
    text = verbs.dump_fragment(verbs.cut_out(chain("input", "dense"), ("n2",)))
    value = json.loads(text)
    value["edges"] = [["n2", "out", "n2", "in"]]
    with pytest.raises(ValueError, match="itself"):
        verbs.paste(DocState(), verbs.load_fragment(json.dumps(value)), 0, 0)


def test_unknown_layer_types_survive_copy_and_paste() -> None:
    state = verbs.add_node(DocState(), "n1", "from_the_future", Point(0, 0), (), {"a": (1, 2)})
    after = verbs.duplicate(state, ("n1",), 8, 8)
    assert after.graph.nodes["n2"].params == {"a": (1, 2)} and Edge("n1", "n2") not in after.graph.edges
