"""Exports give the same answers as the reference backend, in PyTorch, Keras and ONNX Runtime, and train as drawn."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backends import make_executable
from engine.backends.initial import initial_weights
from engine.declare import Spec
from engine.files.errors import FormatError
from engine.files.keras_text import export_keras
from engine.files.onnx_graph import IR_VERSION, OPSET, OnnxExportError, export_onnx
from engine.files.onnx_read import parse_onnx
from engine.files.project_file import read
from engine.files.torch_text import RESERVED, export_torch
from engine.files.weights import write_weights
from engine.graph import Edge, Graph, Node, Project, TrainingSetup
from engine.optimizers import OPTIMIZERS
from engine.plan import PlanError, build_plan
from engine.schedules import SCHEDULES

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = sorted((ROOT / "samples").glob("*.json"))

CROSS = Spec("softmax_cross_entropy")


def chain(*nodes: Node, **setup: Any) -> Project:
    edges = tuple(Edge(a.id, b.id) for a, b in pairwise(nodes))
    return Project(Graph({n.id: n for n in nodes}, edges), TrainingSetup(**setup), title="A chain")


def softmax_node() -> Project:
    return chain(
        Node("x", "input", "x", {"size": (5,)}),
        Node("d", "dense", "scores", {"units": 3}),
        Node("s", "softmax", "softmax"),
        Node("o", "output", "class", {"loss": CROSS}),
    )


def logits_only() -> Project:
    return chain(
        Node("x", "input", "x", {"size": (5,)}),
        Node("d", "dense", "scores", {"units": 3}),
        Node("o", "output", "class", {"loss": CROSS}),
    )


def softmax_before_dropout() -> Project:
    """A softmax that is not the last stage is no fused one."""
    return chain(
        Node("x", "input", "x", {"size": (5,)}),
        Node("d", "dense", "scores", {"units": 3, "activation": Spec("softmax"), "dropout": 0.2}),
        Node("o", "output", "class", {"loss": CROSS}),
    )


def two_of_all() -> Project:
    """Two inputs, a branch that is used twice, a muted node, a frozen one, two heads, names to trip over."""
    nodes = [
        Node("a", "input", "x", {"size": (4,)}),
        Node("b", "input", "self", {"size": (3,), "field": "import"}),
        Node("da", "dense", "train", {"units": 6, "activation": Spec("tanh"), "l1": 0.01, "l2": 0.02}, frozen=True),
        Node("db", "dense", "class", {"units": 6, "activation": Spec("elu"), "l2": 0.03}),
        Node("m", "relu", "class", muted=True),
        Node("add", "add", "가 나"),
        Node("cat", "concat", "forward"),
        Node("p", "dense", "", {"units": 1, "activation": Spec("sigmoid")}),
        Node("q", "dense", "class", {"units": 2, "activation": Spec("tanh"), "batch_norm": "after"}),
        Node("o1", "output", "first", {"loss": Spec("binary_cross_entropy"), "weight": 0.5}),
        Node("o2", "output", "second", {"loss": Spec("mse"), "field": "z"}),
    ]
    wires = [
        ("a", "da"), ("b", "db"), ("da", "m"), ("m", "add"), ("db", "add"), ("add", "cat"), ("da", "cat"),
        ("cat", "p"), ("cat", "q"), ("p", "o1"), ("q", "o2"),
    ]  # fmt: skip
    return Project(Graph({n.id: n for n in nodes}, tuple(Edge(a, b) for a, b in wires)), title='Two "of"\nall\\')


NETS = {
    "softmax node": softmax_node,
    "logits only": logits_only,
    "softmax before dropout": softmax_before_dropout,
    "two of all": two_of_all,
    **{p.stem: (lambda p=p: read(p).project) for p in SAMPLES},
}


class Case:
    """A net with random weights and inputs, and what the reference backend says of them."""

    def __init__(self, project: Project, rng: np.random.Generator) -> None:
        self.project, self.plan = project, build_plan(project.graph)
        start = initial_weights(self.plan, 1)
        noise = {k: v + rng.normal(scale=0.1, size=v.shape) for k, v in start.items()}
        self.weights = {k: (np.abs(v) + 0.1 if "var" in k[1] else v).astype(np.float32) for k, v in noise.items()}
        self.x = {
            s.field: rng.normal(size=(5, *self.plan.values[s.value].shape)).astype(np.float32) for s in self.plan.inputs
        }
        executable = make_executable("numpy", self.plan, OPTIMIZERS.make("sgd"), "float32", 0)
        executable.load_weights(self.weights)
        heads = self.plan.heads
        values = executable.forward(self.x, [h.shown for h in heads] + [h.prediction for h in heads])
        self.shown = [values[h.shown] for h in heads]
        self.logits = [values[h.prediction] for h in heads]


@pytest.fixture(params=NETS)
def case(request: pytest.FixtureRequest, rng: np.random.Generator) -> Case:
    return Case(NETS[request.param](), rng)


def close(theirs: Any, ours: NDArray[Any]) -> None:
    np.testing.assert_allclose(np.asarray(theirs), ours, rtol=2e-5, atol=2e-5)


def torch_namespace(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    return names


def listed(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, tuple | list) else [outputs]


@pytest.mark.parity("torch")
def test_torch_file_gives_the_same_answers(case: Case, tmp_path: Path) -> None:
    import torch

    net = torch_namespace(export_torch(case.project).text)["Net"]().eval()
    write_weights(tmp_path / "w.safetensors", case.weights)
    net.load_weights(str(tmp_path / "w.safetensors"))
    x = [torch.from_numpy(a) for a in case.x.values()]
    with torch.no_grad():
        for theirs, ours in zip(listed(net(*x)), case.logits, strict=True):
            close(theirs.numpy(), ours)
        shown = net.predict if hasattr(net, "predict") else net
        for theirs, ours in zip(listed(shown(*x)), case.shown, strict=True):
            close(theirs.numpy(), ours)


@pytest.mark.parity("torch", "keras")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' torch backend
def test_keras_file_gives_the_same_answers(case: Case, tmp_path: Path) -> None:
    pytest.importorskip("keras")
    names = torch_namespace(export_keras(case.project).text)
    model = names["build"]()
    write_weights(tmp_path / "w.safetensors", case.weights)
    names["load_weights"](model, str(tmp_path / "w.safetensors"))
    answers = model.predict(list(case.x.values()), verbose=0)
    for theirs, ours in zip(listed(answers), case.shown, strict=True):
        close(theirs, ours)


@pytest.mark.parity("onnxruntime")
def test_onnx_model_gives_the_same_answers(case: Case) -> None:
    import onnxruntime

    data = export_onnx(case.project, case.weights)
    assert data == export_onnx(case.project, case.weights)
    session = onnxruntime.InferenceSession(data)
    names = [i.name for i in session.get_inputs()]
    found = dict(zip([o.name for o in session.get_outputs()], session.run(None, dict(zip(names, case.x.values())))))
    wanted: list[NDArray[Any]] = []
    for h, shown, logits in zip(case.plan.heads, case.shown, case.logits):
        wanted += [shown] if h.shown == h.prediction else [shown, logits]
    assert len(found) == len(wanted)
    for theirs, ours in zip(found.values(), wanted):
        close(theirs, ours)


def test_onnx_model_says_what_it_is(rng: np.random.Generator) -> None:
    case = Case(softmax_node(), rng)
    model = parse_onnx(export_onnx(case.project, case.weights))
    assert model.ir_version == IR_VERSION and [(o.domain, o.version) for o in model.opset_import] == [("", OPSET)]
    assert [o.name for o in model.graph.output] == ["probabilities", "logits"]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"
    assert {p.key: p.value for p in model.metadata_props}["title"] == "A chain" and model.producer_name == "gradloom"
    assert any(n.name.startswith("scores/") for n in model.graph.node)


def test_missing_weight_is_named() -> None:
    with pytest.raises(OnnxExportError, match="scores: its weight 'weight' is missing"):
        export_onnx(softmax_node(), {})


def test_graph_that_cannot_run_is_refused_with_its_problems() -> None:
    broken = chain(Node("x", "input", "x"), Node("d", "dense", "d", {"units": 0}), Node("o", "output", "o"))
    for export in (export_torch, export_keras, lambda p: export_onnx(p, {})):
        with pytest.raises(PlanError, match="units"):
            export(broken)
        with pytest.raises(PlanError):
            export(Project())


def test_external_data_is_refused_before_any_tensor_is_read(rng: np.random.Generator, tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    outside = TensorProto(name="w", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="../../etc/passwd")
    inner = helper.make_graph([], "inner", [], [], [outside])
    in_attribute = helper.make_node("Constant", [], ["c"], value=outside)
    in_branch = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    listed_only = TensorProto(name="w", data_type=1, dims=[1])
    listed_only.external_data.add(key="location", value="weights.bin")
    for nodes, tensors in (([], [outside]), ([in_attribute], []), ([in_branch], []), ([], [listed_only])):
        model = helper.make_model(helper.make_graph(nodes, "g", [], [], tensors))
        with pytest.raises(FormatError, match="lies in another file"):
            parse_onnx(model.SerializeToString())
    case = Case(softmax_node(), rng)
    assert onnx.checker.check_model(parse_onnx(export_onnx(case.project, case.weights))) is None


@pytest.mark.parametrize("data", [b"\xff" * 100, b"hello", b"\x0a\xff\xff\xff\xff\x0f"])
def test_what_is_no_onnx_model_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_onnx(data)


@pytest.mark.parity("torch")
def test_reserved_names_are_those_of_a_module() -> None:
    from torch import nn

    assert {n for n in dir(nn.Module) if not n.startswith("_")} <= RESERVED


NASTY = [
    '"""\nimport os',
    "a\\",
    "'); boom(",
    "\u2028x\n\nboom()",
    "class",
    "__init__",
    "١",
    "v7",
    "⟨0⟩",
    "",
    " ",
    "😀",
]


