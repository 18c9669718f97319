"""The figures on cards and wires, from one snapshot: what is printed, its alarm, and the words for whoever points."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from designer.canvas import NodeValue
from designer.canvas.flow import Magnitudes
from designer.canvas.sparkline import trace_of
from designer.panels.levels import findings_of, levels_of
from engine.graph import Edge, Graph
from engine.probes import Histogram, LayerStats, Snapshot
from engine.training.examination import Report
from widgets.i18n import tr, tr_declared


def scientific(value: float) -> str:
    """``1.7e-07``: the digits that matter of a small number, always of the same width."""
    return f"{value:.1e}"


def layer_values(
    snapshot: Snapshot,
    graph: Graph,
    earlier: Sequence[Snapshot] = (),
    close: Collection[str] = (),
    report: Report | None = None,
) -> dict[str, NodeValue]:
    """The weight gradient's l2 norm of every layer in the tone of its alarm, and its update thermometer; for the
    ``close`` cards also how large the weights were ``earlier``. The border tells of the doctor's findings, too."""
    levels, borders, findings = levels_of(snapshot), levels_of(snapshot, report), findings_of(report)
    sizes = weight_sizes([*(s for s in earlier if s.step < snapshot.step), snapshot], close)
    found = {}
    for layer in snapshot.layers:
        if layer.node in graph.nodes:
            alarm = levels.get(layer.node, "")
            norm = layer.weight_grad_norm
            steps, rms = sizes.get(layer.node, ((), ()))
            found[layer.node] = NodeValue(
                scientific(norm) if norm else tr("none"),
                alarm or ("good" if norm else "warning"),
                tr("gradient dL/dW"),
                norm or None,
                decades_of(layer.update_ratio),
                borders.get(layer.node, ""),
                "\n".join(
                    [tr("Doctor: {finding}", finding=tr_declared(c.title)) for c in findings.get(layer.node, ())]
                    + [explained(layer, snapshot.spreads.get(layer.node), rms)]
                ),
                trace_of(steps, rms),
            )
    return found


def weight_sizes(
    moments: Sequence[Snapshot], nodes: Collection[str]
) -> dict[str, tuple[tuple[int, ...], tuple[float, ...]]]:
    """Node -> (steps, RMS of its weights at each)."""
    found: dict[str, tuple[list[int], list[float]]] = {n: ([], []) for n in nodes}
    for moment in moments if nodes else ():
        for layer in moment.layers:
            if layer.node in found:
                steps, sizes = found[layer.node]
                steps.append(moment.step)
                sizes.append(layer.weight_rms)
    return {n: (tuple(steps), tuple(sizes)) for n, (steps, sizes) in found.items()}


def decades_of(ratio: float) -> float | None:
    """log10 of update : weight; None where no step was made yet, -inf for a step of zero."""
    if math.isnan(ratio):
        return None
    return math.log10(ratio) if ratio > 0 else -math.inf


def explained(layer: LayerStats, spread: Histogram | None = None, sizes: Sequence[float] = ()) -> str:
    """Each figure of the card with its formula and value; ``sizes``: RMS of the weights over the run."""
    lines = [
        tr("gradient: |dL/dW| = {value:.3g} (l2 norm)", value=layer.weight_grad_norm),
        tr("back-propagated: RMS(dL/dz) = {value:.3g}, one sample's scale", value=layer.delta_rms),
    ]
    update = decades_of(layer.update_ratio)
    if update is not None:
        lines.append(
            tr(
                "update : weight = RMS(step) / RMS(W) = 10^{decades:.1f}; usual is 10^-4 to 10^-2",
                decades=update,
            )
        )
    if len(sizes) > 1:
        words = tr("weights: RMS(W) = {now:.3g}, {first:.3g} at first (the small line)", now=sizes[-1], first=sizes[0])
        lines.append(words)
    if spread is not None:
        words = tr(
            "picture: outputs over the batch from {low:.3g} to {high:.3g}, heights log(1 + count)",
            low=spread.minimum, high=spread.maximum,
        )  # fmt: skip
        lines.append(words)
    lines.append(tr("activation: mean {mean:.3g}, spread {sd:.3g}", mean=layer.activation_mean, sd=layer.activation_sd))
    if not math.isnan(layer.saturation):
        lines.append(tr("saturated: {share:.1%}", share=layer.saturation))
    if not math.isnan(layer.dead):
        lines.append(tr("zero on the whole batch: {share:.1%} of the units", share=layer.dead))
    return "\n".join(lines)


def edge_flow(snapshot: Snapshot, graph: Graph) -> Mapping[Edge, Magnitudes]:
    """Forward and backward RMS of what each wire carries: those of its source's output. None: not measured."""
    return {e: _measured(snapshot.flow[e.source], graph, e) for e in graph.edges if e.source in snapshot.flow}


def _measured(flow: tuple[float, float], graph: Graph, edge: Edge) -> Magnitudes:
    forward, backward = flow
    # Behind an input nan means "not computed"; anywhere else it is a finding, and shown as one.
    unknown = math.isnan(backward) and graph.nodes[edge.source].type == "input"
    return forward, None if unknown else backward
