"""The types of graph.json, from which it is decoded with paths in errors and from which its schema is published."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Literal

from engine.files.limits import MAX_EDGES, MAX_NODES

FORMAT = "gradloom"
FORMAT_VERSION = 1
ID_RULE = r"^[\w.\-]{1,64}$"


@lru_cache(maxsize=1)
def file_type() -> Any:
    """The type of the whole file. Built when first used: msgspec is not imported with the engine."""
    import msgspec

    meta = msgspec.Meta
    text = Annotated[str, meta(max_length=20_000)]
    choice = str | dict[str, Any]
    share = Annotated[float, meta(ge=0, lt=1)]
    whole = Annotated[int, meta(ge=0, le=2**63 - 1)]
    count = Annotated[int, meta(ge=1, le=2**31 - 1)]
    identifier = Annotated[str, meta(pattern=ID_RULE, description="Short and stable; weights are stored under it.")]

    def struct(name: str, fields: list[Any], about: str, **options: Any) -> Any:
        made = msgspec.defstruct(name, fields, forbid_unknown_fields=True, kw_only=True, module=__name__, **options)
        made.__doc__ = about
        return made

    node: Any = struct(
        "Node",
        [
            ("id", identifier),
            ("type", Annotated[str, meta(min_length=1, max_length=64, description="Id of a layer type.")]),
            ("name", text, ""),
            ("params", Annotated[dict[str, Any], meta(description="What differs from the type's defaults.")], {}),
            ("version", Annotated[int, meta(ge=1, description="Version of the layer type.")], 1),
            ("frozen", Annotated[bool, meta(description="Its weights are not trained.")], False),
            ("muted", Annotated[bool, meta(description="It passes its input through.")], False),
        ],
        "One layer of the drawing.",
    )
    edge: Any = struct(
        "Edge",
        [("source", identifier), ("target", identifier), ("port", text, "in"), ("source_port", text, "out")],
        "A wire. Order matters where several enter one port.",
        rename={"source": "from", "target": "to"},
    )
    training = struct(
        "Training",
        [
            ("optimizer", choice, "sgd"),
            ("schedule", choice, "constant"),
            ("batch_size", count, 32),
            ("epochs", count, 20),
            ("shuffle", bool, True),
            ("seed", whole, 0),
            ("dtype", Literal["float32", "float64"], "float32"),
            ("target_loss", float | None, None),
            ("patience", count | None, None),
            ("min_change", Annotated[float, meta(ge=0)], 0.0),
            ("restore_best", bool, True),
            ("start_from", Literal["initial", "keep"], "initial"),
            ("backend", Annotated[str, meta(max_length=64)], "auto"),
        ],
        "How to train; see engine.graph.TrainingSetup.",
    )
    data = struct(
        "Data",
        [
            ("source", choice, "circle"),
            ("validation", share, 0.2),
            ("test", share, 0.2),
            ("split_seed", whole, 0),
            ("shuffle_split", bool, True),
            ("standardize", bool, False),
        ],
        "Which data; see engine.graph.DataSetup.",
    )
    return struct(
        "GradloomProject",
        [
            ("format", Literal["gradloom"]),
            ("format_version", Literal[1]),
            ("title", text, ""),
            ("nodes", Annotated[list.__class_getitem__(node), meta(max_length=MAX_NODES)], []),
            ("edges", Annotated[list.__class_getitem__(edge), meta(max_length=MAX_EDGES)], []),
            ("training", training, msgspec.field(default_factory=training)),
            ("data", data, msgspec.field(default_factory=data)),
            ("probes", Annotated[list[Annotated[str, meta(max_length=200)]], meta(max_length=1000)], []),
            ("layout", Annotated[dict[str, Any], meta(description="Where things stand; the designer's own.")], {}),
            ("notes", Annotated[dict[str, Any], meta(description="Sticky notes; the designer's own.")], {}),
        ],
        "A Gradloom project without weights (graph.json).",
    )


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
