"""Receptive fields, by formula for chains and by poking pixels for everything else."""

from __future__ import annotations

import numpy as np
import pytest

from designer.document import DocState, verbs
from designer.document.chain_text import parse_chain
from designer.document.receptive import Field, receptive_fields
from designer.document.templates import TEMPLATES
from engine.analysis import Analysis, infer


def analysed(line: str) -> Analysis:
    return infer(verbs.add_chain(DocState(), parse_chain(line)).graph)


@pytest.mark.parametrize(
    ("line", "node", "size"),
    [
        ("input 1x28x28 > conv 4 3", "n2", (3, 3)),
        ("input 1x28x28 > conv 4 3 > conv 4 3", "n3", (5, 5)),
        ("input 1x28x28 > conv 4 3 same > pool 2 > conv 4 3 same > pool 2", "n5", (10, 10)),
        ("input 1x28x28 > conv 4 5 2 > relu > bn > conv 4 3", "n5", (9, 9)),
        ("input 1x28x28 > conv 4 3 dilation=2", "n2", (5, 5)),
        ("input 1x28x28 > conv 4 3x5 > avgpool 2", "n3", (4, 6)),
        ("input 1x28x28 > conv 4 3 > flatten > dense 4", "n4", (28, 28)),
        ("input 1x28x28 > conv 4 3 > gap", "n3", (28, 28)),
    ],
)
def test_sizes_by_hand(line: str, node: str, size: tuple[int, int]) -> None:
    (field,) = receptive_fields(analysed(line), node)
    assert field.size == size and field.image == (28, 28) and field.whole == (size == (28, 28))


def test_branches_are_united() -> None:
    graph = TEMPLATES["inception"].make().graph
    analysis = infer(graph)
    by_name = {n.name: n.id for n in graph.nodes.values()}
    one, five, all_ = (receptive_fields(analysis, by_name[k])[0] for k in ("look 1x1", "look 5x5", "all looks"))
    assert one.size == (4, 4) and five.size == (12, 12) and all_ == five


def test_nothing_for_inputs_vectors_and_unknown_shapes() -> None:
    assert receptive_fields(analysed("input 1x8x8 > conv 4 3"), "n1") == ()
    assert receptive_fields(analysed("input 2 > dense 4"), "n2") == ()
    assert receptive_fields(analysed("input 2 > conv 4 3 > relu"), "n3") == ()
    assert receptive_fields(analysed("input 2"), "n9") == ()


@pytest.mark.parametrize("name", ["lenet5", "residual", "unet_like"])
def test_a_field_never_grows_beyond_the_image_and_grows_with_depth(name: str) -> None:
    analysis = infer(TEMPLATES[name].make().graph)
    for node in analysis.graph.order:
        for field in receptive_fields(analysis, node):
            assert isinstance(field, Field) and 0 <= field.rows[0] <= field.rows[1] < field.image[0]
            for edge in analysis.graph.incoming[node]:
                for before in receptive_fields(analysis, edge.source):
                    assert before.size <= field.size or analysis.graph.nodes[node].type == "upsample"


def test_a_field_is_what_changes_a_cell_when_each_pixel_is_poked() -> None:
    """On the convolutional net of the five that every quantity is judged on; the others have no pixels."""
    pytest.importorskip("torch")
    from engine.backends.initial import initial_weights
    from engine.plan import build_plan
    from tests.engine.probes import second_reading
    from tests.engine.probes.test_truth import NETS

    graph, rng = NETS["cnn"], np.random.default_rng(0)
    weights, pixels, images = initial_weights(build_plan(graph), 0), np.eye(36).reshape(36, 1, 1, 6, 6), 60
    plain = rng.normal(size=(images, 1, 6, 6))
    poked = (plain + 3 * pixels).reshape(-1, 1, 6, 6)
    before, after = (second_reading.read(graph, weights, x, training=False).out for x in (plain, poked))
    analysis, judged = infer(graph), 0
    for node in list(graph.nodes)[1:]:
        shape = before[node].shape[1:]
        middle = (..., shape[1] // 2, shape[2] // 2) if len(shape) == 3 else ...
        a, b = before[node][middle].detach().numpy(), after[node][middle].detach().numpy()
        moved = np.abs(b.reshape(36, images, -1) - a.reshape(images, -1)).max((1, 2)).reshape(6, 6) > 1e-12
        rows, columns = np.flatnonzero(moved.any(1)), np.flatnonzero(moved.any(0))
        (field,) = receptive_fields(analysis, node)
        assert (field.rows, field.columns) == ((rows[0], rows[-1]), (columns[0], columns[-1])), node
        judged += not field.whole
    assert judged >= 2
    for name in ("mlp", "residual", "batch norm", "attention"):
        assert not any(receptive_fields(infer(NETS[name]), node) for node in NETS[name].nodes)
