"""A drawn network as one readable Keras 3 file: a functional model, channels first, and its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.files.names import Names, identifier, one_line, quoted
from engine.files.statements import Statements
from engine.files.walk import Ending, walk
from engine.graph import Graph, Node, Project
from engine.layers import Layer
from engine.primitives import Shape

Axes = tuple[int, ...] | None
FIELDS_TAKEN = frozenset({"keras", "layers", "ops", "y", "z", "u", "v", "w"})


@dataclass(frozen=True)
class KerasExport:
    """``text``: the file. ``weights``: layer name -> (node, weight, axes to transpose to theirs) in Keras' order."""

    text: str
    weights: Mapping[str, tuple[tuple[str, str, Axes], ...]]


@dataclass
class KerasWriter:
    """What has been written so far."""

    code: Statements = field(default_factory=Statements)
    inputs: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    weights: dict[str, tuple[tuple[str, str, Axes], ...]] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    graph: Graph = field(default_factory=Graph)
    #: layers that several nodes call: (owner, the weights, expression) -> the value that holds it
    shared: dict[tuple[str, ...], str] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    fields: Names = field(default_factory=lambda: Names(FIELDS_TAKEN))

    def input(self, node: Node, layer: Layer, shape: Shape) -> str:
        """keras.Input."""
        value = self.code.value()
        name = self.fields.free(identifier(str(getattr(layer, "field", "x")), "x"))
        kind = ', dtype="int64"' if getattr(layer, "dtype", "float") == "int" else ""
        self.arguments[value] = name
        self.inputs[name] = f'keras.Input({shape!r}, name="{name}"{kind})'
        self.shapes[value] = shape
        return layer.keras(NodeText(self, node, "", shape), value)

    def emit(self, node: Node, layer: Layer, scope: str, inputs: Sequence[str], shape: Shape) -> str:
        """One layer, with its output shape as a comment."""
        value = layer.keras(NodeText(self, node, f"{scope}." if scope else "", shape), *inputs)
        if value not in inputs:
            self.code.note(value, " x ".join(["N", *map(str, shape)]))
        return value


@dataclass(frozen=True)
class NodeText:
    """KerasText of engine.layers.emit for one node. Unless known, a value's shape is the node's output's."""

    writer: KerasWriter
    node: Node
    prefix: str
    out: Shape

    def layer(self, expression: str, *inputs: str, weights: tuple[tuple[str, Axes], ...] = ()) -> str:
        """``value = expression(inputs)``, with the layer named so that its weights can be found."""
        owner = self.writer.graph.nodes.get(self.node.shares or "", self.node)
        given = inputs[0] if len(inputs) == 1 else f"[{', '.join(inputs)}]"
        if not weights or len(self.writer.graph.sharing(owner.id)) == 1:
            return self.line(f"{self._named(expression, self.node, weights)}({given})")
        key = (owner.id, expression, *(self.prefix + ours for ours, _ in weights))
        if key not in self.writer.shared:  # with other settings it is a layer of its own, with a copy of the weights
            self.writer.shared[key] = self.writer.code.assign(self._named(expression, owner, weights))
        return self.line(f"{self.writer.shared[key]}({given})")

    def _named(self, expression: str, node: Node, weights: tuple[tuple[str, Axes], ...]) -> str:
        base = identifier(node.name or node.type)
        name = self.writer.names.free("_".join([base, *self.prefix.rstrip(".").split(".")]) if self.prefix else base)
        if weights:
            self.writer.weights[name] = tuple((node.id, self.prefix + ours, axes) for ours, axes in weights)
        separator = "" if expression.endswith("(") or expression.endswith("()") else ", "
        return f'{expression[:-1]}{separator}name="{name}")'

    def line(self, expression: str) -> str:
        """Assign the expression to a new variable."""
        value = self.writer.code.assign(expression)
        self.writer.shapes[value] = self.out
        return value

    def shape(self, variable: str) -> Shape:
        """Per-sample shape."""
        return self.writer.shapes[variable]

    def scope(self, name: str) -> NodeText:
        """Weight names start with ``name.``, layer names with ``name_``."""
        return NodeText(self.writer, self.node, f"{self.prefix}{name}.", self.out)


def export_keras(project: Project, writer: KerasWriter | None = None) -> KerasExport:
    """The whole file; the model gives what people see (probabilities). PlanError carries a graph's problems."""
    writer = writer if writer is not None else KerasWriter()
    writer.graph = project.graph
    endings = walk(project.graph, writer)
    build = _build(writer, endings)
    text = "\n\n\n".join([_head(project, build), _table(writer), build, _LOAD, _MAIN]) + "\n"
    return KerasExport(text, dict(writer.weights))


def _head(project: Project, build: str) -> str:
    parts = "layers, ops" if "ops." in build else "layers"
    title = one_line(project.title) or "A network"
    return f'''"""{title}. Written by Gradloom; needs keras 3 and safetensors.

Images are channels first (N, C, H, W). TensorFlow convolves those on a GPU only; the torch and jax backends everywhere.
"""

import sys

import keras
import numpy as np
from keras import {parts}
from safetensors.numpy import load_file

keras.config.set_image_data_format("channels_first")'''


def _table(writer: KerasWriter) -> str:
    lines = ["# Keras layer -> its weights in the safetensors file, each with the axes to transpose to.", "WEIGHTS = {"]
    for name, weights in writer.weights.items():
        lines.append(f"    {quoted(name)}: [")
        lines.extend(f"        ({quoted(f'{n}/{w}')}, {axes})," for n, w, axes in weights)
        lines.append("    ],")
    return "\n".join([*lines, "}"])


def _build(writer: KerasWriter, endings: Sequence[Ending]) -> str:
    lines, results = writer.code.text(writer.arguments, [e.shown for e in endings])
    # The code may give an input's name to a later value, so the model's inputs are kept in a list of their own.
    names = list(writer.inputs)
    outputs = results[0] if len(results) == 1 else f"[{', '.join(results)}]"
    text = [
        "def build():",
        '    """The network, with probabilities as its output where Gradloom shows them."""',
        *(f"    {name} = {expression}" for name, expression in writer.inputs.items()),
        f"    inputs = [{', '.join(names)}]",
        *(f"    {line}" for line in lines),
        f"    return keras.Model(inputs, {outputs})",
    ]
    return "\n".join(text)


_LOAD = '''def load_weights(model, path):
    """Weights from a safetensors file that Gradloom wrote."""
    stored = load_file(path)
    for name, weights in WEIGHTS.items():
        layer = model.get_layer(name)
        values = [stored[key] if axes is None else stored[key].transpose(axes) for key, axes in weights]
        layer.set_weights([v.reshape(own.shape) for v, own in zip(values, layer.weights)])'''

_MAIN = """if __name__ == "__main__":
    # python THIS_FILE weights.safetensors data.npz: prints the network's answer to the array "x"
    net = build()
    net.summary()
    if len(sys.argv) > 1:
        load_weights(net, sys.argv[1])
    if len(sys.argv) > 2:
        with np.load(sys.argv[2], allow_pickle=False) as data:
            print(net.predict(data["x"].astype("float32")))"""
