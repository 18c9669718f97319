"""Templates without convolution: perceptron, MLP, deep sigmoid tower, autoencoder."""

from __future__ import annotations

from designer.document.state import DocState
from designer.document.templates.sketch import Sketch, Template


def perceptron() -> DocState:
    """One unit: y = tanh(w x + b) on two clouds that a line separates. Rosenblatt 1958."""
    s = Sketch()
    s.chain("input 2 > dense 1 tanh > output half_squared", "points, unit, side")
    return s.document("Perceptron", "gauss", "sgd", 0.03, 20, 10)


def mlp() -> DocState:
    """Two hidden layers of eight bend the line into a ring. Rumelhart, Hinton, Williams 1986."""
    s = Sketch()
    s.chain("input 2 > dense 8 relu he > dense 8 relu he > dense 1 tanh > output half_squared",
            "points, hidden 1, hidden 2, unit, side")  # fmt: skip
    return s.document("Multi-layer perceptron", "circle", "adam", 0.01, 60, 10)


def sigmoid_tower() -> DocState:
    """Ten sigmoid layers of four: each multiplies the gradient by at most a quarter. Hochreiter 1991."""
    s = Sketch()
    s.chain("input 2 > 10 * dense 4 sigmoid > dense 1 tanh > output half_squared",
            "points, " + ", ".join(f"hidden {k}" for k in range(1, 11)) + ", unit, side")  # fmt: skip
    return s.document("Deep sigmoid tower", "circle", "sgd", 0.03, 100, 10)


def autoencoder() -> DocState:
    """An image through eight numbers and back; its target is its input. Hinton and Salakhutdinov 2006."""
    s = Sketch()
    s.chain("input 1x8x8 > flatten > dense 32 relu he > dense 8 > dense 32 relu he > dense 64",
            "digit, flatten, encoder, code, decoder, pixels")  # fmt: skip
    s.chain("reshape 1x8x8 > output mse field=x", "image, reconstruction")
    return s.document("Autoencoder", "digits", "adam", 0.003, 40, 32)


DENSE = (
    Template("perceptron", "Perceptron", "One unit: a line through the plane.", perceptron),
    Template("mlp", "Multi-layer perceptron", "Two hidden layers, the usual beginning.", mlp),
    Template("sigmoid_tower", "Deep sigmoid tower", "Ten sigmoid layers, to watch the gradient vanish.", sigmoid_tower),
    Template("autoencoder", "Autoencoder", "A digit squeezed through eight numbers and back.", autoencoder),
)
