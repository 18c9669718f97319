"""A network's program text, and which of its lines belong to which node: for a window that shows both side by side.

The writers of torch_text and keras_text are given a mark behind each line that a node wrote; the marks are read and
taken out again, so the text is the very text of the export.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.files.keras_text import KerasWriter, export_keras
from engine.files.statements import Statements
from engine.files.torch_text import TorchWriter, export_torch
from engine.graph import Node, Project
from engine.layers import Layer
from engine.primitives import Shape

_OPEN, _SHUT = "\u2983", "\u2984"  # brackets that no name and no layer's text contains
#: the lines of a file that stand for a network's beginning and end, where no statement of its own does
_ENDS = {
    "input": re.compile(r"    def forward\(self"),
    "output": re.compile(r"        return [a-z0-9_, ]+$|    return keras\.Model\("),
}
_MARK = re.compile(f"(  # )?{_OPEN}([^{_SHUT}]*){_SHUT}")


@dataclass(frozen=True)
class MarkedText:
    """``text``: as exported. ``lines``: node id -> the lines that it wrote, counted from 0, in order."""

    text: str
    lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def node_at(self, line: int) -> str | None:
        """The node that wrote a line."""
        return next((node for node, own in self.lines.items() if line in own), None)


def marked_text(kind: str, project: Project) -> MarkedText:
    """The "pytorch" or "keras" file of a network. PlanError carries the problems of a graph that cannot run."""
    if kind == "pytorch":
        text = export_torch(project, _MarkedTorch()).text
    elif kind == "keras":
        text = export_keras(project, _MarkedKeras()).text
    else:
        raise ValueError(f"{kind!r} is no program text; expected pytorch or keras")
    return _read(text, project)


def _mark(node: Node) -> str:
    return f"{_OPEN}{node.id}{_SHUT}"


def _mark_lines(code: Statements, first: int, node: Node) -> None:
    for out, _ in code.lines[first:]:
        if _OPEN not in code.notes.get(out, ""):
            code.notes[out] = code.notes.get(out, "") + _mark(node)


class _MarkedTorch(TorchWriter):
    """Marks the modules and statements of each node."""

    def emit(self, node: Node, layer: Layer, scope: str, inputs: Sequence[str], shape: Shape) -> str:
        modules, lines = len(self.modules), len(self.code.lines)
        value = super().emit(node, layer, scope, inputs, shape)
        self.modules[modules:] = [(name, f"{text}  # {_mark(node)}") for name, text in self.modules[modules:]]
        _mark_lines(self.code, lines, node)
        return value


class _MarkedKeras(KerasWriter):
    """Marks the inputs and statements of each node."""

    def input(self, node: Node, layer: Layer, shape: Shape) -> str:
        before = set(self.inputs)
        value = super().input(node, layer, shape)
        for name in self.inputs.keys() - before:
            self.inputs[name] += f"  # {_mark(node)}"
        return value

    def emit(self, node: Node, layer: Layer, scope: str, inputs: Sequence[str], shape: Shape) -> str:
        lines = len(self.code.lines)
        value = super().emit(node, layer, scope, inputs, shape)
        _mark_lines(self.code, lines, node)
        return value


def _read(text: str, project: Project) -> MarkedText:
    lines: list[str] = []
    found: dict[str, list[int]] = {}
    for k, line in enumerate(text.split("\n")):
        for match in _MARK.finditer(line):
            found.setdefault(match.group(2), []).append(k)
        lines.append(_MARK.sub("", line))
    for node in project.graph.nodes.values():
        ends = [k for k, line in enumerate(lines) if node.type in _ENDS and _ENDS[node.type].match(line)]
        if ends and node.id not in found:
            found[node.id] = ends[:1]
    return MarkedText("\n".join(lines), {n: tuple(dict.fromkeys(own)) for n, own in found.items()})
