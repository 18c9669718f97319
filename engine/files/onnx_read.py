"""Reading an ONNX file no further than is safe: no tensor that lies in another file is ever touched."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.files.errors import FormatError
from engine.files.reading import read_bytes

MAX_ONNX = (1 << 31) - 1  # protobuf's own limit


def read_onnx(path: str | Path) -> Any:
    """The model. FormatError for what is none, and for one that keeps tensors in other files."""
    return parse_onnx(read_bytes(path, MAX_ONNX), str(path))


def parse_onnx(data: bytes, file: str = "model") -> Any:
    """As ``read_onnx``, from bytes."""
    import onnx

    decode_error: type[Exception] = import_module("google.protobuf.message").DecodeError
    try:
        model = onnx.load_model_from_string(data)
    except (decode_error, ValueError, RecursionError) as e:
        raise FormatError(file, "", "this is no ONNX model", got=str(e), remedy="export it anew") from e
    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data):
            raise FormatError(
                file, tensor.name, "this tensor lies in another file", expected="all data inside the model",
                got=", ".join(f"{e.key} {e.value!r}" for e in tensor.external_data),
                remedy="save the model in one piece (onnx.save with save_as_external_data=False)",
            )  # fmt: skip
    return model


def _tensors(model: Any) -> Iterator[Any]:
    """Every tensor of the model: initializers, attributes, sub-graphs, functions."""
    graphs: list[Any] = [model.graph]
    nodes: list[Any] = [n for f in model.functions for n in f.node]
    attributes: list[Any] = [a for f in model.functions for a in f.attribute_proto]
    for training in model.training_info:
        graphs += [training.initialization, training.algorithm]
    while graphs or nodes or attributes:
        if graphs:
            graph = graphs.pop()
            yield from graph.initializer
            for sparse in graph.sparse_initializer:
                yield from (sparse.values, sparse.indices)
            nodes.extend(graph.node)
        elif nodes:
            attributes.extend(nodes.pop().attribute)
        else:
            attribute = attributes.pop()
            yield attribute.t
            yield from attribute.tensors
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
            graphs += [attribute.g, *attribute.graphs] if attribute.HasField("g") else list(attribute.graphs)
