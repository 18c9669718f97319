"""``export``: the network as ONNX, PyTorch or Keras. Pictures are the designer's."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from engine.cli.errors import UsageError
from engine.cli.loading import initial, load, trained_weights
from engine.files.atomic import write_atomic
from engine.files.weights import write_weights


def export(options: Namespace) -> int:
    """Write the file, and the weights beside it where the format keeps them apart."""
    if options.to in ("svg", "png"):
        raise UsageError(
            f"pictures are drawn by the designer: python -m designer export {options.file} --to {options.to}"
        )
    file = load(options.file)
    plan, drawn = initial(file.project)
    weights = trained_weights(file, options.weights, plan, options.file)
    if weights is None:
        print(
            f"note: no trained weights; these are the initial ones of seed {file.project.training.seed}",
            file=sys.stderr,
        )
        weights = drawn
    output = Path(options.output)
    if options.to == "onnx":
        from engine.files.onnx_graph import export_onnx

        write_atomic(output, [export_onnx(file.project, weights)])
        print(f"wrote {output}")
        return 0
    beside = output.with_suffix(".safetensors")
    if beside == output:
        raise UsageError("give the program's file a name that ends with .py; the weights are written beside it")
    if options.to == "pytorch":
        from engine.files.torch_text import export_torch

        text = export_torch(file.project).text
    else:
        from engine.files.keras_text import export_keras

        text = export_keras(file.project).text
    write_atomic(output, [text.encode()])
    write_weights(beside, weights)
    print(f"wrote {output} and {beside}")
    return 0
