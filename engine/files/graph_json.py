"""graph.json: a Project as text that reads well in a diff, and back again with every mistake named by its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from engine.declare import Spec
from engine.files import migrations
from engine.files.errors import FormatError
from engine.files.layout_text import json_text
from engine.files.limits import MAX_BRACKETS, MAX_COMMAS, MAX_JSON
from engine.files.values import (
    FOREIGN,
    check_opaque,
    checked_params,
    checked_spec,
    loose,
    params_json,
    spec_json,
    strict,
)
from engine.files.wire import FORMAT, FORMAT_VERSION, ID_RULE, file_type
from engine.graph import DataSetup, Edge, Graph, Json, Node, Project, TrainingSetup
from engine.layers import LAYERS

#: settings that a file always states, since people look for them
_STATED = {"optimizer", "batch_size", "epochs", "seed", "source"}
_REGISTRY = {"optimizer": "optimizers", "schedule": "schedules", "source": "sources"}
_OTHER = "open a graph.json or .gradloom file; data is dropped on the window or named in the data panel"
_DAMAGED = "the file is damaged or was edited by hand; restore an earlier copy"


def project_bytes(project: Project, file: str = "graph.json") -> bytes:
    """The file's content. FormatError where a value has no JSON form (NaN, infinity)."""
    try:
        return json_text(project_json(project)).encode()
    except (ValueError, TypeError) as e:
        raise FormatError(
            file, "", "a value has no place in a file", expected="finite numbers and Unicode text", got=str(e),
            remedy="find the NaN, infinity or broken text in a parameter, the layout or a note and change it",
        ) from e  # fmt: skip


def project_json(project: Project) -> dict[str, Json]:
    """The JSON value of a project; only what differs from a default, except for a few settings always stated."""
    whole: dict[str, Json] = {"format": FORMAT, "format_version": FORMAT_VERSION, "title": project.title}
    whole["nodes"] = [_node_json(n) for n in project.graph.nodes.values()]
    whole["edges"] = [_edge_json(e) for e in project.graph.edges]
    whole["training"] = _setup_json(project.training, TrainingSetup())
    whole["data"] = _setup_json(project.data, DataSetup())
    if project.probes:
        whole["probes"] = list(project.probes)
    if project.layout:
        whole["layout"] = dict(project.layout)
    if project.notes:
        whole["notes"] = dict(project.notes)
    return whole


def _node_json(node: Node) -> dict[str, Json]:
    entry: dict[str, Json] = {"id": node.id, "type": node.type, "name": node.name}
    known = node.type in LAYERS and node.version <= LAYERS[node.type].version
    params = params_json(LAYERS[node.type] if known else None, node.params)
    if params:
        entry["params"] = params
    if node.version != 1:
        entry["version"] = node.version
    for flag in ("frozen", "muted"):
        if getattr(node, flag):
            entry[flag] = True
    if node.shares is not None:
        entry["shares"] = node.shares
    return entry


def _edge_json(edge: Edge) -> dict[str, Json]:
    entry: dict[str, Json] = {"from": edge.source, "to": edge.target}
    if edge.port != "in":
        entry["port"] = edge.port
    if edge.source_port != "out":
        entry["source_port"] = edge.source_port
    return entry


def _setup_json(setup: TrainingSetup | DataSetup, default: TrainingSetup | DataSetup) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for f in fields(setup):
        value = getattr(setup, f.name)
        if f.name in _STATED or value != getattr(default, f.name):
            found[f.name] = spec_json(_REGISTRY[f.name], value) if f.name in _REGISTRY else value
    return found


