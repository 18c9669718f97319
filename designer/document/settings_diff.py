"""What two or more projects differ in, setting by setting, for a table of differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from engine.declare import Spec
from engine.graph import Node, Project

#: stands for a setting that a project does not have
NONE = ""


@dataclass(frozen=True)
class Difference:
    """One setting: ``group`` ("network", "training" or "data"), ``name`` as declared, and a text for each project."""

    group: str
    name: str
    values: tuple[str, ...]


def differences(projects: Sequence[Project]) -> list[Difference]:
    """Every setting in which at least two of them differ; names of layers are those of the last that has them."""
    found: list[Difference] = []
    for group in ("network", "training", "data"):
        flat = [_flat(project, group) for project in projects]
        for key in dict.fromkeys(k for f in flat for k in f):
            values = tuple(f[key][1] if key in f else NONE for f in flat)
            if len(set(values)) > 1:
                name = next(f[key][0] for f in reversed(flat) if key in f)
                found.append(Difference(group, name, values))
    return found


def _flat(project: Project, group: str) -> dict[str, tuple[str, str]]:
    """key -> (name, value); layers are told apart by their ids."""
    if group == "network":
        return _network(project)
    setup = project.training if group == "training" else project.data
    found: dict[str, tuple[str, str]] = {}
    for field in fields(setup):
        found |= _entries(field.name, field.name, getattr(setup, field.name))
    return found


def _network(project: Project) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for node in project.graph.nodes.values():
        found[node.id] = (node.name or node.id, node.type)
        for name, value in _params(node).items():
            found |= _entries(f"{node.id}|{name}", f"{node.name or node.id} · {name}", value)
        for flag in ("frozen", "muted"):
            if getattr(node, flag):
                found[f"{node.id}|{flag}"] = (f"{node.name or node.id} · {flag}", "yes")
    names = {k: n.name or k for k, n in project.graph.nodes.items()}
    for e in project.graph.edges:
        wire = f"{names.get(e.source, e.source)} → {names.get(e.target, e.target)}"
        found[f"wire|{e.source}|{e.source_port}|{e.target}|{e.port}"] = (wire, "yes")
    return found


def _params(node: Node) -> Mapping[str, Any]:
    """With the defaults of its type, so that a stated default is no difference."""
    from engine.layers import LAYERS

    if node.type not in LAYERS:
        return node.params
    known = {name: p.default for name, p in LAYERS[node.type].params.items()}
    return {**known, **node.params}


def _entries(key: str, name: str, value: Any) -> dict[str, tuple[str, str]]:
    if not isinstance(value, Spec):
        return {key: (name, value_words(value))}
    found = {key: (name, value.type)}
    for part, inner in value.params.items():
        found |= _entries(f"{key}|{part}", f"{name} · {part}", inner)
    return found


def value_words(value: Any) -> str:
    """A value as a table shows it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return " x ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
