from __future__ import annotations

import pytest

from designer.document import DocState, verbs
from designer.document.chain_text import parse_chain
from designer.document.find import find_layers, shape_matches
from engine.analysis import Analysis, infer


@pytest.fixture
def analysis() -> Analysis:
    line = "input 3x32x32 > conv 16 3 same relu > conv 32 3 same > pool 2 > flatten > dense 64 relu > dense 10 > output"
    state = verbs.add_chain(DocState(), parse_chain(line))
    state = verbs.rename(state, "n2", "stem")
    return infer(verbs.rename(state, "n6", "pooled features").graph)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("stem", ["n2"]),
        ("STE", ["n2"]),
        ("conv", ["n3", "n2"]),
        ("conv2d", ["n3", "n2"]),
        ("pool", ["n6", "n4"]),
        ("*x32x32", ["n1", "n2", "n3"]),
        ("32x*x*", ["n3", "n4"]),
        ("N x 16 x 32 x 32", ["n2"]),
        ("64", ["n6"]),
        ("10", ["n7", "n8"]),
        ("*", ["n5", "n6", "n7", "n8"]),
        ("nothing", []),
        ("", ["n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8"]),
    ],
)
def test_by_name_type_and_shape(analysis: Analysis, query: str, found: list[str]) -> None:
    assert find_layers(analysis, query) == found


@pytest.mark.parametrize("pattern", ["", "x", "32x", "x32", "axb", "3.5x2", "-1x2", "**"])
def test_no_pattern_of_a_shape(pattern: str) -> None:
    assert not shape_matches((32, 32), pattern)
