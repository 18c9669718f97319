from __future__ import annotations

import pytest

from designer.document import DocState, verbs
from designer.document.chain_text import parse_chain
from designer.document.costs import MEASURES, costs_of, heat, shares
from engine.analysis import infer


def costs(line: str) -> dict[str, object]:
    state = verbs.add_chain(DocState(), parse_chain(line))
    return {c.type: c for c in costs_of(infer(state.graph))}


def test_figures_by_hand() -> None:
    found = costs("input 1x5x5 > conv 2 3 > flatten > dense 4 > output")
    conv, dense = found["conv2d"], found["dense"]
    assert (conv.parameters, conv.macs, conv.shape) == (2 * 9 + 2, 2 * 9 * 9, "N x 2 x 3 x 3")
    assert (dense.parameters, dense.macs) == (18 * 4 + 4, 18 * 4)
    assert found["flatten"].macs == 0 and dense.bytes >= 4 * dense.parameters


@pytest.mark.parametrize("measure", MEASURES)
def test_shares_sum_to_one_and_the_dearest_is_hottest(measure: str) -> None:
    rows = tuple(costs("input 1x8x8 > conv 4 3 relu > flatten > dense 10 > output").values())
    part, level = shares(rows, measure), heat(rows, measure)
    assert sum(part.values()) == pytest.approx(1.0)
    dearest = max(part, key=part.__getitem__)
    assert level[dearest] == 1.0 and all(0 <= v <= 1 for v in level.values())
    assert set(level) == {n for n, p in part.items() if p > 0}


def test_nothing_costs_nothing() -> None:
    rows = tuple(costs("input 2 > output").values())
    assert set(shares(rows, "macs").values()) == {0.0} and heat(rows, "macs") == {}


def test_an_unknown_shape_is_empty() -> None:
    state = verbs.add_chain(DocState(), parse_chain("input 2 > conv 4 3 > relu"))
    assert [c.shape for c in costs_of(infer(state.graph))] == ["N x 2", "", ""]