def read_project(data: bytes | memoryview, file: str = "graph.json") -> Project:
    """The project of a graph.json. FormatError for everything that is not one; never any other exception."""
    import msgspec

    raw = bytes(data).removeprefix(b"\xef\xbb\xbf")
    _refuse_excess(raw, file)
    try:
        version = _version(raw, file)
        if version < FORMAT_VERSION:
            whole = migrations.migrate(msgspec.json.decode(raw), version, file)
            return _project(msgspec.convert(whole, file_type()), file)
        return _project(msgspec.json.decode(raw, type=file_type()), file)
    except RecursionError as e:
        raise FormatError(file, "", "this nests too deep to be a drawing", remedy=FOREIGN) from e
    except msgspec.ValidationError as e:
        raise _mistyped(str(e), file) from e
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise _malformed(raw, e, file) from e


def _refuse_excess(raw: bytes, file: str) -> None:
    """Counting bytes costs little; decoding what they stand for need not be tried."""
    counted = (
        ("bytes", len(raw), MAX_JSON),
        ("objects and lists", raw.count(b"{") + raw.count(b"["), MAX_BRACKETS),
        ("entries", raw.count(b","), MAX_COMMAS),
    )
    for what, count, limit in counted:
        if count > limit:
            raise FormatError(
                file, "", "this is too large for a drawing", expected=f"at most {limit:,} {what}", got=f"{count:,}",
                remedy="keep weights and data in files of their own",
            )  # fmt: skip


def _version(raw: bytes, file: str) -> int:
    """The format version, read before anything else, so that another version is called so and not "damaged"."""
    import msgspec

    head: Any = msgspec.json.decode(
        raw, type=msgspec.defstruct("Head", [("format", Any, None), ("format_version", Any, None)])
    )
    if head.format != FORMAT:
        raise FormatError(
            file, "format", "this is not a Gradloom project", expected=repr(FORMAT), got=repr(head.format),
            remedy=_OTHER,
        )  # fmt: skip
    version = head.format_version
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FormatError(
            file, "format_version", "a whole number", expected="1 or more", got=repr(version), remedy=_DAMAGED
        )
    if version > FORMAT_VERSION:
        raise FormatError(
            file, "format_version", "this file was written by a newer Gradloom",
            expected=f"format version {FORMAT_VERSION} or older", got=str(version),
            remedy="update Gradloom to open it; nothing has been changed",
        )  # fmt: skip
    return version


def _mistyped(message: str, file: str) -> FormatError:
    rule, _, path = message.partition(" - at `")
    where = path.rstrip("`").removeprefix("$").removeprefix(".")
    if " matching regex " in rule:
        return FormatError(file, where, "an id of letters, digits, '_', '-' and '.', 64 at most", remedy=_DAMAGED)
    found = re.fullmatch(r"Expected (.*), got (.*)", rule)
    if found:
        return FormatError(file, where, "a value of another kind", expected=found[1], got=found[2], remedy=_DAMAGED)
    return FormatError(file, where, rule, remedy=_DAMAGED)


def _malformed(raw: bytes, error: Exception, file: str) -> FormatError:
    if raw.lstrip()[:1] != b"{":
        got = "nothing" if not raw.strip() else repr(raw[:20].decode("latin-1"))
        return FormatError(file, "", "this is not a Gradloom project", expected="a JSON object", got=got, remedy=_OTHER)
    kind, place = "this is no JSON", _byte(str(error))
    try:
        raw.decode()
    except UnicodeDecodeError as e:
        kind, place = "this text is not UTF-8", e.start
    if place is None:
        return FormatError(file, "", kind, got=str(error), remedy=_DAMAGED)
    line = raw.count(b"\n", 0, place) + 1
    column = place - (raw.rfind(b"\n", 0, place) + 1) + 1
    got = repr(raw[place : place + 1].decode("latin-1"))
    return FormatError(file, f"line {line}, column {column}", kind, got=got, remedy=_DAMAGED)


def _byte(message: str) -> int | None:
    found = re.search(r"\(byte (\d+)\)", message)
    return int(found[1]) if found else None


