"""What each layer costs, and its share of the whole: the rows of the layer table and the colours of the heat."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.analysis import Analysis

Measure = Literal["macs", "parameters", "bytes"]
MEASURES: tuple[Measure, ...] = ("macs", "parameters", "bytes")


@dataclass(frozen=True, slots=True)
class Cost:
    """One layer. ``macs``: multiply-adds of one sample's forward pass; ``bytes``: what it leaves for the backward pass
    of one sample, and four bytes for each parameter. ``shape`` is "" where it is not known."""

    node: str
    name: str
    type: str
    shape: str
    parameters: int
    macs: int
    bytes: int

    def value(self, measure: Measure) -> int:
        """The figure of that measure."""
        return {"macs": self.macs, "parameters": self.parameters, "bytes": self.bytes}[measure]


def costs_of(analysis: Analysis) -> tuple[Cost, ...]:
    """A row per layer, sources first."""
    rows = []
    for node_id in analysis.graph.order:
        node, known = analysis.graph.nodes[node_id], analysis.nodes.get(node_id)
        shape = known.output.text() if known is not None and known.output is not None else ""
        figures = (known.parameters, known.macs, known.activation_bytes) if known is not None else (0, 0, 0)
        rows.append(Cost(node_id, node.name, node.type, shape, figures[0], figures[1], figures[2] + 4 * figures[0]))
    return tuple(rows)


def shares(costs: tuple[Cost, ...], measure: Measure) -> Mapping[str, float]:
    """Each layer's part of the sum, 0 to 1; all 0 where the sum is."""
    total = sum(c.value(measure) for c in costs)
    return {c.node: c.value(measure) / total if total else 0.0 for c in costs}


def heat(costs: tuple[Cost, ...], measure: Measure, decades: float = 3.0) -> Mapping[str, float]:
    """1 + log10(value / largest) / decades, at least 0: the dearest is 1; layers that cost nothing are absent."""
    largest = max((c.value(measure) for c in costs), default=0)
    return {
        c.node: max(0.0, 1.0 + math.log10(c.value(measure) / largest) / decades) for c in costs if c.value(measure) > 0
    }
