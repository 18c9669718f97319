"""The values that analysis produces: tensor types, problems with fixes, figures per node and in total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from engine.graph import Graph, Node
from engine.layers import Fix
from engine.primitives import Shape


@dataclass(frozen=True, slots=True)
class TensorType:
    """What a wire carries: per-sample shape and kind of value."""

    shape: Shape
    dtype: Literal["float", "int"] = "float"

    def text(self) -> str:
        """``N x 32 x 26 x 26``."""
        return " x ".join(["N", *map(str, self.shape)])


@dataclass(frozen=True)
class Problem:
    """A mistake or a warning, as data. ``template.format(**values)`` is its sentence, translatable.

    ``severity``: "error" keeps the network from running, "warning" does not. ``port``: the input it concerns, or "".
    """

    node: str
    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    expected: str = ""
    got: str = ""
    fixes: tuple[Fix, ...] = ()
    severity: Literal["error", "warning"] = "error"
    port: str = ""

    @property
    def text(self) -> str:
        """The sentence in English."""
        return self.template.format(**self.values)


@dataclass(frozen=True, slots=True)
class NodeAnalysis:
    """Figures of one node. ``output`` is None where a problem here or upstream leaves it unknown.

    ``macs``: multiply-adds of one sample's forward pass. ``activation_bytes``: float32 values that one sample leaves
    for the backward pass. ``weights``: name and shape of each weight and running statistic; those that it shares with
    another node are not counted again in ``parameters``. ``own_problems`` come from the layer itself; graph-wide rules
    add more to Analysis.problems.
    """

    node: Node
    inputs: tuple[TensorType | None, ...]
    output: TensorType | None
    parameters: int = 0
    trainable: int = 0
    macs: int = 0
    activation_bytes: int = 0
    own_problems: tuple[Problem, ...] = ()
    weights: tuple[tuple[str, Shape], ...] = ()


@dataclass(frozen=True)
class Analysis:
    """Everything that is known of a graph without running it."""

    graph: Graph
    nodes: Mapping[str, NodeAnalysis]
    problems: tuple[Problem, ...]

    @cached_property
    def by_node(self) -> Mapping[str, tuple[Problem, ...]]:
        """Problems by node id; graph-wide ones under ""."""
        found: dict[str, list[Problem]] = {}
        for p in self.problems:
            found.setdefault(p.node, []).append(p)
        return {k: tuple(v) for k, v in found.items()}

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the network from running."""
        return tuple(p for p in self.problems if p.severity == "error")

    @cached_property
    def parameters(self) -> int:
        """Trainable and frozen weights of all nodes."""
        return sum(n.parameters for n in self.nodes.values())

    @cached_property
    def macs(self) -> int:
        """Multiply-adds of one sample's forward pass through all nodes."""
        return sum(n.macs for n in self.nodes.values())

    def output(self, node: str) -> TensorType | None:
        """What a node gives, or None while unknown."""
        found = self.nodes.get(node)
        return found.output if found else None
