"""Templates of networks that are ill in one way each: to watch what it looks like, and what helps."""

from __future__ import annotations

from dataclasses import replace

from designer.document.state import DocState
from designer.document.templates.sketch import Sketch, Template
from engine.declare import Spec, Value


def dying_relu() -> DocState:
    """A rate of 2 throws the biases so far that whole layers of ReLU stay off on every sample. Lu et al. 2019."""
    s = Sketch()
    s.chain("input 2 > 3 * dense 16 relu he > dense 2 > output ce",
            "points, hidden 1, hidden 2, hidden 3, scores, side")  # fmt: skip
    return s.document("Dying ReLU", "circle", "sgd", 2.0, 40, 10)


def exploding() -> DocState:
    """Weights of standard deviation 0.8 on 32 inputs: each of ten ReLU layers multiplies the gradient by three."""
    s = Sketch()
    s.chain("input 2 > 10 * dense 32 relu > dense 2 > output ce",
            "points, " + ", ".join(f"hidden {k}" for k in range(1, 11)) + ", scores, side")  # fmt: skip
    _give(s, "hidden", weight_init=Spec("normal", {"std": 0.8}))
    return s.document("Exploding gradients", "circle", "sgd", 0.01, 40, 10)


def saturated_tanh() -> DocState:
    """Weights of standard deviation 3 push each tanh into its flat ends before any step. Glorot & Bengio 2010."""
    s = Sketch()
    s.chain("input 2 > 3 * dense 24 tanh > dense 2 > output ce",
            "points, hidden 1, hidden 2, hidden 3, scores, side")  # fmt: skip
    _give(s, "hidden", weight_init=Spec("normal", {"std": 3.0}))
    return s.document("Saturated tanh", "circle", "sgd", 0.03, 40, 10)


def _give(s: Sketch, name: str, **params: Value) -> None:
    """Settings for all layers whose name begins so."""
    for node in s.graph.nodes.values():
        if node.name.startswith(name):
            s.graph = s.graph.replace_node(replace(node, params={**node.params, **params}))


AILING = (
    Template("dying_relu", "Dying ReLU", "Units that are off for good; what the ledger says of them.", dying_relu),
    Template("exploding", "Exploding gradients", "Weights too large for their layers.", exploding),
    Template("saturated_tanh", "Saturated tanh", "A bad initializer leaves no slope to learn by.", saturated_tanh),
)
