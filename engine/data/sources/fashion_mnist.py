"""Fashion-MNIST, 7,000 pictures."""

from __future__ import annotations

from engine.data.source import SOURCES
from engine.data.sources._bundled import BundledImages


@SOURCES.add
class FashionMnist(BundledImages, id="fashion_mnist", title="Fashion-MNIST, 7,000 pictures"):
    """x in {0 .. 255}^(1 x 28 x 28), y in 10 kinds of clothing: 5,000 train, 1,000 validate, 1,000 test.

    A class-balanced subset. Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST" (2017).
    """

    file = "fashion_mnist.npz"
    origin = "Fashion-MNIST (Zalando SE, 2017), subset, MIT licence"
    target_name = "article"
    has_split = True
