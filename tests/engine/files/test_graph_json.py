"""graph.json: what is written is read again; what is wrong is named by its place."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from engine.declare import Spec
from engine.files.errors import FormatError
from engine.files.graph_json import project_bytes, read_project
from engine.files.wire import schema_text
from engine.graph import Edge, Graph, Node, Project
from tests.engine.files.projects import projects, small_project

ROOT = Path(__file__).resolve().parents[3]
HEAD = '{"format":"gradloom","format_version":1,'


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(projects())
def test_every_project_comes_back(project: Project) -> None:
    data = project_bytes(project)
    again = read_project(data)
    assert again == project
    assert project_bytes(again) == data


def test_defaults_are_left_out_and_a_spec_without_parameters_is_its_name() -> None:
    text = project_bytes(small_project()).decode()
    whole = json.loads(text)
    assert whole["nodes"][0] == {"id": "in", "type": "input", "name": "points", "params": {"size": [3]}}
    assert whole["nodes"][2]["params"]["activation"] == "softmax"
    assert whole["nodes"][1]["params"]["activation"] == {"type": "leaky_relu", "slope": 0.2}
    assert whole["edges"][0] == {"from": "in", "to": "h"}
    noisy = replace(small_project(), graph=Graph({"a": Node("a", "dense", "a", {"units": 32, "l1": 0.5})}))
    assert json.loads(project_bytes(noisy))["nodes"][0]["params"] == {"l1": 0.5}


def test_moving_one_node_changes_one_line() -> None:
    project = small_project()
    moved = replace(project, layout={"positions": {**project.layout["positions"], "h": [240, 96]}})  # type: ignore[dict-item]
    before, after = project_bytes(project).splitlines(), project_bytes(moved).splitlines()
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after)) == 1


def test_order_in_which_parameters_were_set_leaves_no_trace() -> None:
    def one(params: dict[str, Any]) -> bytes:
        return project_bytes(Project(Graph({"a": Node("a", "dense", "a", params)})))

    assert one({"units": 3, "l1": 0.5}) == one({"l1": 0.5, "units": 3})


def test_unknown_layer_survives_byte_for_byte() -> None:
    line = (
        '{"id": "q", "type": "quantum", "name": "Q", "params": {"b": [1, 2.5], "a": {"type": "x"}, '
        '"c": {"type": "y", "k": 1}, "d": {"z": [{"w": null}]}, "e": [], "f": 1e-07, "g": "text"}, "version": 7}'
    )
    entry = json.loads(line)
    data = project_bytes(read_project(f'{HEAD}"nodes":[{line}]}}'.encode()))
    stored = json.loads(data)["nodes"][0]
    assert stored == entry
    assert json.dumps(stored) == json.dumps(entry)  # order too
    assert project_bytes(read_project(data)) == data


def test_newer_version_of_a_known_layer_is_kept_as_it_is() -> None:
    text = f'{HEAD}"nodes":[{{"id":"a","type":"dense","name":"","params":{{"quantile":0.5}},"version":99}}]}}'
    node = read_project(text.encode()).graph.nodes["a"]
    assert node.version == 99
    assert node.params == {"quantile": 0.5}


def _with(**fields: Any) -> bytes:
    return json.dumps({"format": "gradloom", "format_version": 1, **fields}).encode()


def _node(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "type": "dense", "name": "hidden 1", **fields}


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


REFUSED = [
    (b"", "", "not a Gradloom project"),
    (b"hello", "", "not a Gradloom project"),
    (b"{}", "format", "not a Gradloom project"),
    (b'{"format": "other"}', "format", "not a Gradloom project"),
    (b'{"format": "gradloom", "format_version": "1"}', "format_version", "whole number"),
    (b'{"format": "gradloom", "format_version": 2, "unheard": 1}', "format_version", "newer Gradloom"),
    (b'{"format": "gradloom",\n "x": nope}', "line 2, column 8", "no JSON"),
    (b'{"format": "gradloom", "format_version": 1,\n "title": "\xff"}', "line 2, column 12", "not UTF-8"),
    (_with(nodez=[]), "", "unknown field `nodez`"),
    (_with(nodes=[_node(), _node()]), 'nodes[1] "hidden 1".id', "same id"),
    (_with(nodes=[_node(id="a/b")]), "nodes[0].id", "an id of letters"),
    (_with(nodes=[_node(id="a\n")]), "nodes[0]", "id of letters"),
    (_with(nodes=[_node(params={"units": 0})]), 'nodes[0] "hidden 1".params.units', "does not fit Dense"),
    (_with(nodes=[_node(params={"units": 10**30})]), 'nodes[0] "hidden 1".params', "too large"),
    (_with(nodes=[_node(params={"l2": "x"})]), 'nodes[0] "hidden 1".params.l2', "does not fit Dense"),
    (_with(nodes=[_node(params={"unitz": 1})]), 'nodes[0] "hidden 1".params.unitz', "does not fit Dense"),
    (_with(nodes=[_node(params={"activation": "dense"})]), 'nodes[0] "hidden 1".params.activation', "no activation"),
    (_with(nodes=[_node(params={"weight_init": "hee"})]), 'nodes[0] "hidden 1".params.weight_init', "no initializer"),
    (
        _with(nodes=[_node(params={"activation": {"type": "leaky_relu", "slope": "x"}})]),
        'nodes[0] "hidden 1".params.activation.slope',
        "does not fit",
    ),
    (_with(nodes=[_node(name=3)]), "nodes[0].name", "another kind"),
    (_with(edges=[{"from": "a", "to": "b"}]), "edges[0]", "not there"),
    (_with(nodes=[_node()], edges=[{"from": "a", "to": "a"}]), "edges[0]", "to itself"),
    (_with(nodes=[_node(), _node(id="b")], edges=[{"from": "a", "to": "b"}] * 2), "edges[1]", "twice"),
    (
        _with(nodes=[_node(), _node(id="b")], edges=[{"from": "a", "to": "b"}, {"from": "b", "to": "a"}]),
        "edges",
        "close a loop",
    ),
    (_with(layout={"x": _nested(40)}), "layout", "nests too deep"),
    (_with(nodes=[_node(type="unheard", params={"x": _nested(40)})]), 'nodes[0] "hidden 1".params', "nests too deep"),
    (_with(layout={"x": 2**70}), "layout", "too large"),
    (_with(training={"optimizer": "adamm"}), "training.optimizer", "no optimizer"),
    (_with(training={"optimizer": {"rate": 1}}), "training.optimizer", "needs its type"),
    (_with(training={"epochs": 0}), "training.epochs", ""),
    (_with(training={"dtype": "float16"}), "training.dtype", ""),
    (_with(data={"validation": 0.5, "test": 0.5}), "data", "nothing to train on"),
    (_with(data={"source": {"type": "circle", "noise": 99}}), "data.source.noise", "does not fit Circle"),
    (b'{"format":"gradloom","format_version":1,"training":{"target_loss":1e999}}', "training.target_loss", ""),
    (b'{"format":"gradloom","format_version":1,"training":{"target_loss":NaN}}', "line 1", "no JSON"),
]


@pytest.mark.parametrize(("data", "where", "rule"), REFUSED, ids=range(len(REFUSED)))
def test_refusals_name_the_place_and_the_rule(data: bytes, where: str, rule: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_project(data, "my.json")
    e = caught.value
    assert e.where.startswith(where) and rule in e.rule, (e.where, e.rule)
    assert str(e).startswith("my.json: ") and e.remedy


def test_loop_is_told_by_its_names() -> None:
    nodes = [_node(id=i, name=n) for i, n in (("a", "one"), ("b", "two"), ("c", "three"), ("d", "after"))]
    wires = [{"from": a, "to": b} for a, b in ("ab", "bc", "ca", "cd")]
    with pytest.raises(FormatError) as caught:
        read_project(_with(nodes=nodes, edges=wires))
    assert caught.value.got == "one -> two -> three -> one"


def test_nan_cannot_be_written() -> None:
    for bad in (
        Project(Graph({"a": Node("a", "dense", "a", {"l1": float("nan")})})),
        Project(layout={"x": float("inf")}),
    ):
        with pytest.raises(FormatError, match="NaN"):
            project_bytes(bad)


def test_terminal_codes_in_a_name_are_not_passed_on() -> None:
    with pytest.raises(FormatError) as caught:
        read_project(_with(nodes=[_node(name="\x1b[2Jboo", params={"units": 0})]))
    assert "\x1b" not in str(caught.value)


BOMBS = {
    "brackets": b"[" * 200_000,
    "brackets in a field": HEAD.encode() + b'"layout":{"x":' + b"[" * 200_000,
    "closed brackets": HEAD.encode() + b'"layout":{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "deep params": HEAD.encode() + b'"nodes":[{"id":"a","type":"x","params":{"p":' + b'{"p":' * 90_000,
    "unknown deep": b'{"x":' + b"[" * 200_000,
    "million nodes": HEAD.encode() + b'"nodes":[' + b",".join([b'{"id":"a","type":"b"}'] * 1_000_000) + b"]}",
    "200k nodes": HEAD.encode() + b'"nodes":[' + b",".join([b'{"id":"a","type":"b"}'] * 200_000) + b"]}",
    "numbers": HEAD.encode() + b'"layout":{"x":[' + b"0.5," * 8_000_000 + b"1]}}",
    "long number": HEAD.encode() + b'"layout":{"x":' + b"9" * 1_000_000 + b"}}",
    "long text": HEAD.encode() + b'"title":"' + b"x" * 33_000_000 + b'"}',
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_at_once(name: str) -> None:
    started = time.process_time()
    with pytest.raises(FormatError):
        read_project(BOMBS[name])
    assert time.process_time() - started < 1.0


MEASURE = """
import resource, sys, time
from engine.files.graph_json import read_project
from engine.files.errors import FormatError
data = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
try:
    read_project(data)
