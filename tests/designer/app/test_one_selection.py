"""A layer chosen anywhere is chosen everywhere; a click in the waterfall shows that layer at that step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from designer.app.main_window import MainWindow
from designer.panels.autopsy import AutopsyPanel
from designer.panels.checks import ChecksPanel
from designer.panels.histograms import HistogramsPanel
from designer.panels.microscope import MicroscopePanel
from designer.panels.profile import ProfilePanel
from designer.panels.waterfall import WaterfallPanel
from widgets.fields import Choice

Opened = Callable[[str], MainWindow]


def trained(opened: Opened, qtbot: Any) -> MainWindow:
    window = opened("vanishing_gradients")
    window.actions_["train.epoch"].trigger()
    bridge = window.document.bridge
    qtbot.waitUntil(lambda: len(bridge.frame.epochs) == 1 and not bridge.state.busy, timeout=20_000)
    return window


def panel(window: MainWindow, name: str, kind: type[Any]) -> Any:
    window.show_panel(name)
    found = window.panels.content(name)
    assert isinstance(found, kind)
    return found


def pick(choice: Choice, node: str) -> None:
    """As a hand does it in a drop-down."""
    choice.setCurrentIndex(choice.findData(node))
    choice.activated.emit(choice.currentIndex())


def test_every_panel_follows_whichever_was_asked(opened: Opened, qtbot: Any) -> None:
    window = trained(opened, qtbot)
    selection = window.document.selection
    selection.show(("h3",))
    histograms = panel(window, "histograms", HistogramsPanel)
    qtbot.waitUntil(lambda: histograms.layer.value() == "h3", timeout=20_000)  # made after it was chosen
    microscope = panel(window, "microscope", MicroscopePanel)
    qtbot.waitUntil(lambda: microscope.layer.value() == "h3", timeout=20_000)
    autopsy, waterfall = panel(window, "autopsy", AutopsyPanel), panel(window, "waterfall", WaterfallPanel)
    profile = panel(window, "profile", ProfilePanel)
    ways = [
        lambda: pick(histograms.layer, "h5"),
        lambda: profile.profile.layer_clicked.emit("h2"),
        lambda: autopsy.bars.segment_clicked.emit("h4", 0),
        lambda: waterfall.waterfall.cell_clicked.emit("h6", 10),
        lambda: pick(microscope.layer, "h1"),
    ]
    for choose, node in zip(ways, ("h5", "h2", "h4", "h6", "h1"), strict=True):
        choose()
        assert selection.nodes == (node,)
        assert histograms.layer.value() == microscope.layer.value() == node
        for plot in (profile.profile, waterfall.waterfall, autopsy.bars):
            assert plot._selected == {node}
        assert window.inspector.node.ids == (node,)


def test_a_cell_of_the_waterfall_is_a_layer_at_a_step(opened: Opened, qtbot: Any) -> None:
    window = trained(opened, qtbot)
    bridge, last = window.document.bridge, window.document.bridge.frame.status.step
    waterfall = panel(window, "waterfall", WaterfallPanel)
    waterfall.waterfall.cell_clicked.emit("h2", 7)
    qtbot.waitUntil(lambda: bridge.frame.snapshot is not None and bridge.frame.snapshot.step == 7, timeout=20_000)
    assert window.document.selection.nodes == ("h2",) and window.status.time.slider.value() == 7 < last
    shown = next(s for s in bridge.frame.snapshot.layers if s.node == "h2")
    place = next(k for k, w in enumerate(bridge.frame.plan.weights) if w.node == "h2" and w.is_kernel)
    assert abs(shown.weight_grad_norm / bridge.frame.columns.grad_norm[6, place] - 1) < 1e-5


def test_what_a_check_found_stays_on_the_run(opened: Opened, qtbot: Any) -> None:
    window = trained(opened, qtbot)
    book = window.document.runs
    checks = panel(window, "checks", ChecksPanel)
    with qtbot.waitSignal(checks.checked, timeout=60_000):
        checks.gradients.click()
    (run,) = book.runs
    entry = run.log[-1]
    assert entry["command"] == "check_gradients" and entry["step"] == run.steps
    assert entry["found"]["wrong"] == 0 and entry["found"]["tensors"] == 14  # type: ignore[index, call-overload]
    assert [e["command"] for e in run.log].count("pause") <= 1
