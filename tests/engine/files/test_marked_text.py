"""The marked text is the export's text, and each node's lines are its own."""

from __future__ import annotations

import pytest

from designer.document.templates import TEMPLATES
from engine.files.keras_text import export_keras
from engine.files.marked_text import marked_text
from engine.files.torch_text import export_torch
from engine.plan import PlanError

KINDS = pytest.mark.parametrize("kind", ["pytorch", "keras"])


@KINDS
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_very_text_of_the_export_and_every_node_has_lines(kind: str, name: str) -> None:
    project = TEMPLATES[name].make().project()
    marked = marked_text(kind, project)
    exported = export_torch(project).text if kind == "pytorch" else export_keras(project).text
    assert marked.text == exported
    assert set(marked.lines) == set(project.graph.nodes)
    count = len(exported.split("\n"))
    owned = [k for own in marked.lines.values() for k in own]
    assert len(owned) == len(set(owned)) and all(0 <= k < count for k in owned)


@KINDS
def test_the_lines_name_their_layer(kind: str) -> None:
    project = TEMPLATES["lenet5"].make().project()
    marked = marked_text(kind, project)
    text = marked.text.split("\n")
    ids = {n.name: n.id for n in project.graph.nodes.values()}
    for name, word in (("C1", "Conv2"), ("S2", "Pool"), ("F6", "84"), ("flatten", "latten")):
        own = [text[k] for k in marked.lines[ids[name]]]
        assert any(word in line for line in own), own
        assert marked.node_at(marked.lines[ids[name]][0]) == ids[name]
    assert marked.node_at(0) is None


def test_what_cannot_run_says_why() -> None:
    graph = TEMPLATES["mlp"].make().project().graph
    from dataclasses import replace

    project = replace(TEMPLATES["mlp"].make().project(), graph=graph.remove_edges([graph.edges[1]]))
    with pytest.raises(PlanError):
        marked_text("pytorch", project)
    with pytest.raises(ValueError, match="expected pytorch or keras"):
        marked_text("fortran", project)
