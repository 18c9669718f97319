"""``export``: the network as ONNX, PyTorch or Keras. Pictures are the designer's."""

from __future__ import annotations

import sys
from argparse import Namespace

from engine.cli.errors import UsageError
from engine.cli.loading import load, trained_weights
from engine.files.export import write_export
from engine.plan import build_plan


def export(options: Namespace) -> int:
    """Write the file, and the weights beside it where the format keeps them apart."""
    if options.to in ("svg", "png"):
        raise UsageError(
            f"pictures are drawn by the designer: python -m designer export {options.file} --to {options.to}"
        )
    file = load(options.file)
    weights = trained_weights(file, options.weights, build_plan(file.project.graph), options.file)
    written = write_export(options.to, file.project, options.output, weights)
    if weights is None:
        seed = file.project.training.seed
        print(f"note: no trained weights; these are the initial ones of seed {seed}", file=sys.stderr)
    print(f"wrote {' and '.join(map(str, written))}")
    return 0
