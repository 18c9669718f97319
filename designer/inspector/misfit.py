"""What of a drawn network does not fit its data, in words."""

from __future__ import annotations

from designer.document import DocState
from designer.document.verbs.adopt_data import units_before
from designer.document.verbs.params import param_value
from designer.inspector.registries import option
from engine.data.dataset import Dataset
from engine.declare import Spec
from widgets.i18n import tr


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
    units = units_before(state, head)
    if for_classes and units is not None and units < len(dataset.class_names):
        return tr(
            "The network gives {units} scores for {classes} classes.", units=units, classes=len(dataset.class_names)
        )
    if not for_classes and dataset.task == "classes" and units is not None and units < len(dataset.class_names):
        return tr(
            "The network gives {units} values for {classes} classes.", units=units, classes=len(dataset.class_names)
        )
    return ""
