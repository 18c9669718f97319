"""A drawn network as an ONNX model: IR version 9, opset 18, float32, free batch axis, checked when it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.files.names import Names, identifier
from engine.files.walk import Ending, walk
from engine.graph import Graph, Node, Project
from engine.layers import LAYERS, Layer
from engine.primitives import Shape

Weights = Mapping[tuple[str, str], NDArray[Any]]

# Pinned: the onnx package writes its newest versions by default, which most readers do not know yet.
IR_VERSION = 9
OPSET = 18


class OnnxExportError(ValueError):
    """The network has no ONNX form; says which layer, or which weight is missing, and what to do."""


@dataclass
class OnnxWriter:
    """What has been written so far: operators, initializers, inputs."""

    weights: Weights
    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    inputs: list[Any] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    bases: dict[str, str] = field(default_factory=dict)
    graph: Graph = field(default_factory=Graph)

    def input(self, node: Node, layer: Layer, shape: Shape) -> str:
        """A graph input named after its field, with a free batch axis "N"."""
        from onnx import TensorProto, helper

        name = self.names.free(identifier(str(getattr(layer, "field", "x")), "x"))
        kind = TensorProto.INT64 if getattr(layer, "dtype", "float") == "int" else TensorProto.FLOAT
        self.inputs.append(helper.make_tensor_value_info(name, kind, ["N", *shape]))
        self.shapes[name] = shape
        return layer.onnx(NodeGraph(self, node, "", shape), name)

    def emit(self, node: Node, layer: Layer, scope: str, inputs: Sequence[str], shape: Shape) -> str:
        """One layer."""
        if not layer.has_onnx:
            raise OnnxExportError(
                f"{node.name}: {LAYERS[layer.id].title} has no ONNX operator at opset {OPSET}; "
                "replace it or export to PyTorch"
            )
        return layer.onnx(NodeGraph(self, node, f"{scope}." if scope else "", shape), *inputs)

    def base(self, node: Node) -> str:
        """The name that everything of a node starts with."""
        if node.id not in self.bases:
            self.bases[node.id] = self.names.free(identifier(node.name or node.type))
        return self.bases[node.id]


@dataclass(frozen=True)
class NodeGraph:
    """OnnxGraph of engine.layers.emit for one node. Unless known, a value's shape is the node's output's."""

    writer: OnnxWriter
    of: Node
    prefix: str
    out: Shape

    def node(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        """Append an operator; its name and its output's are ``layer/Operator``."""
        from onnx import helper

        stage = self.prefix.replace(".", "/")
        name = self.writer.names.free(f"{self.writer.base(self.of)}/{stage}{op_type}")
        self.writer.nodes.append(helper.make_node(op_type, list(inputs), [name], name=name, **attributes))
        self.writer.shapes[name] = self.out
        return name

    def weight(self, name: str, axes: tuple[int, ...] | None = None) -> str:
        """The initializer of our weight, named ``layer/weight``; a second transposition gets a name of its own."""
        ours = self.prefix + name
        owner = self.writer.graph.nodes.get(self.of.shares or "", self.of)
        key = f"{self.writer.base(owner)}/{ours}" + ("" if axes is None else "/" + "".join(map(str, axes)))
        if key not in self.writer.constants:
            found = self.writer.weights.get((owner.id, ours))
            if found is None:
                raise OnnxExportError(
                    f"{owner.name}: its weight {ours!r} is missing; train the network or load its weights"
                )
            value = np.asarray(found, dtype=np.float32)
            self._keep(key, value if axes is None else value.transpose(axes))
        return key

    def constant(self, value: NDArray[np.generic]) -> str:
        """A constant tensor; float64 becomes float32, as everything else is."""
        array = np.asarray(value)
        name = self.writer.names.free(f"{self.writer.base(self.of)}/{self.prefix.replace('.', '/')}constant")
        self._keep(name, array.astype(np.float32) if array.dtype == np.float64 else array)
        return name

    def shape(self, value: str) -> Shape:
        """Per-sample shape."""
        return self.writer.shapes[value]

    def scope(self, name: str) -> NodeGraph:
        """Weight names start with ``name.``."""
        return NodeGraph(self.writer, self.of, f"{self.prefix}{name}.", self.out)

    def _keep(self, name: str, value: NDArray[Any]) -> None:
        from onnx import numpy_helper

        self.writer.constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)  # scalars stay scalars


def export_onnx(project: Project, weights: Weights) -> bytes:
    """The model's bytes. Outputs: what people see of each head, then its logits where those differ.

    PlanError carries the problems of a graph that cannot run; OnnxExportError names a layer without ONNX form.
    """
    import onnx
    from onnx import helper

    writer = OnnxWriter(weights, graph=project.graph)
    endings = walk(project.graph, writer)
    outputs = [_named(writer, value, name, e.shape) for e in endings for value, name in _results(e, len(endings))]
    graph = helper.make_graph(
        writer.nodes, identifier(project.title, "network"), writer.inputs, outputs, list(writer.constants.values())
    )
    model = helper.make_model(
        graph,
        producer_name="gradloom",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
        doc_string=project.title,
    )
    helper.set_model_props(model, {"title": project.title, "nodes": str(len(project.graph.nodes))})
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _results(ending: Ending, heads: int) -> list[tuple[str, str]]:
    """(value, wished name) of a head's outputs."""
    base = "" if heads == 1 else identifier(ending.node.name) + "_"
    if ending.shown == ending.prediction:
        return [(ending.shown, f"{base}{ending.field}")]
    return [(ending.shown, f"{base}probabilities"), (ending.prediction, f"{base}logits")]


def _named(writer: OnnxWriter, value: str, wish: str, shape: Shape) -> Any:
    """A graph output of that name, by an Identity, so that no inner name leaks out."""
    from onnx import TensorProto, helper

    name = writer.names.free(identifier(wish, "y"))
    writer.nodes.append(helper.make_node("Identity", [value], [name], name=f"{name}/output"))
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])
