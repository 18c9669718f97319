"""Templates for sequences: a transformer encoder."""

from __future__ import annotations

from designer.document.state import DocState
from designer.document.templates.sketch import Sketch, Template


def transformer() -> DocState:
    """The rows of a digit as a sequence of eight; x + attention(norm x), then x + mlp(norm x). Vaswani et al. 2017."""
    s = Sketch()
    place = s.chain("input 1x8x8 > reshape 8x8 > dense 32 > position", "digit, rows, embed, position")
    s.chain("layernorm > attention 4", "norm 1, attention")
    seen = s.merge("add", (place, s.last), "add 1")
    s.chain("layernorm > dense 64 gelu > dense 32", "norm 2, widen, narrow")
    s.merge("add", (seen, s.last), "add 2")
    s.chain("layernorm > flatten > dense 10 softmax > output ce", "norm 3, flatten, class scores, class")
    return s.document("Transformer encoder", "digits", "adam", 0.002, 20, 32)


SEQUENCE = (Template("transformer", "Transformer encoder", "Attention over the rows of a digit.", transformer),)