def _project(whole: Any, file: str) -> Project:
    check_opaque(whole.layout, file, "layout")
    check_opaque(whole.notes, file, "notes")
    training, data = whole.training, whole.data
    if data.validation + data.test >= 1:
        raise FormatError(
            file, "data", "the shares leave nothing to train on", expected="validation + test below 1",
            got=f"{data.validation} + {data.test}", remedy="make them smaller",
        )  # fmt: skip
    t = {f.name: getattr(training, f.name) for f in fields(TrainingSetup)}
    d = {f.name: getattr(data, f.name) for f in fields(DataSetup)}
    t["optimizer"] = _choice("optimizers", training.optimizer, file, "training.optimizer")
    t["schedule"] = _choice("schedules", training.schedule, file, "training.schedule")
    d["source"] = _choice("sources", data.source, file, "data.source")
    return Project(
        _graph(whole, file),
        TrainingSetup(**t),
        DataSetup(**d),
        tuple(whole.probes),
        whole.layout,
        whole.notes,
        whole.title,
    )


def _choice(registry: str, raw: str | dict[str, Any], file: str, where: str) -> Spec:
    check_opaque(raw, file, where)
    spec = Spec(raw) if isinstance(raw, str) else strict(raw)
    if not isinstance(spec, Spec):
        raise FormatError(
            file, where, "a choice needs its type", expected='{"type": name, ...}', got=repr(raw), remedy=_DAMAGED
        )
    return checked_spec(registry, spec, file, where)


def _graph(whole: Any, file: str) -> Graph:
    nodes: dict[str, Node] = {}
    for k, n in enumerate(whole.nodes):
        where = f'nodes[{k}] "{n.name}"'
        if n.id in nodes or not re.fullmatch(ID_RULE[1:-1], n.id):
            rule = "two nodes have the same id" if n.id in nodes else "an id of letters, digits, '_', '-' and '.'"
            raise FormatError(file, f"{where}.id", rule, got=repr(n.id), remedy="give each node an id of its own")
        params = _params(n, file, f"{where}.params")
        nodes[n.id] = Node(n.id, n.type, n.name, params, n.version, n.frozen, n.muted, n.shares)
    edges = tuple(Edge(e.source, e.target, e.port, e.source_port) for e in whole.edges)
    graph = Graph(nodes, edges)
    _check_edges(graph, file)
    return graph


def _params(node: Any, file: str, where: str) -> Mapping[str, Any]:
    """Checked where the type is known; else kept exactly, so that a placeholder survives a save."""
    check_opaque(node.params, file, where)
    if node.type not in LAYERS or node.version > LAYERS[node.type].version:
        return {k: loose(v) for k, v in node.params.items()}
    cls = LAYERS[node.type]
    return checked_params(cls, {k: strict(v) for k, v in node.params.items()}, file, where)


def _check_edges(graph: Graph, file: str) -> None:
    seen: set[Edge] = set()
    for k, e in enumerate(graph.edges):
        where = f"edges[{k}]"
        for end in (e.source, e.target):
            if end not in graph.nodes:
                raise FormatError(
                    file, where, "a wire ends at a node that is not there", got=repr(end), remedy="remove the wire"
                )
        if e in seen or e.source == e.target:
            rule = "the same wire twice" if e in seen else "a wire from a node to itself"
            raise FormatError(file, where, rule, got=f"{e.source!r} to {e.target!r}", remedy="remove the wire")
        seen.add(e)
    if len(graph.order) < len(graph.nodes):
        loop = _loop(graph)
        names = " -> ".join(graph.nodes[n].name or n for n in loop)
        raise FormatError(file, "edges", "the wires close a loop", got=names, remedy="remove one of these wires")


def _loop(graph: Graph) -> list[str]:
    """The ids along one loop; the first stands at the end again."""
    rest = set(graph.nodes) - set(graph.order)
    at = min(rest)
    way: dict[str, int] = {}
    while at not in way:
        way[at] = len(way)
        at = min(e.source for e in graph.incoming[at] if e.source in rest)
    names = list(way)[way[at] :]
    return [at, *reversed(names)]
