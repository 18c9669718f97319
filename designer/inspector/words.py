"""Texts about a node: its figures, its shape explained, a problem in the person's language."""

from __future__ import annotations

from engine.analysis import NodeAnalysis, Problem, TensorType, make_layer
from engine.layers import Layer
from widgets.i18n import tr, tr_declared

UNKNOWN = "?"


def count_text(number: int) -> str:
    """A count with thousands separated: 12,340."""
    return f"{number:,}"


def short_count(number: float) -> str:
    """A large count in three figures: 1.23 M."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(number) >= size:
            scaled = number / (1e3 if unit == "k" else size)
            return f"{scaled:.3g} {unit}"
    return count_text(round(number))


def type_text(tensor: TensorType | None) -> str:
    """``N × 32 × 26 × 26``, or "?" while unknown."""
    return UNKNOWN if tensor is None else " × ".join(["N", *map(str, tensor.shape)])


def figures_text(found: NodeAnalysis | None) -> str:
    """``N × 2 → N × 4 · 12 parameters · 8 multiply-adds``."""
    if found is None:
        return ""
    shapes = type_text(found.output)
    if found.inputs:
        shapes = ", ".join(type_text(t) for t in found.inputs) + " → " + shapes
    parts = [shapes]
    if found.parameters:
        parts.append(tr("{count} parameters", count=count_text(found.parameters)))
    if found.parameters and found.trainable < found.parameters:
        parts.append(tr("{count} frozen", count=count_text(found.parameters - found.trainable)))
    if found.macs:
        parts.append(tr("{count} multiply-adds", count=short_count(found.macs)))
    return " · ".join(parts)


def explained(found: NodeAnalysis | None) -> str:
    """How the output shape comes about, by the layer itself; "" where it is unknown or plain."""
    if found is None or found.output is None or any(t is None for t in found.inputs):
        return ""
    layer = make_layer(found.node)
    if not isinstance(layer, Layer):
        return ""
    return tr_declared(layer.explain(*(t.shape for t in found.inputs if t is not None)))


def problem_text(problem: Problem) -> str:
    """The problem's sentence."""
    return tr_declared(problem.template, **problem.values)


def formula(doc: str | None) -> tuple[str, str]:
    """First line of a layer's docstring split into formula and the rest (shapes, source)."""
    line = tr_declared(doc.strip().splitlines()[0]) if doc and doc.strip() else ""
    head, dot, rest = line.partition(". ")
    return (head, rest) if dot else (line.rstrip("."), "")
