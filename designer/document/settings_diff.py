"""What two or more projects differ in, setting by setting, for a table of differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from engine.declare import Spec
from engine.graph import Node, Project

#: stands for a setting that a project does not have
NONE = ""


class Setting(NamedTuple):
    """One setting of one project. ``name`` and ``text`` are for files and tables without a language; for the eye
    ``layer`` is the person's name of the node ("" outside the network), ``kind`` its type, ``path`` the ids of the
    parameter and of the parameters inside it (empty: the layer or wire itself), ``value`` as it is stored."""

    name: str
    text: str
    layer: str
    kind: str
    path: tuple[str, ...]
    value: Any


@dataclass(frozen=True)
class Difference:
    """One setting: ``group`` ("network", "training" or "data"), ``name`` as declared, and a text for each project;
    ``settings``: all that is known of each, None where a project does not have it."""

    group: str
    name: str
    values: tuple[str, ...]
    settings: tuple[Setting | None, ...] = field(default=(), compare=False)


def differences(projects: Sequence[Project]) -> list[Difference]:
    """Every setting in which at least two of them differ; names of layers are those of the last that has them."""
    found: list[Difference] = []
    for group in ("network", "training", "data"):
        flat = [_flat(project, group) for project in projects]
        for key in dict.fromkeys(k for f in flat for k in f):
            settings = tuple(f.get(key) for f in flat)
            values = tuple(s.text if s is not None else NONE for s in settings)
            if len(set(values)) > 1:
                name = next(s.name for s in reversed(settings) if s is not None)
                found.append(Difference(group, name, values, settings))
    return found


def _flat(project: Project, group: str) -> dict[str, Setting]:
    """Settings by key; layers are told apart by their ids."""
    if group == "network":
        return _network(project)
    setup = project.training if group == "training" else project.data
    found: dict[str, Setting] = {}
    for part in fields(setup):
        found |= _entries(part.name, ("", group), (part.name,), getattr(setup, part.name))
    return found


def _network(project: Project) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for node in project.graph.nodes.values():
        called, layer = node.name or node.id, (node.name or node.id, node.type)
        found[node.id] = Setting(called, node.type, *layer, (), node.type)
        for name, value in _params(node).items():
            found |= _entries(f"{node.id}|{name}", layer, (name,), value)
        for flag in ("frozen", "muted"):
            if getattr(node, flag):
                found[f"{node.id}|{flag}"] = Setting(f"{called} · {flag}", "yes", *layer, (flag,), True)
    names = {k: n.name or k for k, n in project.graph.nodes.items()}
    for e in project.graph.edges:
        wire = f"{names.get(e.source, e.source)} → {names.get(e.target, e.target)}"
        key = f"wire|{e.source}|{e.source_port}|{e.target}|{e.port}"
        found[key] = Setting(wire, "yes", wire, "", (), True)
    return found


def _params(node: Node) -> Mapping[str, Any]:
    """With the defaults of its type, so that a stated default is no difference."""
    from engine.layers import LAYERS

    if node.type not in LAYERS:
        return node.params
    known = {name: p.default for name, p in LAYERS[node.type].params.items()}
    return {**known, **node.params}


def _entries(key: str, layer: tuple[str, str], path: tuple[str, ...], value: Any) -> dict[str, Setting]:
    name = " · ".join((layer[0], *path) if layer[0] else path)
    if not isinstance(value, Spec):
        return {key: Setting(name, value_words(value), *layer, path, value)}
    found = {key: Setting(name, value.type, *layer, path, value)}
    for part, inner in value.params.items():
        found |= _entries(f"{key}|{part}", layer, (*path, part), inner)
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
