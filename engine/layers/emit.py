"""What layers write their ONNX, PyTorch and Keras forms to. engine.files implements these for files and tests."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.primitives import Shape


class TorchText(Protocol):
    """PyTorch module text in the making, for one node."""

    def module(self, expression: str, weights: dict[str, str] | None = None) -> str:
        """Declare ``self.NAME = expression`` in ``__init__``; return ``self.NAME``.

        ``weights`` maps the module's parameter or buffer names to ours: ``{"weight": "weight", "bias": "bias"}``.
        """

    def line(self, expression: str) -> str:
        """Assign the expression to a new local variable in ``forward``; return the variable's name."""

    def shape(self, variable: str) -> Shape:
        """Per-sample shape of a variable that ``line`` returned or the layer received."""

    def scope(self, name: str) -> TorchText:
        """As Builder.scope: our weight names start with ``name.``."""


class KerasText(Protocol):
    """Keras 3 functional model text in the making, for one node (data format channels first)."""

    def layer(self, expression: str, *inputs: str, weights: tuple[tuple[str, tuple[int, ...] | None], ...] = ()) -> str:
        """Write ``NAME = expression(inputs)``; return NAME.

        ``weights``: in the order of Keras' ``set_weights``: (our name, axes to transpose to theirs or None).
        """

    def line(self, expression: str) -> str:
        """Assign any expression of keras.ops to a new variable; return its name."""

    def shape(self, variable: str) -> Shape:
        """Per-sample shape of a variable."""

    def scope(self, name: str) -> KerasText:
        """As Builder.scope."""


class OnnxGraph(Protocol):
    """An ONNX graph in the making, for one node."""

    def node(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        """Append an operator with one output; return the output's name. "" stands for an absent optional input."""

    def weight(self, name: str, axes: tuple[int, ...] | None = None) -> str:
        """The initializer (or running statistic) of our weight, transposed if asked; return its name."""

    def constant(self, value: NDArray[np.generic]) -> str:
        """A constant tensor; return its name."""

    def shape(self, value: str) -> Shape:
        """Per-sample shape of a value."""

    def scope(self, name: str) -> OnnxGraph:
        """As Builder.scope."""
