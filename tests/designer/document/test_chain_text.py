"""A line of text becomes layers, or a sentence about the very place that is wrong."""

from __future__ import annotations

import pytest

from designer.document import DocState, verbs
from designer.document.chain_text import MOST_LAYERS, NAMES, POSITIONAL, ChainRefusal, parse_chain
from engine.analysis import infer
from engine.declare import Spec
from engine.layers import LAYERS
from tests.designer.document.drawn import chain, wires


def told(text: str) -> list[tuple[str, dict[str, object]]]:
    return [(link.type, dict(link.params)) for link in parse_chain(text)]


def test_the_usual_line() -> None:
    assert told("conv 16 5 relu > pool 3 > flatten > dense 10 softmax") == [
        ("conv2d", {"filters": 16, "kernel": (5, 5), "activation": Spec("relu")}),
        ("max_pool2d", {"size": (3, 3), "stride": (3, 3)}),
        ("flatten", {}),
        ("dense", {"units": 10, "activation": Spec("softmax")}),
    ]


def test_defaults_are_left_out_so_that_files_stay_short() -> None:
    assert told("conv 32 3 > pool 2 > dense 32") == [("conv2d", {}), ("max_pool2d", {}), ("dense", {})]


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("conv 8 3x5", {"filters": 8, "kernel": (3, 5)}),
        ("conv 8 5 2", {"filters": 8, "kernel": (5, 5), "stride": (2, 2)}),
        ("conv same 8 he", {"filters": 8, "padding": "same", "weight_init": Spec("he_normal")}),
        ("conv bn dropout=0.25", {"batch_norm": "before", "dropout": 0.25}),
        ("conv nobias groups=2", {"use_bias": False, "groups": 2}),
        ("conv stride = 2", {"stride": (2, 2)}),
        ("CONV2D 8 ReLU", {"filters": 8, "activation": Spec("relu")}),
    ],
)
def test_settings_in_any_order(text: str, params: dict[str, object]) -> None:
    assert told(text) == [("conv2d", params)]


def test_separators_and_repeats() -> None:
    assert told("dense 8 -> dense 4 | x".replace(" | x", "\n\nrelu")) == told("dense 8 > dense 4 > relu")
    assert told("3 * dense 4") == [("dense", {"units": 4})] * 3 == told("3*dense 4")
    assert told("input 1x28x28 > output ce")[0] == ("input", {"size": (1, 28, 28)})
    assert told("drop 30%") == [("dropout", {"rate": 0.3})]


@pytest.mark.parametrize("layer", LAYERS.classes(), ids=lambda c: c.id)
def test_every_layer_is_found_by_id_and_title(layer: type) -> None:
    assert told(layer.id)[0][0] == told(layer.title.replace(" ", ""))[0][0] == layer.id  # type: ignore[attr-defined]


def test_the_tables_name_what_is_there() -> None:
    assert all(v in LAYERS for v in NAMES.values())
    assert all(name in LAYERS[layer].params for layer, names in POSITIONAL.items() for name in names)


@pytest.mark.parametrize(
    ("text", "wrong", "words"),
    [
        ("", "", "there is no layer"),
        ("   ", "   ", "there is no layer"),
        ("dense 8 > dens1 4", "dens1", "did you mean “dense”"),
        ("dense 8 9", "9", "one number too many; it takes units"),
        ("flatten 3", "3", "no numbers"),
        ("conv 3 relo", "relo", "did you mean “relu”"),
        ("dense units=many", "units=many", "a whole number from 1"),
        ("dense 0", "0", "units cannot be 0"),
        ("dense 2.5", "2.5", "units cannot be 2.5"),
        ("conv kernal=3", "kernal=3", "did you mean “kernel”"),
        ("32 relu", "32", "begins with its name"),
        ("dense 8 >", ">", "missing"),
        ("> dense 8", ">", "missing"),
        ("dense 8 > > relu", "> >", "missing"),
        ("dense 8 > input 2", "input 2", "put it first"),
        ("output > dense 8", "output", "put it last"),
        ("dense 8 units=4", "units=4", "given twice"),
        ("0 * dense", "0", "no count"),
        ("3 *", "3 *", "missing"),
        ("1000 * dense > relu", "1000 * dense > relu", f"at most {MOST_LAYERS}"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(text: str, wrong: str, words: str) -> None:
    with pytest.raises(ChainRefusal) as caught:
        parse_chain(text)
    refusal = caught.value
    assert text[refusal.start : refusal.end] == wrong and words in str(refusal)


# ---------------------------------------------------------------------- the verb


def test_a_chain_goes_on_behind_a_layer() -> None:
    state = chain("input")
    after = verbs.add_chain(state, parse_chain("dense 8 relu > dense 1 > output"), "n1")
    assert set(wires(after)) == {("n1", "n2"), ("n2", "n3"), ("n3", "n4")}
    assert not infer(after.graph).errors and len(set(n.name for n in after.graph.nodes.values())) == 4
    assert after.position("n2").x > state.position("n1").x + 168 and after.position("n2").y == 0


def test_a_chain_on_an_empty_canvas_stands_alone() -> None:
    after = verbs.add_chain(DocState(), parse_chain("input 2 > 3 * dense 4 > output"))
    assert (
        len(after.graph.nodes) == 5 and len(after.graph.edges) == 4 and set(after.positions) == set(after.graph.nodes)
    )


def test_a_chain_that_cannot_follow_is_refused_and_changes_nothing() -> None:
    with pytest.raises(ValueError, match="has no input"):
        verbs.add_chain(chain("input"), parse_chain("input 2 > dense"), "n1")
    with pytest.raises(ValueError, match="has no output"):
        verbs.add_chain(chain("input", "output"), parse_chain("dense"), "n2")
    with pytest.raises(ValueError, match="n9"):
        verbs.add_chain(chain("input"), parse_chain("dense"), "n9")


def test_what_stands_in_the_way_makes_room() -> None:
    state = chain("input", "dense", "output", step=240)
    after = verbs.add_chain(state, parse_chain("relu > tanh"), "n1")
    boxes = [(after.position(n).x, after.position(n).y) for n in after.graph.nodes]
    assert len(set(boxes)) == 5 and after.position("n2").x > after.position("n5").x
