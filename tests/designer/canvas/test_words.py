"""What the canvas says: tool tips, offers, refusals with names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF

from designer.canvas import Canvas
from designer.canvas.fits import Offer, offers, score
from designer.canvas.hover import node_tip, size_text, tip_at, wire_tip
from designer.canvas.ports import PortRef, best_port, blocked
from designer.canvas.wording import with_names
from designer.document import DocState, Point, verbs
from engine.analysis import infer
from engine.graph import Edge
from engine.graph.refusals import CycleRefusal
from engine.layers import LAYERS
from tests.designer.document.drawn import chain
from widgets import i18n

Draw = Callable[..., Canvas]


def image_state() -> DocState:
    return verbs.add_node(DocState(), "n1", "input", Point(0, 0), (), {"size": (1, 28, 28)})


def test_offers_behind_an_image_fit_it_best_first() -> None:
    analysis = infer(image_state().graph)
    found = [o.type for o in offers(analysis, PortRef("n1", "out", False))]
    assert found[0] == "conv2d" and "dense" not in found and "input" not in found
    assert found.index("max_pool2d") < found.index("flatten") < len(found)


def test_offers_behind_a_vector_begin_with_dense() -> None:
    analysis = infer(chain("input").graph)
    found = [o.type for o in offers(analysis, PortRef("n1", "out", False))]
    assert found[0] == "dense" and "conv2d" not in found and "max_pool2d" not in found


def test_offers_before_an_input_have_an_output_and_all_are_offered_without_a_port() -> None:
    analysis = infer(chain("dense").graph)
    assert "output" not in [o.type for o in offers(analysis, PortRef("n1", "in", True))]
    assert {o.type for o in offers(analysis, blocks=False)} == set(LAYERS)
    assert {o.type for o in offers(analysis)} > set(LAYERS) | {"block:residual", "block:decoder"}


def test_offers_fit_in_truth() -> None:
    """Each layer that is offered behind an image and takes one wire gives a shape there; each left out gives none."""
    state = image_state()
    analysis = infer(state.graph)
    offered = {o.type for o in offers(analysis, PortRef("n1", "out", False))}
    for cls in LAYERS.classes():
        if len(cls.inputs) != 1 or cls.inputs[0].many:
            continue
        after = verbs.add_node(state, "x", cls.id, Point(0, 0), (Edge("n1", "x"),))
        assert (infer(after.graph).output("x") is not None) == (cls.id in offered), cls.id


def test_the_search_prefers_prefixes_then_words_then_letters() -> None:
    conv = Offer("conv2d", "Conv2D", "convolution", ("kernel", "cnn"))
    pool = Offer("global_avg_pool", "GlobalAvgPool", "pooling", ())
    assert score("con", conv) == 0 and score("zz", conv) is None and score("", conv) == 0
    assert 0 < score("cnn", conv) < 40  # type: ignore[operator]
    assert score("pool", pool) < score("gap", pool)  # type: ignore[operator]


def test_blocked_nodes_are_those_that_would_close_a_loop() -> None:
    state = chain("input", "dense", "dense", "output")
    assert blocked(state, PortRef("n2", "out", False)) == {"n1", "n2"}
    assert blocked(state, PortRef("n2", "in", True)) == {"n2", "n3", "n4"}


def test_best_port_prefers_a_free_one() -> None:
    state = chain("input", "dense")
    assert best_port(state, "n2", PortRef("n1", "out", False)) == PortRef("n2", "in", True)
    assert best_port(state, "n1", PortRef("n2", "out", False)) is None


def test_refusals_speak_of_names() -> None:
    state = verbs.rename(chain("input", "dense", "dense"), "n2", "hidden")
    text = with_names(str(CycleRefusal("n3", "n2", ("n2", "n3"))), state.graph)
    assert text.startswith("A wire from “Dense 2” to “hidden”") and "(hidden → Dense 2 → hidden)" in text
    assert "n2" not in text and "n3" not in text


def test_a_card_explains_itself(draw: Draw) -> None:
    canvas = draw("input", "dense", "output")
    text = node_tip(canvas.scene_, "n2")
    assert "N x 2 → N x 32" in text and "96 parameters" in text and "64 multiply-adds" in text
    conv = verbs.add_node(image_state(), "c", "conv2d", Point(320, 0), (Edge("n1", "c"),))
    tip = wire_tip(draw(verbs.add_node(conv, "f", "flatten", Point(640, 0), (Edge("c", "f"),))).scene_, Edge("c", "f"))
    assert "float32" in tip and "N x 32 x" in tip and "=" in tip


def test_tips_are_found_by_place(draw: Draw) -> None:
    state = verbs.set_param(chain("input", "dense", "output", step=320), ("n1",), "size", (1, 8, 8))
    canvas = draw(state)
    item = canvas.scene_.nodes["n2"]

    def tip(at: QPointF) -> str:
        return tip_at(canvas, canvas.mapFromScene(at))[0]

    assert tip(item.badge().center() + item.pos()) == item.card.problem
    assert tip(item.box().center()).startswith("Dense 1")
    assert tip(item.port_point("in", True)).startswith("input “in”")
    wire = canvas.scene_.wires[Edge("n1", "n2")]
    assert tip((wire.start + wire.end) / 2).startswith("Input → Dense 1")
    assert tip(QPointF(450, 400)) == ""


def test_sizes_in_words() -> None:
    assert [size_text(n) for n in (0, 999, 1000, 123_456, 5e9)] == ["0 B", "999 B", "1 kB", "123 kB", "5 GB"]


def test_a_change_of_language_reaches_cards_and_hint(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    state = verbs.set_param(chain("input", "dense"), ("n2",), "dropout", 0.5)
    canvas, empty = draw(state), draw()
    words = {
        "dropout {rate}": "드롭아웃 {rate}",
        "Drag a layer here, or press Tab to search for one": "여기로 끌어오세요",
    }
    monkeypatch.setattr(i18n, "_catalogue", words)
    i18n.language_changed.emit()
    assert [c.text for c in canvas.scene_.nodes["n2"].card.chips] == ["드롭아웃 0.5"]
    assert empty.hint.text() == "여기로 끌어오세요"
    monkeypatch.setattr(i18n, "_catalogue", {})
    i18n.language_changed.emit()
    assert canvas.scene_.nodes["n2"].card.chips[0].text == "dropout 0.5"
