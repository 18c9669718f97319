"""Missing, surplus and mistyped wires at one node."""

from __future__ import annotations

from collections.abc import Iterator

from engine.analysis.types import Problem, TensorType
from engine.graph import Edge, Node
from engine.layers import Layer, Port

WORDS = {"float": "numbers", "int": "whole-number ids"}


def wiring_problems(
    node: Node, layer: Layer, incoming: tuple[Edge, ...], types: tuple[TensorType | None, ...]
) -> tuple[Problem, ...]:
    """What is wrong with the wires that end at a node, port by port."""
    found = list(_unknown_ports(node, layer, incoming))
    for port in layer.inputs:
        wires = [k for k, e in enumerate(incoming) if e.port == port.name]
        found.extend(_count(node, port, len(wires)))
        if layer.id != "output":  # a head takes whatever its loss takes
            found.extend(_kinds(node, port, [types[k] for k in wires]))
    return tuple(found)


def _unknown_ports(node: Node, layer: Layer, incoming: tuple[Edge, ...]) -> Iterator[Problem]:
    names = {p.name for p in layer.inputs}
    known = ", ".join(p.name for p in layer.inputs) or "no inputs"
    for e in incoming:
        if e.port not in names:
            yield _problem(node, "{name} has no input {port!r}", {"port": e.port}, known, e.port, e.port)


def _count(node: Node, port: Port, count: int) -> Iterator[Problem]:
    values = {"port": port.name, "count": count}
    if port.many and count < 2:
        template = "{name} needs at least two inputs, got {count}"
        yield _problem(node, template, values, "2 or more wires", str(count), port.name)
    elif not port.many and count == 0:
        template = "{name} has no input; wire a layer to its {port!r} port"
        yield _problem(node, template, values, "1 wire", "none", port.name)
    elif not port.many and count > 1:
        template = "{name}: port {port!r} takes one wire, got {count}"
        yield _problem(node, template, values, "1 wire", str(count), port.name)


def _kinds(node: Node, port: Port, types: list[TensorType | None]) -> Iterator[Problem]:
    for t in types:
        if t is not None and t.dtype != port.dtype:
            expected, got = WORDS[port.dtype], WORDS[t.dtype]
            template = "{name} takes {expected}, but {got} come"
            yield _problem(node, template, {"expected": expected, "got": got}, expected, got, port.name)


def _problem(node: Node, template: str, values: dict[str, object], expected: str, got: str, port: str) -> Problem:
    return Problem(node.id, template, {**values, "name": node.name}, expected, got, port=port)
