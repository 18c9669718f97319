"""A drawn network as one readable PyTorch file: imports, ``class Net(nn.Module)``, and a training script below."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.files.names import Names, identifier, one_line, quoted
from engine.files.statements import Statements
from engine.files.walk import Ending, walk
from engine.graph import Graph, Node, Project
from engine.layers import Layer
from engine.primitives import Shape

#: public attributes of nn.Module (and of the class written here) that a layer's name must not hide
RESERVED = frozenset(
    """T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double
    dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu
    load_state_dict load_weights modules mtia named_buffers named_children named_modules named_parameters
    parameters predict register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to
    to_empty train training type xpu zero_grad""".split()  # noqa: SIM905
)
ARGUMENTS_TAKEN = frozenset({"self", "torch", "nn", "F", "path", "y", "z", "u", "v", "w"})


@dataclass(frozen=True)
class TorchExport:
    """``text``: the file. ``weights``: PyTorch's state name -> our (node, weight)."""

    text: str
    weights: Mapping[str, tuple[str, str]]


@dataclass
class TorchWriter:
    """What has been written so far: modules of ``__init__``, statements of ``forward``, whose weights are whose."""

    code: Statements = field(default_factory=Statements)
    modules: list[tuple[str, str]] = field(default_factory=list)
    weights: dict[str, tuple[str, str]] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    floats: str = ".float()"
    bases: dict[str, str] = field(default_factory=dict)
    graph: Graph = field(default_factory=Graph)
    #: modules whose weights several nodes share: (owner, the weights) -> (module, its expression)
    shared: dict[tuple[str, ...], tuple[str, str]] = field(default_factory=dict)
    ties: list[str] = field(default_factory=list)
    names: Names = field(default_factory=lambda: Names(RESERVED))
    fields: Names = field(default_factory=lambda: Names(ARGUMENTS_TAKEN))

    def input(self, node: Node, layer: Layer, shape: Shape) -> str:
        """An argument of ``forward``, named after its field."""
        value = self.code.value()
        self.arguments[value] = self.fields.free(identifier(str(getattr(layer, "field", "x")), "x"))
        self.shapes[value] = shape
        if getattr(layer, "dtype", "float") == "int":
            self.whole.add(value)
        return layer.torch(NodeText(self, node, "", shape), value)

    def emit(self, node: Node, layer: Layer, scope: str, inputs: Sequence[str], shape: Shape) -> str:
        """One layer, with its output shape as a comment."""
        value = layer.torch(NodeText(self, node, f"{scope}." if scope else "", shape), *inputs)
        if value not in inputs:
            self.code.note(value, " x ".join(["N", *map(str, shape)]))
        return value

    def base(self, node: Node) -> str:
        """The name that all modules of a node start with."""
        if node.id not in self.bases:
            self.bases[node.id] = self.names.free(identifier(node.name or node.type))
        return self.bases[node.id]


@dataclass(frozen=True)
class NodeText:
    """TorchText of engine.layers.emit for one node. Unless known, a value's shape is the node's output's."""

    writer: TorchWriter
    node: Node
    prefix: str
    out: Shape

    def module(self, expression: str, weights: dict[str, str] | None = None) -> str:
        """Declare ``self.NAME = expression``."""
        owner = self.writer.graph.nodes.get(self.node.shares or "", self.node)
        ours = {theirs: self.prefix + name for theirs, name in (weights or {}).items()}
        key = (owner.id, *ours.values())
        first, same = self.writer.shared.get(key, ("", ""))
        if same == expression:
            return f"self.{first}"
        name = self._declared(expression, owner if not first else self.node)
        if first:  # other settings, the same weights
            self.writer.ties.extend(f"self.{name}.{theirs} = self.{first}.{theirs}" for theirs in ours)
            return f"self.{name}"
        if ours and len(self.writer.graph.sharing(owner.id)) > 1:
            self.writer.shared[key] = name, expression
        for theirs, own in ours.items():
            self.writer.weights[f"{name}.{theirs}"] = (owner.id, own)
        return f"self.{name}"

    def _declared(self, expression: str, node: Node) -> str:
        base = self.writer.base(node)
        wish = "_".join([base, *self.prefix.rstrip(".").split(".")]) if self.prefix else base
        taken = any(name == wish for name, _ in self.writer.modules)
        name = wish if wish == base and not taken else self.writer.names.free(wish)
        self.writer.modules.append((name, expression))
        return name

    def line(self, expression: str) -> str:
        """Assign the expression to a new variable."""
        value = self.writer.code.assign(expression)
        self.writer.shapes[value] = self.out
        return value

    def shape(self, variable: str) -> Shape:
        """Per-sample shape."""
        return self.writer.shapes[variable]

    def scope(self, name: str) -> NodeText:
        """Weight names start with ``name.``, module names with ``name_``."""
        return NodeText(self.writer, self.node, f"{self.prefix}{name}.", self.out)


