"""Two hundred random networks beside PyTorch; ``python -m tests.long dag_fuzz`` tries twenty thousand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.analysis import infer
from engine.backends import make_executable
from engine.backends.numpy import NumpyExecutable
from engine.backends.tape.refusal import refusals
from engine.layers import LAYERS
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.plan import build_plan
from engine.primitives import PRIMITIVES
from tests.engine.layers.parity import torch_module
from tests.engine.run_program import layer_net
from tests.engine.training.nets import chain
from tests.torch.dag_judge import judge
from tests.torch.dag_run import make_case, ours
from tests.torch.random_dags import LEFT_OUT_OPTIMIZERS, draw_project

pytest.importorskip("torch")
pytestmark = pytest.mark.parity("torch")
PIECES, EACH = 20, 10


@pytest.mark.parametrize("piece", range(PIECES))
def test_random_networks_train_as_pytorch_does(piece: int) -> None:
    for number in range(piece * EACH, (piece + 1) * EACH):
        found = judge(make_case(0, number)).wrong
        assert not found, f"network {number} of seed 0: {'; '.join(found)}"


def test_every_kind_of_network_is_drawn() -> None:
    """Every layer type, several inputs and outputs, and layers that share, are frozen or muted."""
    types, sizes, marks, losses, optimizers = set[str](), set[int](), set[str](), set[str](), set[str]()
    for number in range(400):
        project = draw_project(np.random.default_rng([1, number]))
        graph = project.graph
        optimizers.add(project.training.optimizer.type)
        assert not infer(graph).errors
        nodes = graph.nodes.values()
        types |= {n.type for n in nodes}
        losses |= {h.loss.id for h in build_plan(graph).heads}
        sizes.add(len(nodes))
        plan = build_plan(graph)
        marks |= {f"{min(len(plan.inputs), 2)} in", f"{min(len(plan.heads), 2)} out"}
        marks |= {m for n in nodes for m in ("shares", "frozen", "muted") if getattr(n, m)}
    assert types == set(LAYERS) and losses == set(LOSSES)
    assert optimizers == set(OPTIMIZERS) - LEFT_OUT_OPTIMIZERS
    assert min(sizes) <= 4 and max(sizes) >= 29
    assert marks == {"1 in", "2 in", "1 out", "2 out", "shares", "frozen", "muted"}


@pytest.mark.parametrize("what", ["weight", "gradient"])
def test_a_small_mistake_is_found(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part in a hundred million of one tensor, in float64."""
    case = make_case(0, 3)

    def wrong(*arguments: object) -> object:
        found = ours(*arguments)  # type: ignore[arg-type]
        wanted = [k for k in found if k.startswith("d ") == (what == "gradient") and not k.startswith("output")]
        key = max(wanted, key=lambda k: float(np.linalg.norm(found[k])))
        return {**found, key: found[key] * (1 + 1e-8)}

    monkeypatch.setattr("tests.torch.dag_judge.ours", wrong)
    assert judge(case).wrong


def _planted(monkeypatch: pytest.MonkeyPatch, primitive: str, method: str, spoil: Callable[[Any], Any]) -> int:
    """Of forty networks, how many are found wrong in float32 where every such operation is spoilt."""
    cls = PRIMITIVES[primitive]
    sound, met = getattr(cls, method), 0

    def spoilt(*arguments: Any) -> Any:
        return spoil(sound(*arguments))

    wrong = 0
    for number in range(40):
        case = make_case(3, number)
        if not any(s.primitive.id == primitive for s in case.plan.steps):
            continue
        met += 1
        with monkeypatch.context() as patch:
            patch.setattr(cls, method, spoilt)
            wrong += bool(judge(case, NumpyExecutable).wrong)
    assert met
    return wrong


@pytest.mark.parametrize(("primitive", "method", "spoil"), [
    pytest.param("linear", "forward", lambda r: (r[0] * 1.001, r[1]), id="a wrong scale"),
    pytest.param("conv2d", "backward", lambda r: (*r[:-1], 0 * r[-1]) if r[-1] is not None else r, id="a missing term"),
])  # fmt: skip
def test_a_planted_mistake_is_found(
    primitive: str, method: str, spoil: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In float32 too, where the bound grows with how the network magnifies rounding."""
    assert _planted(monkeypatch, primitive, method, spoil) > 0


@pytest.mark.parametrize("shape", [(6, 5), (4, 3, 2)])
def test_whole_maps_are_dropped_alike_on_every_backend(shape: tuple[int, ...]) -> None:
    """Found here: the tape dropped single cells instead; it may refuse, but not that."""
    graph = chain(("input", {"size": shape}), ("prelu", {}), ("spatial_dropout", {"rate": 0.5}), ("output", {}))
    plan, rng = build_plan(graph), np.random.default_rng(0)
    x, y = ({k: rng.normal(size=(30, *shape))} for k in ("x", "y"))
    losses = []
    for name in ("numpy", *(() if refusals(plan, OPTIMIZERS.make("sgd"), "float32") else ("tape",))):
        executable = make_executable(name, plan, OPTIMIZERS.make("sgd"), "float32", 0)
        executable.bind(x, y)
        losses.append(executable.train(np.arange(30).reshape(5, 6), np.full(5, 0.1), 0).loss)
    np.testing.assert_allclose(losses[-1], losses[0], rtol=1e-5)


@pytest.mark.parity("torch")
def test_an_exported_permute_lies_in_one_piece() -> None:
    """Found here: PyTorch 2.13 ends with a segmentation fault where GroupNorm's input has its channels last."""
    shapes = [(2, 7, 3)]
    module, _ = torch_module(LAYERS["permute"](order=(2, 0, 1)), shapes, layer_net(
        LAYERS["permute"](order=(2, 0, 1)), shapes, np.random.default_rng(0)), "float64")  # fmt: skip
    import torch

    assert module(torch.zeros(6, 2, 7, 3)).is_contiguous()


def test_batch_norm_before_a_permute_has_the_gradient_of_differences() -> None:
    """Found here: PyTorch 2.13 has not, where an axis is 1; ours is judged by differences instead."""
    graph = chain(
        ("input", {"size": (2, 1, 9)}), ("conv2d", {"filters": 2, "kernel": (1, 1)}), ("batch_norm", {}),
        ("permute", {"order": (2, 0, 1)}), ("output", {}),
    )  # fmt: skip
    plan, rng = build_plan(graph), np.random.default_rng(0)
    executable = NumpyExecutable(plan, OPTIMIZERS.make("sgd"), "float64", 0)
    x, y = {"x": rng.normal(size=(6, 2, 1, 9))}, {"y": rng.normal(size=(6, 9, 2, 1))}
    seen = executable.gradients(x, y, training=True)
    (kernel,) = [w for w in plan.weights if w.is_kernel]
    at, v = executable.weights()[kernel.node, "weight"], rng.normal(size=kernel.shape)
    sides = []
    for h in (1e-6, -1e-6):
        executable.load_weights({(kernel.node, "weight"): at + h * v})
        shown = executable.gradients(x, y, training=True).values[plan.heads[0].prediction]
        sides.append(float(np.mean(plan.heads[0].loss.per_sample(np, shown, y["y"]))))
    slope = float(np.sum(seen.weight_grads[kernel.value] * v))
    assert abs(slope) > 1e-3 and (sides[0] - sides[1]) / 2e-6 == pytest.approx(slope, rel=1e-6)
