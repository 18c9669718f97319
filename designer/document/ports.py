"""What the layer registry says of a node: class, ports, free ports. An unknown type counts as one in, one out."""

from __future__ import annotations

from designer.document.refusals import UnknownPortRefusal
from engine.graph import Edge, Graph, Node
from engine.layers import LAYERS, Layer, Port

_PLACEHOLDER_INPUTS = (Port("in", many=True),)


def layer_class(type_name: str) -> type[Layer] | None:
    """The registered class, or None for a type that this version does not know."""
    return LAYERS[type_name] if type_name in LAYERS else None


def title_of(type_name: str) -> str:
    """The layer type's title in English, or its id if it is unknown."""
    found = layer_class(type_name)
    return found.title if found is not None else type_name


def inputs_of(type_name: str) -> tuple[Port, ...]:
    """Input ports, top to bottom."""
    found = layer_class(type_name)
    return found.inputs if found is not None else _PLACEHOLDER_INPUTS


def outputs_of(type_name: str) -> tuple[str, ...]:
    """Names of the output ports, top to bottom."""
    found = layer_class(type_name)
    return found.outputs if found is not None else ("out",)


def input_port(node: Node, name: str) -> Port:
    """The node's input port of that name; UnknownPortRefusal lists those that it has."""
    ports = inputs_of(node.type)
    for port in ports:
        if port.name == name:
            return port
    raise UnknownPortRefusal(node.name, name, tuple(p.name for p in ports))


def need_output(node: Node, name: str) -> None:
    """UnknownPortRefusal unless the node has that output."""
    if name not in outputs_of(node.type):
        raise UnknownPortRefusal(node.name, name, outputs_of(node.type))


def wire_into(graph: Graph, node: str, port: str) -> Edge | None:
    """The wire that occupies a single input port, if any; None for a port that takes many."""
    if input_port(graph.nodes[node], port).many:
        return None
    return next((e for e in graph.incoming.get(node, ()) if e.port == port), None)


def free_input(graph: Graph, node: str) -> str | None:
    """The first input port that can take one more wire without replacing any, or None."""
    for port in inputs_of(graph.nodes[node].type):
        if wire_into(graph, node, port.name) is None:
            return port.name
    return None
