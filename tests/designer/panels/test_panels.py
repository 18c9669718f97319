"""Panels fed with frames of a real, short training."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from designer.document import DocState, Point
from designer.document.verbs.nodes import add_node
from designer.panels.answers import AnswersPanel, answers_of, confusion_of
from designer.panels.boundary import BoundaryPanel
from designer.panels.curves import CurvesPanel
from designer.panels.data_panel import DataPanel, dataset_words
from designer.panels.histograms import HistogramsPanel, common_bins, history_of
from designer.panels.history import History
from designer.panels.maps import MapsPanel
from designer.panels.outline import Outline
from designer.panels.palette import LAYER, Palette, found_by, layers_by_group
from designer.panels.problems import ProblemList
from designer.panels.waterfall import WaterfallPanel, gradient_rows
from designer.session.analyst import Analyst
from designer.session.data_loader import DataLoader
from designer.session.feeding import Feeder
from designer.session.frame import Frame
from designer.session.history import SnapshotHistory
from designer.session.selection import Selection
from designer.session.store import Store
from engine.data.load import load_dataset
from engine.declare import Spec
from engine.graph import DataSetup, Edge, Project, TrainingSetup
from engine.layers import LAYERS
from engine.probes import Histogram, ProbeRequest, capture
from engine.training import Trainer
from engine.training.session import Status


def project(image: bool = False) -> Project:
    state = DocState()
    plan: list[tuple[str, str, dict[str, Any]]] = [("in", "input", {"size": (1, 8, 8)} if image else {})]
    if image:
        plan += [("c", "conv2d", {"filters": 3, "kernel": (3, 3), "activation": Spec("relu")}), ("f", "flatten", {})]
    else:
        plan += [("h", "dense", {"units": 5, "activation": Spec("tanh")})]
    plan += [("s", "dense", {"units": 10 if image else 1, "activation": Spec("softmax" if image else "sigmoid")})]
    plan += [("out", "output", {"loss": Spec("softmax_cross_entropy" if image else "binary_cross_entropy")})]
    before = ""
    for k, (node, layer, params) in enumerate(plan):
        wires = (Edge(before, node),) if before else ()
        state = add_node(state, node, layer, Point(200 * k, 0), wires, params)
        before = node
    data = DataSetup(Spec("digits" if image else "circle"))
    return Project(state.graph, TrainingSetup(Spec("sgd", {"rate": 0.1}), epochs=2, batch_size=100), data)


def made_frame(image: bool) -> Frame:
    """A frame as the bridge would make it after two epochs and a test."""
    drawn = project(image)
    dataset = load_dataset(drawn.data)
    trainer, history = Trainer(drawn, dataset, backend="numpy"), SnapshotHistory()
    wants = frozenset({"layers", "histograms", "maps", "kernels", "surfaces"})
    sample = {"x": dataset.test.x["x"][:1]}
    from designer.session.grid import plane_grid

    grid = None if image else plane_grid(dataset)
    request = ProbeRequest(wants, sample, grid.inputs if grid else None, grid.side if grid else 0)
    snapshot = None
    while not trainer.finished:
        trainer.advance(1e-9, 1, keep=True)
        if trainer.executable.last() is not None:
            snapshot = capture(trainer.executable, request, trainer.executable.last(), trainer.step, trainer.epoch)
            history.add(snapshot)
    status = Status("finished", trainer.step, trainer.epoch, 2, trainer.steps_per_epoch, 100.0, 0.0, 0.1, "numpy")
    assert trainer.test_result is not None
    return Frame(
        run=1,
        status=status,
        plan=trainer.plan,
        names={k: f"the {k}" for k in drawn.graph.nodes},
        columns=trainer.columns.view,
        epochs=tuple(trainer.epochs),
        snapshot=snapshot,
        earlier=history.kept,
        results={"test": trainer.test_result},
        dataset=dataset,
    )


@pytest.fixture(scope="module")
def points() -> Frame:
    return made_frame(image=False)


@pytest.fixture(scope="module")
def images() -> Frame:
    return made_frame(image=True)


def show(qtbot: Any, panel: Any, frame: Frame) -> Any:
    qtbot.addWidget(panel)
    panel.resize(420, 280)
    panel.show()
    panel.take(frame)
    return panel


def test_curves_show_train_validation_and_test(qtbot: Any, points: Frame) -> None:
    panel = show(qtbot, CurvesPanel(), points)
    drawn = panel.curves._drawn
    assert {"each batch", "train", "validation", "test"} <= set(drawn)
    np.testing.assert_allclose(drawn["validation"].y, [e.validation_loss for e in points.epochs])
    np.testing.assert_allclose(drawn["each batch"].x[-1], 2.0)
    assert drawn["test"].line.split == "test"
    panel.switch._choose(1)
    np.testing.assert_allclose(panel.curves._drawn["train"].y, [e.train_metric for e in points.epochs])


def test_the_run_before_stays_for_comparison_but_not_that_of_another_document(qtbot: Any, points: Frame) -> None:
    panel = show(qtbot, CurvesPanel(), points)
    panel.take(replace(points, run=2))
    assert "run before, train" in panel.curves._drawn
    panel.take(replace(points, run=3, document=5))
    assert "run before, train" not in panel.curves._drawn


def test_before_any_step_a_sentence_says_what_to_do(qtbot: Any) -> None:
    for panel in (CurvesPanel(), WaterfallPanel(), HistogramsPanel(), BoundaryPanel(), MapsPanel(Feeder())):
        show(qtbot, panel, Frame(run=1))
        assert len(panel.plot.empty_sentence()) > 20, panel


def test_the_waterfall_has_the_gradient_of_each_kernel_at_each_step(qtbot: Any, points: Frame) -> None:
    panel = show(qtbot, WaterfallPanel(), points)
    steps, values = gradient_rows(points, ["h", "s"])
    assert values.shape == (2, len(steps)) and steps[-1] == points.status.step
    last = {s.node: s.weight_grad_rms for s in points.snapshot.layers}
    np.testing.assert_allclose(values[:, -1], [last["h"], last["s"]], rtol=1e-6)
    assert panel.waterfall._names == ["the h", "the s"]


def test_histograms_follow_layer_and_tensor(qtbot: Any, points: Frame) -> None:
    panel = show(qtbot, HistogramsPanel(), points)
    assert [panel.layer.itemText(k) for k in range(panel.layer.count())] == ["the h", "the s"]
    assert not panel.plot.empty_sentence()
    panel.show_selected(["in", "s"])
    assert panel.layer.value() == "s"
    steps = [step for step, _ in history_of(points, "s", "weights")]
    assert steps == sorted(set(steps)) and len(steps) == points.status.step


def test_histograms_of_different_ranges_share_bins_and_keep_their_counts() -> None:
    one = Histogram(np.array([4, 0, 6]), -1.0, 1.0, -1.0, 1.0)
    two = Histogram(np.array([1, 2]), 0.0, 4.0, 0.0, 9.0)
    edges, counts = common_bins([one, two], bins=10)
    assert edges[0] == -1.0 and edges[-1] == 4.0
    np.testing.assert_allclose(counts.sum(axis=1), [10, 3])


def test_maps_show_the_convolution_and_its_kernels(qtbot: Any, images: Frame) -> None:
    panel = show(qtbot, MapsPanel(Feeder()), images)
    assert panel.layer.value() == "c"
    np.testing.assert_array_equal(np.squeeze(panel.tiles.canvas.values), images.snapshot.maps["c"])
    panel.part.show_value("kernels")
    panel.part.value_changed.emit("kernels")
    np.testing.assert_allclose(np.squeeze(panel.tiles.canvas.values), images.snapshot.kernels["c"].mean(axis=1))
    panel.choose_sample(7)
    assert panel.feeder.sample == ("test", 7)


def test_answers_count_and_put_the_surest_mistakes_first(images: Frame) -> None:
    found = answers_of(images.results["test"], images.dataset)
    truth = images.dataset.test.y["y"]
    shown = next(iter(images.results["test"].evaluation.shown.values()))
    np.testing.assert_array_equal(found.truth, truth[found.index])
    np.testing.assert_array_equal(found.told, shown.argmax(1)[found.index])
    wrong = int((~found.right).sum())
    assert 0 < wrong < len(truth)
    assert not found.right[:wrong].any() and found.right[wrong:].all()
    assert (np.diff(found.sure[:wrong]) <= 0).all()
    counts = confusion_of(found, 10)
    assert counts.sum() == len(truth) and np.trace(counts) == len(truth) - wrong
    assert counts[3, 5] == ((truth == 3) & (shown.argmax(1) == 5)).sum()


def test_a_cell_of_the_confusion_matrix_shows_its_samples(qtbot: Any, images: Frame) -> None:
    panel = show(qtbot, AnswersPanel(), images)
    truth, told = next(
        (int(a), int(b)) for a, b, r in zip(panel.shown.truth, panel.shown.told, panel.shown.right) if not r
    )
    panel.matrix.cell_clicked.emit(truth, told)
    assert set(panel.shown.truth) == {truth} and set(panel.shown.told) == {told}
    assert not panel.all_button.isHidden()
    seen: list[Any] = []
    panel.sample_chosen.connect(lambda split, index: seen.append((split, index)))
    panel.strip.image_clicked.emit(0)
    assert seen == [("test", int(panel.shown.index[0]))]
    panel.all_button.click()
    assert len(panel.shown.index) == len(images.dataset.test)


def test_two_classes_are_answered_from_one_unit(points: Frame) -> None:
    found = answers_of(points.results["test"], points.dataset)
    p = next(iter(points.results["test"].evaluation.shown.values()))[:, 0]
    np.testing.assert_array_equal(found.told, (p > 0.5)[found.index])
    np.testing.assert_allclose(found.sure, np.maximum(p, 1 - p)[found.index])


def test_the_boundary_is_the_output_over_the_plane(qtbot: Any, points: Frame) -> None:
    panel = show(qtbot, BoundaryPanel(), points)
    np.testing.assert_allclose(panel.boundary._grid, points.snapshot.surfaces["out"][0])
    assert len(panel.boundary._points["train"][0]) == len(points.dataset.train)


def test_no_boundary_for_images(qtbot: Any, images: Frame) -> None:
    assert "two features" in show(qtbot, BoundaryPanel(), images).plot.empty_sentence()


@pytest.fixture
def desk(qtbot: Any) -> Any:
    store = Store(DocState.of(project(image=False)))
    selection, analyst = Selection(store), Analyst(store)
    return SimpleNamespace(store=store, selection=selection, analyst=analyst)


def test_the_data_panel_tells_what_there_is(qtbot: Any, desk: Any) -> None:
    loader = DataLoader(desk.store)
    panel = DataPanel(loader)
    qtbot.addWidget(panel)
    panel.show()
    loader.load()
    qtbot.waitUntil(lambda: loader.dataset is not None, timeout=20_000)
    assert panel.words.text() == dataset_words(loader.dataset)
    assert panel.table.model_.rowCount() == 10
    assert sum(panel.counts.counts.values()) == len(loader.dataset)


def test_the_palette_lists_every_layer_once_and_finds_by_words(qtbot: Any) -> None:
    palette = Palette()
    qtbot.addWidget(palette)
    palette.show()
    assert sorted(palette.layers()) == sorted(LAYERS)
    assert next(iter(layers_by_group())) == "data" and palette.layers()[:2] == ["input", "output"]
    QTest.keyClicks(palette.search, "fully connected")
    qtbot.waitUntil(lambda: palette.layers() == ["dense"], timeout=20_000)
    added: list[str] = []
    palette.add_wanted.connect(added.append)
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert added == ["dense"]
    assert found_by(LAYERS["conv2d"], "CONV") and not found_by(LAYERS["conv2d"], "dropout")


def test_a_palette_row_is_dragged_with_the_layers_id(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from designer.panels import palette as module

    palette = Palette()
    qtbot.addWidget(palette)
    palette.show()
    carried: list[bytes] = []

    class Drag(module.QDrag):
        def exec(self, *args: Any) -> Any:
            carried.append(bytes(self.mimeData().data(module.MIME).data()))
            return Qt.DropAction.CopyAction

    monkeypatch.setattr(module, "QDrag", Drag)
    row = next(k for k in range(palette.model.rowCount()) if palette.model.item(k).data(LAYER) == "conv2d")
    palette.list.setCurrentIndex(palette.model.index(row, 0))
    palette.list.startDrag(Qt.DropAction.CopyAction)
    assert carried == [b"conv2d"]


def test_arrows_walk_the_palette_over_headings(qtbot: Any) -> None:
    palette = Palette()
    qtbot.addWidget(palette)
    palette.show()
    for expected in palette.layers()[:4]:
        QTest.keyClick(palette.search, Qt.Key.Key_Down)
        assert palette.list.currentIndex().data(LAYER) == expected


def test_problems_jump_and_fix(qtbot: Any, desk: Any) -> None:
    from designer.document.verbs.params import set_param

    panel = ProblemList()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_analysis(desk.analyst.analysis)
    assert not panel.cards and not panel.none.isHidden()
    desk.store.apply("image", set_param, ("in",), "size", (1, 4, 4))
    panel.show_analysis(desk.analyst.analysis)
    assert [c.problem.node for c in panel.cards] == ["h"]
    jumped: list[str] = []
    fixed: list[Any] = []
    panel.jump_wanted.connect(jumped.append)
    panel.fix_wanted.connect(lambda p, f: fixed.append((p.node, f.kind)))
    QTest.mouseClick(panel.cards[0], Qt.MouseButton.LeftButton, pos=panel.cards[0].rect().center() / 4)
    from PySide6.QtWidgets import QPushButton

    panel.cards[0].findChild(QPushButton).click()
    assert jumped == ["h"] and fixed == [("h", "insert_before")]


def test_the_outline_is_the_canvas_in_words(qtbot: Any, desk: Any) -> None:
    outline = Outline(desk.store, desk.selection, desk.analyst)
    qtbot.addWidget(outline)
    outline.show()
    assert outline._ids() == list(desk.store.state.graph.order)
    told = outline.model.item(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "fed by Input" in told
    desk.selection.show(("h",))
    chosen = [i.data(Qt.ItemDataRole.UserRole) for i in outline.tree.selectionModel().selectedRows()]
    assert chosen == ["h"]
    outline.tree.setCurrentIndex(outline.model.index(2, 0))
    assert desk.selection.nodes == ("s",)
    outline.search.setText("output")
    qtbot.waitUntil(lambda: outline._ids() == ["out"], timeout=20_000)


def test_history_names_each_step(qtbot: Any, desk: Any) -> None:
    from designer.document.verbs.nodes import rename

    view = History(desk.store.undo_stack)
    qtbot.addWidget(view)
    desk.store.apply("Rename to first", rename, "h", "first")
    assert view.model().rowCount() == 2
    assert view.model().index(1, 0).data() == "Rename to first"
    desk.store.undo_stack.setIndex(0)
    assert desk.store.state.graph.nodes["h"].name != "first"


def test_thinned_history_keeps_the_first_and_stays_small(points: Frame) -> None:
    history = SnapshotHistory(8)
    for step in range(1, 200):
        history.add(replace(points.snapshot, step=step))
    steps = [s.step for s in history.kept]
    assert len(steps) <= 8 and steps[0] == 1 and steps == sorted(steps)
    gaps = np.diff(steps)
    assert gaps.max() <= 2 * gaps.min()
    assert not history.kept[0].surfaces


def test_an_opened_training_shows_its_epochs_before_any_new_step(qtbot: Any, points: Frame) -> None:
    assert points.columns is not None
    for columns in (None, replace(points.columns, count=0)):
        panel = show(qtbot, CurvesPanel(), replace(points, columns=columns))
        assert not panel.plot.empty_sentence()
        np.testing.assert_allclose(panel.curves._drawn["train"].y, [e.train_loss for e in points.epochs])
        assert "each batch" not in panel.curves._drawn
        panel.switch._choose(2)
        assert not panel.plot.empty_sentence(), "the way back to the loss stays open"


def test_each_kind_of_bar_says_what_it_did_and_why() -> None:
    """One sentence per operation of a net that has them all, with its amount and the layer's title."""
    from designer.panels.autopsy import explain, path_name, ticks
    from engine.probes.snapshot import Bar, LayerAutopsy, Path

    frame = Frame(names={"a": "block", "b": "bypass"})
    said = {
        ("norm", "batch_norm"): "BatchNorm at block costs 0.30 decades: times its gain, divided by the spread",
        ("pool", "max_pool2d"): "MaxPool2D at block costs 0.30 decades: only the largest cell",
        ("pool", "global_avg_pool"): "GlobalAvgPool at block costs 0.30 decades: each cell",
        ("dropout", "dropout"): "Dropout at block costs 0.30 decades: units that were left out",
        ("merge", "concat"): "Concat at block costs 0.30 decades: this input gets its own part",
        ("attention", "attention_mix"): "attention mix at block costs 0.30 decades: values are gathered",
        ("shape", "reshape"): "Reshape at block costs 0.30 decades.",
    }
    for (cause, operation), text in said.items():
        assert explain(Bar("a", cause, operation, -0.3), frame).startswith(text)  # type: ignore[arg-type]
    paths = (Path("a", "key", 0.0), Path("b", "", -0.5))
    fork = Bar("a", "interference", "sum", 0.1, paths)
    assert explain(fork, frame).endswith("block (key) +0.00, bypass -0.50.") and path_name(paths[1], frame) == "bypass"
    found = ticks(LayerAutopsy("a", "b", 1.0, (Bar("a", "weights", "linear", -0.2), fork)), frame)
    assert [(t.text, round(t.decades, 9)) for t in found] == [("block (key)", -0.2), ("bypass", -0.7)]