@pytest.mark.parity("torch")
@pytest.mark.parametrize("text", NASTY)
def test_names_and_titles_cannot_become_code(text: str) -> None:
    project = chain(
        Node("x", "input", text, {"size": (2,), "field": text}),
        Node("d", "dense", text, {"units": 1}),
        Node("e", "dense", text, {"units": 1}),
        Node("o", "output", text, {"field": text}),
    )
    project = replace(project, title=text)
    for export in (export_torch, export_keras):
        written = export(project).text
        called = {
            n.func.id for n in ast.walk(ast.parse(written)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert "boom" not in called
        names = torch_namespace(written)
        assert "os" not in names


OWN = [o for o in OPTIMIZERS]


@pytest.mark.parity("torch")
@pytest.mark.parametrize("optimizer", OWN)
def test_exported_script_trains_as_the_trainer_does(optimizer: str, tmp_path: Path, rng: np.random.Generator) -> None:
    """``train`` of the file ends at the reference backend's weights: penalties, frozen layer, schedule and all."""
    project = two_of_all()
    setup = TrainingSetup(
        optimizer=Spec(optimizer, {"rate": 0.003}), schedule=Spec("cosine", {"warm_up": 2}), batch_size=8, epochs=3,
        shuffle=False, dtype="float64",
    )  # fmt: skip
    project = replace(project, training=setup)
    plan = build_plan(project.graph)
    data = {"x": rng.normal(size=(20, 4)), "import": rng.normal(size=(20, 3))}
    targets = {"y": rng.integers(0, 2, (20, 1)).astype(np.float64), "z": rng.normal(size=(20, 2))}
    schedule, made = SCHEDULES.make(setup.schedule), OPTIMIZERS.make(setup.optimizer)
    executable = make_executable("numpy", plan, made, "float64", 0)
    start = executable.weights()
    write_weights(tmp_path / "w.safetensors", start)
    executable.bind(data, targets)
    step = 0
    for _ in range(3):
        for rows in (np.arange(8), np.arange(8, 16), np.arange(16, 20)):
            executable.train(rows[None], np.array([made.rate * schedule.factor(step, 3, 9)]), step)
            step += 1
    names = torch_namespace(export_torch(project).text)
    import torch

    net = names["train"](
        [torch.from_numpy(v) for v in data.values()], [torch.from_numpy(v) for v in targets.values()],
        weights=str(tmp_path / "w.safetensors"),
    )  # fmt: skip
    state, ours = net.state_dict(), executable.weights()
    for theirs, key in names["WEIGHTS"].items():
        node, _, name = key.partition("/")
        moved = np.abs(ours[node, name] - start[node, name]).max()
        np.testing.assert_allclose(state[theirs].numpy(), ours[node, name], atol=1e-9 + 1e-6 * moved)
    assert np.array_equal(ours["da", "weight"], start["da", "weight"])


@pytest.mark.parity("torch")
def test_exported_file_runs_as_a_program(tmp_path: Path, rng: np.random.Generator) -> None:
    np.savez(tmp_path / "data.npz", x=rng.normal(size=(20, 5)), y=rng.integers(0, 3, 20))
    project = replace(softmax_node(), training=TrainingSetup(epochs=2, batch_size=8))
    (tmp_path / "net.py").write_text(export_torch(project).text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "net.py", "data.npz"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"epoch 1: loss \d\.\d{4}\nepoch 2: loss \d\.\d{4}\n", done.stdout)


def test_exported_text_is_tidy() -> None:
    for p in SAMPLES:
        text = export_torch(read(p).project).text
        assert max(map(len, text.split("\n"))) <= 120 and text.endswith("\n") and "⟨" not in text
