"""One way to change the document, one history."""

from __future__ import annotations

import pytest

from designer.document import DocState, Point, verbs
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from designer.session.store import Store
from engine.declare import ParamError
from engine.graph import Edge
from tests.designer.document.drawn import chain


@pytest.fixture
def store(qapp: object) -> Store:
    return Store(chain("input", "dense", "output"))


def test_apply_tells_old_and_new_and_names_the_step(store: Store) -> None:
    seen: list[tuple[DocState, DocState]] = []
    journal: list[DocState] = []
    store.changed.connect(lambda old, new: seen.append((old, new)))
    store.stepped.connect(journal.append)
    before = store.state
    store.apply("Rename", verbs.rename, "n2", "hidden")
    assert seen == [(before, store.state)] and seen[0][0] is before and journal == [store.state]
    assert store.undo_stack.undoText() == "Rename"
    store.undo()
    assert store.state is before and journal[-1] is before
    store.redo()
    assert store.state is seen[0][1]


def test_a_move_leaves_the_graph_the_same_object(store: Store) -> None:
    graph = store.state.graph
    store.apply("Move", verbs.move_nodes, {"n1": Point(8, 8)})
    assert store.state.graph is graph


def test_edits_that_change_nothing_are_no_steps(store: Store) -> None:
    store.apply("Rename", verbs.rename, "n2", "Dense 1")
    assert store.undo_stack.count() == 0 and not store.modified


def test_steps_merge_within_one_gesture_only(store: Store) -> None:
    start, drag = store.state, object()
    for _ in range(5):
        store.apply("Nudge", verbs.nudge, ("n1",), 8, 0, gesture=drag)
    assert store.undo_stack.count() == 1 and store.state.position("n1").x == 40
    other = object()
    for _ in range(3):
        store.apply("Nudge", verbs.nudge, ("n1",), 8, 0, gesture=other)
    store.apply("Nudge", verbs.nudge, ("n1",), 8, 0)
    store.apply("Nudge", verbs.nudge, ("n1",), 8, 0)
    assert store.undo_stack.count() == 4
    for _ in range(4):
        store.undo()
    assert store.state is start


def test_a_gesture_that_comes_back_leaves_no_step(store: Store) -> None:
    token, start = object(), store.state
    store.apply("Nudge", verbs.nudge, ("n1",), 8, 0, gesture=token)
    store.apply("Nudge", verbs.nudge, ("n1",), -8, 0, gesture=token)
    assert store.undo_stack.count() == 0 and store.state == start


def test_refusals_raise_or_are_emitted_and_change_nothing(store: Store) -> None:
    before = store.state
    with pytest.raises(ParamError):
        store.apply("x", verbs.set_param, ("n2",), "units", 0)
    told: list[Exception] = []
    store.refused.connect(told.append)
    assert not store.attempt("x", verbs.connect, Edge("n2", "n2"))
    assert len(told) == 1 and "itself" in str(told[0])
    assert store.state is before and store.undo_stack.count() == 0
    assert store.attempt("y", verbs.rename, "n2", "z")


def test_modified_follows_saving_and_undo(store: Store) -> None:
    told: list[bool] = []
    store.modified_changed.connect(told.append)
    store.apply("Rename", verbs.rename, "n2", "a")
    store.mark_saved()
    store.apply("Rename", verbs.rename, "n2", "b")
    store.undo()
    assert told == [True, False, True, False] and not store.modified
    store.undo()
    assert store.modified


def test_a_gesture_is_not_merged_across_a_save(store: Store) -> None:
    token = object()
    store.apply("Nudge", verbs.nudge, ("n1",), 8, 0, gesture=token)
    store.mark_saved()
    store.apply("Nudge", verbs.nudge, ("n1",), 8, 0, gesture=token)
    assert store.undo_stack.count() == 2 and store.modified


def test_open_starts_a_new_history_and_places_cards(store: Store) -> None:
    store.apply("Rename", verbs.rename, "n2", "a")
    bare = chain("input", "dense").with_layout(positions={})
    store.open(bare)
    assert store.undo_stack.count() == 0 and not store.modified and set(store.state.positions) == {"n1", "n2"}
    store.open(bare, saved=False)
    assert store.modified


def test_selection_follows_the_document(store: Store) -> None:
    selection = Selection(store)
    selection.show(("n1", "n2"), store.state.graph.edges)
    assert selection.current == "n2"
    selection.toggle(("n1", "n3"))
    assert selection.nodes == ("n2", "n3")
    store.apply("Delete", verbs.remove_nodes, ("n2",))
    assert selection.nodes == ("n3",) and selection.wires == frozenset()


def test_analysis_is_made_anew_only_for_another_graph(store: Store) -> None:
    analyst = Analyst(store)
    told: list[object] = []
    analyst.changed.connect(told.append)
    store.apply("Move", verbs.move_nodes, {"n1": Point(8, 8)})
    assert not told
    store.apply("Units", verbs.set_param, ("n2",), "units", 5)
    assert told == [analyst.analysis] and analyst.analysis.graph is store.state.graph
    assert analyst.analysis.nodes["n2"].parameters == 15


def test_an_opened_document_is_clean_even_after_one_that_was_recovered(store: Store) -> None:
    store.open(chain("input", "output"), saved=False)
    assert store.modified
    store.open(chain("input", "dense", "output"))
    assert not store.modified
