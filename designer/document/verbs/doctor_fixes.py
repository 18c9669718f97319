"""A remedy of the doctor (engine.probes.doctor) as an edit: one undo step, however many layers it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from designer.document.ports import layer_class
from designer.document.refusals import EditRefusal
from designer.document.state import DocState
from designer.document.verbs.nodes import change_type
from designer.document.verbs.params import param_value, reset_param, set_param
from designer.document.verbs.setup import set_data_field, set_training
from engine.declare import Spec
from engine.graph import Graph
from engine.layers import Fix
from engine.optimizers import OPTIMIZERS

#: parameters that say how many units a layer has
SIZES = ("units", "filters")


def apply_remedy(state: DocState, fix: Fix) -> DocState:
    """The remedy done. EditRefusal where this network has nothing that it could change."""
    if fix.kind not in _KINDS:
        raise EditRefusal(f"this version cannot do {fix.kind!r}", "make the change by hand")
    after = _KINDS[fix.kind](state, fix.args)
    if after == state:
        raise EditRefusal("the network already is as this fix would make it", "train on, or try another fix")
    return after


def hidden_layers(graph: Graph) -> tuple[str, ...]:
    """Layers with units or filters of their own that have another such layer between them and the Output."""
    last = set(last_layers(graph))
    return tuple(n for n, node in graph.nodes.items() if _has_units(node.type) and n not in last)


def last_layers(graph: Graph) -> tuple[str, ...]:
    """For each Output the layers with units or filters that it reaches first, going back."""
    found: dict[str, None] = {}
    waiting = [n.id for n in graph.nodes.values() if n.type == "output"]
    seen: set[str] = set()
    while waiting:
        at = waiting.pop(0)
        if at in seen:
            continue
        seen.add(at)
        if _has_units(graph.nodes[at].type):
            found[at] = None
        else:
            waiting += [e.source for e in graph.incoming.get(at, ())]
    return tuple(found)


def _params(type_name: str) -> Mapping[str, Any]:
    found = layer_class(type_name)
    return found.params if found is not None else {}


def _has_units(type_name: str) -> bool:
    return any(size in _params(type_name) for size in SIZES)


def _is_activation(graph: Graph, node: str) -> bool:
    found = layer_class(graph.nodes[node].type)
    return found is not None and found.group == "activation"


def _drawn_activation(graph: Graph, node: str) -> str | None:
    """The activation that is drawn as a node of its own behind a layer, with at most norms and the like between."""
    at: str | None = node
    for _ in range(4):
        following = [e.target for e in graph.edges if e.source == at]
        if len(following) != 1 or _has_units(graph.nodes[following[0]].type):
            return None
        at = following[0]
        if _is_activation(graph, at):
            return at
    return None


def _set_all(state: DocState, ids: Iterable[str], values: Mapping[str, Any]) -> DocState:
    """These values on each layer that declares the parameter; a drawn activation becomes another type."""
    chosen = tuple(ids)
    for name, value in values.items():
        for node in chosen:
            drawn = _drawn_activation(state.graph, node) if name == "activation" else None
            if drawn is not None and isinstance(value, Spec):
                state = change_type(state, (drawn,), value.type)
            elif name in _params(state.graph.nodes[node].type):
                state = set_param(state, (node,), name, value)
    return state


def _set_hidden(state: DocState, args: Mapping[str, Any]) -> DocState:
    return _set_all(state, hidden_layers(state.graph), args)


def _set_every(state: DocState, args: Mapping[str, Any]) -> DocState:
    return _set_all(state, tuple(state.graph.nodes), args)


def _set_last(state: DocState, args: Mapping[str, Any]) -> DocState:
    return _set_all(state, last_layers(state.graph), args)


def _scale_rate(state: DocState, args: Mapping[str, Any]) -> DocState:
    chosen = state.training.optimizer
    rate = float(f"{OPTIMIZERS.make(chosen).rate * float(args['factor']):.4g}")
    return set_training(state, "optimizer", Spec(chosen.type, {**chosen.params, "rate": rate}))


def _scale_units(state: DocState, args: Mapping[str, Any]) -> DocState:
    """Weights given one by one fit only the old size: such an initializer goes back to the default."""
    for node in hidden_layers(state.graph):
        for size in SIZES:
            if size in _params(state.graph.nodes[node].type):
                before = param_value(state.graph.nodes[node], size)
                assert isinstance(before, int)
                state = set_param(state, (node,), size, max(1, round(before * float(args["factor"]))))
    for node in tuple(state.graph.nodes):
        for name, value in state.graph.nodes[node].params.items():
            if isinstance(value, Spec) and value.type == "given":
                state = reset_param(state, (node,), name)
    return state


def _set_training(state: DocState, args: Mapping[str, Any]) -> DocState:
    for name, value in args.items():
        state = set_training(state, name, value)
    return state


def _set_data(state: DocState, args: Mapping[str, Any]) -> DocState:
    for name, value in args.items():
        state = set_data_field(state, name, value)
    return state


def _set_loss(state: DocState, args: Mapping[str, Any]) -> DocState:
    """The loss of every Output; what stands before a cross-entropy over classes becomes a softmax."""
    outputs = tuple(n.id for n in state.graph.nodes.values() if n.type == "output")
    loss = args["value"] if isinstance(args["value"], Spec) else Spec(str(args["value"]))
    state = set_param(state, outputs, "loss", loss)
    if not loss.type.endswith("cross_entropy"):
        return state
    for node in last_layers(state.graph):
        drawn = _drawn_activation(state.graph, node)
        if drawn is not None:
            state = change_type(state, (drawn,), "softmax")
        elif "activation" in _params(state.graph.nodes[node].type):
            state = set_param(state, (node,), "activation", Spec("softmax"))
    return state


_KINDS: dict[str, Callable[[DocState, Mapping[str, Any]], DocState]] = {
    "set_hidden": _set_hidden,
    "set_all": _set_every,
    "set_last": _set_last,
    "scale_rate": _scale_rate,
    "scale_units": _scale_units,
    "set_training": _set_training,
    "set_data": _set_data,
    "set_loss": _set_loss,
}