except FormatError:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, time.process_time() - started)
"""


@pytest.mark.parametrize("name", ["million nodes", "200k nodes", "numbers"])
def test_bombs_take_little_memory(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], input=BOMBS[name], capture_output=True, cwd=ROOT, check=True)
    megabytes, seconds = map(float, done.stdout.split())
    assert megabytes < 200 and seconds < 1.5  # the child's first import of its decoder is in the time


def test_a_thousand_nodes_take_milliseconds() -> None:
    made = {
        f"n{k}": Node(f"n{k}", "dense", f"hidden {k}", {"units": 4, "activation": Spec("relu")}) for k in range(1000)
    }
    project = Project(Graph(made, tuple(Edge(f"n{k}", f"n{k + 1}") for k in range(999))))
    data = project_bytes(project)
    started = time.process_time()
    assert read_project(data) == project
    assert time.process_time() - started < 0.5


def test_published_schema_is_up_to_date() -> None:
    published = (ROOT / "resources" / "schema" / "graph-1.json").read_text(encoding="utf-8")
    assert published == schema_text(), (
        "run: python -c 'from engine.files.wire import schema_text; print(schema_text())'"
    )


def test_byte_order_mark_is_forgiven() -> None:
    data = project_bytes(small_project())
    assert read_project(b"\xef\xbb\xbf" + data) == small_project()