def export_torch(project: Project, writer: TorchWriter | None = None) -> TorchExport:
    """The whole file. PlanError carries the problems of a graph that cannot run."""
    from engine.files.torch_training import training_script

    writer = writer if writer is not None else TorchWriter()
    writer.floats = ".double()" if project.training.dtype == "float64" else ".float()"
    writer.graph = project.graph
    endings = walk(project.graph, writer)
    body = "\n\n\n".join([_net(writer, endings, project), training_script(project, writer, endings)])
    return TorchExport(f"{_head(project, body)}\n\n\n{body}\n", dict(writer.weights))


def module_text(graph: Graph) -> TorchExport:
    """Only the imports and the class: what a test of one layer needs."""
    writer = TorchWriter(graph=graph)
    project = Project(graph)
    body = _net(writer, walk(graph, writer), project)
    return TorchExport(f"{_head(project, body)}\n\n\n{body}\n", dict(writer.weights))


def _head(project: Project, body: str) -> str:
    """Docstring and the imports that the body uses."""
    standard = [f"import {name}" for name in ("math", "sys") if re.search(rf"\b{name}\.", body)]
    others = [
        *(["import numpy as np"] if re.search(r"\bnp\.", body) else []),
        "import torch",
        *(["import torch.nn.functional as F"] if re.search(r"\bF\.", body) else []),
        "from safetensors.torch import load_file",
        "from torch import nn",
    ]
    title = one_line(project.title) or "A network"
    text = [f'"""{title}. Written by Gradloom; needs torch, numpy and safetensors."""', ""]
    return "\n".join([*text, *standard, *([""] if standard else []), *others])


def _net(writer: TorchWriter, endings: Sequence[Ending], project: Project) -> str:
    arguments = ", ".join(writer.arguments.values())
    lines, results = writer.code.text(writer.arguments, [e.prediction for e in endings])
    modules = [f"        self.{name} = {expression}" for name, expression in writer.modules]
    frozen = [f"        self.{n}.requires_grad_(False)" for n in _frozen(writer, project)]
    text = [
        *_weight_table(writer),
        "class Net(nn.Module):",
        f'    """{one_line(project.title) or "The network"}. Inputs carry the batch axis N first."""',
        "",
        "    def __init__(self):",
        "        super().__init__()",
        *modules,
        *(f"        {line}" for line in writer.ties),
        *frozen,
        "",
        f"    def forward(self, {arguments}):",
        *(f"        {line}" for line in lines),
        f"        return {', '.join(results)}",
        *_predict(writer, endings, arguments),
        "",
        "    def load_weights(self, path):",
        '        """Weights from a safetensors file that Gradloom wrote."""',
        "        stored = load_file(path)",
        "        state = self.state_dict()",
        "        state.update({name: stored[key].to(state[name].dtype) for name, key in WEIGHTS.items()})",
        "        self.load_state_dict(state)",
    ]
    return "\n".join(text)


def _frozen(writer: TorchWriter, project: Project) -> list[str]:
    nodes = {n.id for n in project.graph.nodes.values() if n.frozen}
    return list(dict.fromkeys(key.split(".")[0] for key, (node, _) in writer.weights.items() if node in nodes))


def _weight_table(writer: TorchWriter) -> list[str]:
    entries = [f"    {quoted(key)}: {quoted(f'{node}/{name}')}," for key, (node, name) in writer.weights.items()]
    return [
        "# PyTorch's name of each weight, and its name in the safetensors file.",
        "WEIGHTS = {",
        *entries,
        "}",
        "",
        "",
    ]


def _predict(writer: TorchWriter, endings: Sequence[Ending], arguments: str) -> list[str]:
    """The method that gives what people see, where that differs from what the loss reads."""
    if all(e.shown == e.prediction for e in endings):
        return []
    names = Names(writer.arguments.values())
    logits = {e.prediction: names.free("logits") for e in endings if e.prediction not in writer.arguments}
    lines, results = writer.code.text({**writer.arguments, **logits}, [e.shown for e in endings])
    left = ", ".join(logits.get(e.prediction, "_") for e in endings)
    return [
        "",
        f"    def predict(self, {arguments}):",
        '        """What Gradloom shows: probabilities where the loss works from logits."""',
        f"        {left} = self({arguments})",
        *(f"        {line}" for line in lines),
        f"        return {', '.join(results)}",
    ]
