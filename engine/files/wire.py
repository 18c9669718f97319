"""The types of graph.json, from which it is decoded with paths in errors and from which its schema is published."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Literal

from engine.files.limits import MAX_EDGES, MAX_NODES

FORMAT = "gradloom"
FORMAT_VERSION = 1
ID_RULE = r"^[\w.\-]{1,64}$"


def _struct(name: str, fields: list[Any], about: str, **options: Any) -> Any:
    import msgspec

    made = msgspec.defstruct(name, fields, forbid_unknown_fields=True, kw_only=True, module=__name__, **options)
    made.__doc__ = about
    return made


def _limited(kind: Any, **rules: Any) -> Any:
    """A type with its limits, for checking and for the schema."""
    import msgspec

    return Annotated[kind, msgspec.Meta(**rules)]


def _node(text: Any, identifier: Any) -> Any:
    fields: list[Any] = [
        ("id", identifier),
        ("type", _limited(str, min_length=1, max_length=64, description="Id of a layer type.")),
        ("name", text, ""),
        ("params", _limited(dict[str, Any], description="What differs from the type's defaults."), {}),
        ("version", _limited(int, ge=1, description="Version of the layer type."), 1),
        ("frozen", _limited(bool, description="Its weights are not trained."), False),
        ("muted", _limited(bool, description="It passes its input through."), False),
        ("shares", _limited(identifier | None, description="The node whose weights it uses."), None),
    ]
    return _struct("Node", fields, "One layer of the drawing.")


def _edge(text: Any, identifier: Any) -> Any:
    fields: list[Any] = [
        ("source", identifier),
        ("target", identifier),
        ("port", text, "in"),
        ("source_port", text, "out"),
    ]
    about = "A wire. Order matters where several enter one port."
    return _struct("Edge", fields, about, rename={"source": "from", "target": "to"})


def _training(choice: Any, whole: Any) -> Any:
    count = _limited(int, ge=1, le=2**31 - 1)
    fields: list[Any] = [
        ("optimizer", choice, "sgd"),
        ("schedule", choice, "constant"),
        ("batch_size", count, 32),
        ("epochs", count, 20),
        ("shuffle", bool, True),
        ("seed", whole, 0),
        ("dtype", Literal["float32", "float64"], "float32"),
        ("target_loss", float | None, None),
        ("patience", count | None, None),
        ("min_change", _limited(float, ge=0), 0.0),
        ("restore_best", bool, True),
        ("start_from", Literal["initial", "keep"], "initial"),
        ("backend", _limited(str, max_length=64), "auto"),
        ("clip_value", _limited(float, gt=0) | None, None),
        ("clip_norm", _limited(float, gt=0) | None, None),
        ("accumulate", count, 1),
        ("ema_decay", _limited(float, ge=0, le=0.999999) | None, None),
        ("ema_evaluate", bool, True),
        ("l1_step", Literal["proximal", "subgradient"], "proximal"),
        ("decay_biases", bool, True),
    ]
    return _struct("Training", fields, "How to train; see engine.graph.TrainingSetup.")


def _data(choice: Any, whole: Any) -> Any:
    share = _limited(float, ge=0, lt=1)
    fields: list[Any] = [
        ("source", choice, "circle"),
        ("validation", share, 0.2),
        ("test", share, 0.2),
        ("split_seed", whole, 0),
        ("shuffle_split", bool, True),
        ("standardize", bool, False),
    ]
    return _struct("Data", fields, "Which data; see engine.graph.DataSetup.")


@lru_cache(maxsize=1)
def file_type() -> Any:
    """The type of the whole file. Built when first used: msgspec is not imported with the engine."""
    import msgspec

    text = _limited(str, max_length=20_000)
    identifier = _limited(str, pattern=ID_RULE, description="Short and stable; weights are stored under it.")
    choice = str | dict[str, Any]
    whole = _limited(int, ge=0, le=2**63 - 1)
    training, data = _training(choice, whole), _data(choice, whole)
    nodes = list.__class_getitem__(_node(text, identifier))
    edges = list.__class_getitem__(_edge(text, identifier))
    probes = list.__class_getitem__(_limited(str, max_length=200))
    fields: list[Any] = [
        ("format", Literal["gradloom"]),
        ("format_version", Literal[1]),
        ("title", text, ""),
        ("nodes", _limited(nodes, max_length=MAX_NODES), []),
        ("edges", _limited(edges, max_length=MAX_EDGES), []),
        ("training", training, msgspec.field(default_factory=training)),
        ("data", data, msgspec.field(default_factory=data)),
        ("probes", _limited(probes, max_length=1000), []),
        ("layout", _limited(dict[str, Any], description="Where things stand; the designer's own."), {}),
        ("notes", _limited(dict[str, Any], description="Sticky notes; the designer's own."), {}),
    ]
    return _struct("GradloomProject", fields, "A Gradloom project without weights (graph.json).")


def schema_text() -> str:
    """The JSON schema of graph.json, as published in resources/schema."""
    import json

    import msgspec

    schema = msgspec.json.schema(file_type())
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Gradloom project, format version {FORMAT_VERSION}",
    }
    return json.dumps({**head, **schema}, indent=2, ensure_ascii=False) + "\n"
