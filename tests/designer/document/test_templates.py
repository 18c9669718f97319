"""Every template is a network without problems that trains on its data, and lies on the canvas without covering."""

from __future__ import annotations

import numpy as np
import pytest

from designer.document import DocState, verbs
from designer.document.geometry import Box
from designer.document.templates import TEMPLATES
from engine.analysis import infer
from engine.data.load import load_dataset
from engine.training.trainer import Trainer

EACH = pytest.mark.parametrize("name", TEMPLATES)


@EACH
def test_no_problems(name: str) -> None:
    state = TEMPLATES[name].make()
    analysis = infer(state.graph)
    assert [p.text for p in analysis.problems] == []
    assert all(n.output is not None for n in analysis.nodes.values())


@EACH
def test_names_differ_and_none_is_left_out(name: str) -> None:
    names = [n.name for n in TEMPLATES[name].make().graph.nodes.values()]
    assert len(set(names)) == len(names) and all(names)


@EACH
def test_each_call_gives_an_equal_new_value(name: str) -> None:
    first, second = TEMPLATES[name].make(), TEMPLATES[name].make()
    assert first == second and first is not second


@EACH
def test_it_takes_its_data_and_trains(name: str) -> None:
    project = TEMPLATES[name].make().project()
    trainer = Trainer(project, load_dataset(project.data), backend="numpy")
    trainer.run_steps(30)
    loss = trainer.columns.view.loss[:30]
    assert trainer.columns.view.count == 30 and np.isfinite(loss).all()
    if name != "sigmoid_tower":  # whose gradient vanishes: that is what it is for
        assert loss[-8:].mean() < loss[:4].mean()


@EACH
def test_laid_out_nothing_covers_anything(name: str) -> None:
    state = verbs.lay_out(TEMPLATES[name].make(), None, {})
    boxes = [Box(*state.position(n), 176, 128) for n in state.graph.nodes]
    assert not [1 for k, a in enumerate(boxes) for b in boxes[k + 1 :] if a.overlaps(b, 8)]


def test_a_template_beside_a_drawing_keeps_the_drawing_and_its_settings() -> None:
    drawn = verbs.lay_out(TEMPLATES["mlp"].make(), None, {})
    block = verbs.lay_out(TEMPLATES["inception"].make(), None, {})
    after = verbs.add_network(drawn, block)
    assert all(after.graph.nodes[k] is n for k, n in drawn.graph.nodes.items())
    assert len(after.graph.nodes) == len(drawn.graph.nodes) + len(block.graph.nodes)
    assert after.data == drawn.data and after.training == drawn.training and after.title == drawn.title
    lowest = max(p.y for p in drawn.positions.values())
    fresh = [after.position(n) for n in after.graph.nodes if n not in drawn.graph.nodes]
    assert min(p.y for p in fresh) > lowest


def test_a_template_in_an_empty_drawing_brings_its_settings() -> None:
    block = TEMPLATES["lenet5"].make()
    after = verbs.add_network(DocState(), block)
    assert after.data == block.data and after.training == block.training and after.title == "LeNet-5"
    assert not infer(after.graph).problems
