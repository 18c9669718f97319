"""Every remedy that the doctor names can be done, changes what it says and nothing else, and says when it cannot."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from designer.document.refusals import EditRefusal
from designer.document.state import DocState
from designer.document.verbs.doctor_fixes import _KINDS, apply_remedy, hidden_layers, last_layers
from engine.analysis import infer
from engine.declare import Spec
from engine.graph import Graph
from engine.layers import Fix
from engine.probes import doctor
from tests.engine.training.nets import chain, mlp

GIVEN = Spec("given", {"values": (0.1,) * 8})


def doc(graph: Graph) -> DocState:
    return DocState(graph=graph)


def param(state: DocState, node: str, name: str) -> object:
    return state.graph.nodes[node].params.get(name)


DEEP = mlp((2, 4, 4, 1), "sigmoid", loss="half_squared")


def test_hidden_and_last_layers_are_told_apart() -> None:
    assert hidden_layers(DEEP) == ("n1", "n2") and last_layers(DEEP) == ("n3",)
    drawn = chain(
        ("input", {"size": (2,)}), ("dense", {"units": 4}), ("sigmoid", {}), ("dense", {"units": 3}), ("softmax", {}),
        ("output", {}),
    )  # fmt: skip
    assert hidden_layers(drawn) == ("n1",) and last_layers(drawn) == ("n3",)


def test_all_hidden_layers_change_at_once_and_the_last_does_not() -> None:
    fix = Fix("", "set_hidden", {"activation": Spec("relu"), "weight_init": Spec("he_normal")})
    after = apply_remedy(doc(DEEP), fix)
    for node in ("n1", "n2"):
        assert param(after, node, "activation") == Spec("relu")
        assert param(after, node, "weight_init") == Spec("he_normal")
    assert after.graph.nodes["n3"] is DEEP.nodes["n3"] and after.graph.edges == DEEP.edges
    with pytest.raises(EditRefusal, match="already is"):
        apply_remedy(after, fix)


def test_a_drawn_activation_becomes_another_type() -> None:
    drawn = chain(
        ("input", {"size": (2,)}), ("dense", {"units": 4}), ("batch_norm", {}), ("sigmoid", {}),
        ("dense", {"units": 3}), ("output", {}),
    )  # fmt: skip
    after = apply_remedy(doc(drawn), Fix("", "set_hidden", {"activation": Spec("relu")}))
    assert after.graph.nodes["n3"].type == "relu" and param(after, "n1", "activation") is None


def test_last_and_all_layers() -> None:
    small = Spec("xavier_normal", {"gain": 0.01})
    after = apply_remedy(doc(DEEP), Fix("", "set_last", {"weight_init": small}))
    assert param(after, "n3", "weight_init") == small and after.graph.nodes["n1"] is DEEP.nodes["n1"]
    after = apply_remedy(doc(DEEP), Fix("", "set_all", {"l2": 0.001}))
    assert [param(after, n, "l2") for n in ("n1", "n2", "n3")] == [0.001] * 3


def test_the_rate_is_scaled_from_what_it_is_also_by_default() -> None:
    adam = doc(DEEP)
    adam = replace(adam, training=replace(adam.training, optimizer=Spec("adam", {"rate": 0.03, "beta1": 0.8})))
    after = apply_remedy(adam, Fix("", "scale_rate", {"factor": 0.1})).training.optimizer
    assert after.params == {"rate": 0.003, "beta1": 0.8}
    plain = apply_remedy(doc(DEEP), Fix("", "scale_rate", {"factor": 10.0})).training.optimizer
    assert plain.params["rate"] == pytest.approx(0.1), "ten times torch's 0.01"


def test_wider_layers_still_run_where_weights_were_given_one_by_one() -> None:
    first = replace(DEEP.nodes["n1"], params={**DEEP.nodes["n1"].params, "weight_init": GIVEN})
    before = doc(DEEP.replace_node(first))
    assert not infer(before.graph).errors
    after = apply_remedy(before, Fix("", "scale_units", {"factor": 2}))
    assert [param(after, n, "units") for n in ("n1", "n2", "n3")] == [8, 8, param(before, "n3", "units")]
    assert not infer(after.graph).errors


def test_set_up_and_data() -> None:
    after = apply_remedy(doc(DEEP), Fix("", "set_training", {"patience": 5}))
    assert after.training == replace(DocState().training, patience=5)
    after = apply_remedy(doc(DEEP), Fix("", "set_data", {"standardize": True}))
    assert after.data == replace(DocState().data, standardize=True)


@pytest.mark.parametrize("drawn", [False, True])
def test_cross_entropy_comes_with_a_softmax(drawn: bool) -> None:
    head = [("dense", {"units": 3}), ("tanh", {})] if drawn else [("dense", {"units": 3, "activation": Spec("tanh")})]
    graph = chain(("input", {"size": (2,)}), *head, ("output", {"loss": Spec("mse")}))
    after = apply_remedy(doc(graph), Fix("", "set_loss", {"value": "softmax_cross_entropy"}))
    shown = after.graph.nodes["n2"].type if drawn else param(after, "n1", "activation").type
    assert shown == "softmax" and not infer(after.graph).errors
    assert next(n for n in after.graph.nodes.values() if n.type == "output").params.get("loss", Spec("x")).type in (
        "softmax_cross_entropy", "x",
    )  # fmt: skip


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(EditRefusal, match="cannot do 'dance'"):
        apply_remedy(doc(DEEP), Fix("", "dance"))
    lone = chain(("input", {"size": (2,)}), ("dense", {"units": 1}), ("output", {}))
    with pytest.raises(EditRefusal):
        apply_remedy(doc(lone), Fix("", "set_hidden", {"dropout": 0.3}))


def test_every_kind_that_the_doctor_names_can_be_done() -> None:
    named = set()
    for file in Path(doctor.__file__).parent.glob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Fix":
                kind = call.args[1]
                assert isinstance(kind, ast.Constant)
                named.add(kind.value)
    assert len(named) >= 6 and named <= set(_KINDS)
