"""A data choice with all that follows from it as one edit: Input shape, Output units, final activation, loss."""

from __future__ import annotations

from designer.document.geometry import Point
from designer.document.ports import layer_class
from designer.document.state import DocState
from designer.document.verbs.nodes import add_node, change_type
from designer.document.verbs.params import param_value, set_param
from designer.document.verbs.setup import set_data
from engine.data.guess import Suggestion
from engine.declare import Spec
from engine.graph import DataSetup, Edge, Graph

STEP = 224
FINAL_ACTIVATIONS = ("softmax", "sigmoid", "linear", "tanh")


def adopt_data(state: DocState, setup: DataSetup, ends: Suggestion) -> DocState:
    """The document with these data and a network whose two ends fit them.

    An empty document gets a small network to start from. Inner layers stay as they are.
    """
    state = set_data(state, setup)
    if not state.graph.nodes:
        state = _starter(state, ends)
    inputs = [n.id for n in state.graph.nodes.values() if n.type == "input"]
    state = set_param(state, inputs, "size", ends.input_shape)
    for head in [n.id for n in state.graph.nodes.values() if n.type == "output"]:
        state = _fit_head(state, head, ends)
    return state


def units_before(state: DocState, head: str) -> int | None:
    """Units of the nearest layer before an Output that has any."""
    before = _before(state.graph, head)
    while before is not None and not _declares(state.graph, before, "units"):
        before = _before(state.graph, before)
    found = param_value(state.graph.nodes[before], "units") if before is not None else None
    return found if isinstance(found, int) else None


def _fit_head(state: DocState, head: str, ends: Suggestion) -> DocState:
    chosen = param_value(state.graph.nodes[head], "loss")
    if not isinstance(chosen, Spec) or chosen.type != ends.loss:
        state = set_param(state, (head,), "loss", Spec(ends.loss))
    before = _before(state.graph, head)
    if before is not None and state.graph.nodes[before].type in FINAL_ACTIVATIONS:
        # The final activation is drawn as a node of its own: that node becomes the right one.
        state = change_type(state, (before,), ends.activation)
        before = _before(state.graph, before)
    elif before is not None and _declares(state.graph, before, "activation"):
        state = set_param(state, (before,), "activation", Spec(ends.activation))
    while before is not None and not _declares(state.graph, before, "units"):
        before = _before(state.graph, before)
    return set_param(state, (before,), "units", ends.units) if before is not None else state


def _before(graph: Graph, node: str) -> str | None:
    wires = graph.incoming.get(node, ())
    return wires[0].source if len(wires) == 1 else None


def _declares(graph: Graph, node: str, name: str) -> bool:
    found = layer_class(graph.nodes[node].type)
    return found is not None and name in found.params


def _starter(state: DocState, ends: Suggestion) -> DocState:
    """Input, a Flatten for images, two Dense layers, Output."""
    plan: list[tuple[str, dict[str, object]]] = [("input", {})]
    if len(ends.input_shape) > 1:
        plan.append(("flatten", {}))
    plan += [("dense", {"units": 32, "activation": Spec("relu"), "weight_init": Spec("he_normal")}), ("dense", {})]
    plan.append(("output", {}))
    before = ""
    for k, (layer, params) in enumerate(plan):
        node = state.graph.new_id()
        wires = (Edge(before, node),) if before else ()
        state = add_node(state, node, layer, Point(48 + k * STEP, 48), wires, params)  # type: ignore[arg-type]
        before = node
    return state
