"""A data choice with all that follows from it as one edit: Input shape, Output units, final activation, loss."""

from __future__ import annotations

from designer.document import DocState, Point
from designer.document.ports import layer_class
from designer.document.verbs.nodes import add_node, change_type
from designer.document.verbs.params import param_value, set_param
from designer.document.verbs.setup import set_data
from designer.inspector.registries import option
from engine.data.dataset import Dataset
from engine.data.guess import Suggestion
from engine.declare import Spec
from engine.graph import DataSetup, Edge, Graph
from widgets.i18n import tr

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


def misfit(state: DocState, dataset: Dataset) -> str:
    """What of the drawn network does not fit the data, in words; "" where both ends do."""
    nodes = state.graph.nodes.values()
    for node in nodes:
        size = param_value(node, "size") if node.type == "input" else dataset.input_shape
        if size != dataset.input_shape:
            given, wanted = (" × ".join(map(str, s)) for s in (size, dataset.input_shape))  # type: ignore[union-attr]
            return tr(
                "“{name}” takes {given}, but each sample is {wanted}.", name=node.name, given=given, wanted=wanted
            )
    for node in nodes:
        reason = _head_misfit(state, node.id, dataset) if node.type == "output" else ""
        if reason:
            return reason
    return ""


def _head_misfit(state: DocState, head: str, dataset: Dataset) -> str:
    """Only what can not be meant otherwise: too few scores for the classes, or classes where there are values."""
    chosen = param_value(state.graph.nodes[head], "loss")
    loss = option("losses", chosen.type) if isinstance(chosen, Spec) else None
    if loss is None:
        return ""
    for_classes = getattr(loss, "target", "values") == "classes"
    if for_classes and dataset.task == "values":
        return tr("The loss tells classes apart, but the target is values.")
    units = _units_before(state, head)
    if for_classes and units is not None and units < len(dataset.class_names):
        return tr(
            "The network gives {units} scores for {classes} classes.", units=units, classes=len(dataset.class_names)
        )
    if not for_classes and dataset.task == "classes" and units is not None and units < len(dataset.class_names):
        return tr(
            "The network gives {units} values for {classes} classes.", units=units, classes=len(dataset.class_names)
        )
    return ""


def _units_before(state: DocState, head: str) -> int | None:
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
