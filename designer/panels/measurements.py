"""Measurements on demand or on a schedule: a list of them, the chosen one's plot, what it says and what it cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from designer.document.receptive import receptive_fields
from designer.panels.measured_layers import (
    FiltersView,
    IsometryView,
    RankView,
    ReadoutView,
    SimilarityView,
    TravelView,
)
from designer.panels.measured_loss import NoiseView, PlaneView, SharpnessView, StepView
from designer.panels.measured_view import MeasuredView
from designer.session.measurements import Entry, Measurements
from engine.probes.measurements.travel import conv_layers
from engine.training.measuring import Measured
from widgets import tokens
from widgets.fields import BusyBar, Choice, NumberField
from widgets.i18n import language_changed, tr

#: narrower than this the list becomes a drop-down
NARROW = 620
LIST_WIDTH = 148
#: how often, where a schedule is begun
USUAL = {"steps": 500, "epochs": 1}


class MeasurementsPanel(QWidget):
    """``layer_clicked(node)``. The plot is the frame's own: export, copy and "?" are where they are everywhere."""

    layer_clicked = Signal(str)

    def __init__(self, measurements: Measurements) -> None:
        super().__init__()
        self.measurements = measurements
        self.views: tuple[MeasuredView, ...] = (
            IsometryView(), StepView(), PlaneView(), SharpnessView(), NoiseView(), ReadoutView(), RankView(),
            SimilarityView(), TravelView(), FiltersView(),
        )  # fmt: skip
        self._drawn: dict[int, Measured] = {}
        self._selected: tuple[str, ...] = ()
        self._said = ""
        self.list, self.chooser = QListWidget(), Choice()
        self.measure, self.every, self.unit = QPushButton(), NumberField(1, low=1, integer=True), Choice()
        self.option, self.moment = Choice(), Choice()
        self.bar, self.sentence, self.stack = BusyBar(), QLabel(), QStackedWidget()
        self._lay_out()
        self._connect()
        self.retranslate()
        self.choose(0)

    # ------------------------------------------------------------------ the look

    def _lay_out(self) -> None:
        self.list.setFixedWidth(tokens.scaled(LIST_WIDTH))
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.every.setFixedWidth(tokens.scaled(52))
        for choice, width in ((self.unit, 124), (self.option, 88), (self.moment, 92)):
            choice.setFixedWidth(tokens.scaled(width))
        self.chooser.setMinimumWidth(tokens.scaled(84))
        self.chooser.setMaximumWidth(tokens.scaled(180))
        self.sentence.setWordWrap(True)
        self.sentence.setContentsMargins(tokens.SPACE_3, 0, tokens.SPACE_3, tokens.SPACE_2)
        row = QHBoxLayout()
        row.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, 0)
        row.setSpacing(tokens.SPACE_1)
        row.addWidget(self.chooser, 4)
        for widget in (self.measure, self.every, self.unit, self.option):
            row.addWidget(widget)
        self.gap = QWidget()
        row.addWidget(self.gap, 1)
        for view in self.views:
            self.stack.addWidget(view.plot)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addLayout(row)
        right.addWidget(self.bar)
        right.addWidget(self.stack, 1)
        right.addWidget(self.sentence)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.list)
        whole.addLayout(right, 1)

    def _connect(self) -> None:
        self.list.currentRowChanged.connect(self.choose)
        self.chooser.value_changed.connect(lambda at: self.choose(int(str(at))))
        self.measure.clicked.connect(self._pressed)
        self.every.value_changed.connect(lambda _: self._scheduled())
        self.unit.value_changed.connect(self._unit_chosen)
        self.option.value_changed.connect(self._option_chosen)
        self.moment.value_changed.connect(lambda _: self._draw())
        self.measurements.changed.connect(self._follow)
        self.measurements.progressed.connect(self._show_progress)
        self.measurements.travelled.connect(self._draw)
        self.measurements.store.changed.connect(lambda old, new: self._redraw() if old.graph is not new.graph else None)
        tokens.theme_changed.connect(self._redraw)
        language_changed.connect(self.retranslate)
        for view in self.views:
            clicked = getattr(view.plot, "layer_clicked", None)
            if clicked is not None:
                clicked.connect(self.layer_clicked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < tokens.scaled(NARROW)
        self.list.setVisible(not narrow)
        self.chooser.setVisible(narrow)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.bar.show_idle()

    def retranslate(self) -> None:
        """Texts in the language in force."""
        titles = [view.title() for view in self.views]
        row = max(self.list.currentRow(), 0)
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems(titles)
        for k in range(len(titles)):
            self.list.item(k).setSizeHint(QSize(0, tokens.scaled(tokens.CONTROL_HEIGHT)))
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        self.chooser.show_options([(str(k), title) for k, title in enumerate(titles)])
        self.chooser.show_value(str(row))
        self.unit.show_options([("off", tr("on demand")), ("steps", tr("steps")), ("epochs", tr("epochs"))])
        self.unit.setToolTip(tr("Measure when asked, or again after so many steps or epochs"))
        self.every.setToolTip(tr("Measure again after so many"))
        self.moment.setToolTip(tr("Which result is shown, by its step"))
        for view in self.views:
            view.plot.show_help(view.words())
        self._redraw()

    # ------------------------------------------------------------------ choosing

    @property
    def view(self) -> MeasuredView:
        """The one on show."""
        return self.views[max(self.stack.currentIndex(), 0)]

    @property
    def entry(self) -> Entry:
        """What is known of it."""
        return self.measurements.entry(self.view.kind)

    def choose(self, row: int) -> None:
        """Another measurement."""
        if not 0 <= row < len(self.views):
            return
        self.stack.setCurrentIndex(row)
        self.list.blockSignals(True)  # it would choose once more
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        self.chooser.show_value(str(row))
        self.view.plot.tools.insertWidget(0, self.moment)
        self._show_choices()
        self._draw()

    def _pressed(self) -> None:
        kind = self.view.kind
        if self.measurements.busy == kind or self.measurements.waiting(kind):
            self.measurements.cancel(kind)
        else:
            self.measurements.ask(kind)

    def _scheduled(self) -> None:
        unit = "epochs" if self.unit.value() == "epochs" else "steps"
        every = int(self.every.value() or 0) if self.unit.value() != "off" else 0
        self.measurements.schedule(self.view.kind, every, unit)

    def _unit_chosen(self, unit: object) -> None:
        if unit != "off" and not self.entry.every:
            self.every.show_value(USUAL[str(unit)])
        self._scheduled()

    def _option_chosen(self, option: object) -> None:
        self.measurements.choose(self.view.kind, str(option))
        if self.entry.latest is None:
            self.measurements.ask(self.view.kind)

    def show_selected(self, nodes: Sequence[str]) -> None:
        """The canvas' selection: highlighted, and a convolution's filters are those that are shown."""
        self._selected = tuple(nodes)
        for view in self.views:
            view.show_selected(nodes)
        view = self.view
        if isinstance(view, FiltersView):
            wanted = next((n for n in reversed(list(nodes)) if n in view.layers), None)
            if wanted is not None:
                self._option_chosen("" if wanted == view.layers[0] else wanted)
                self._show_choices()

    # ------------------------------------------------------------------ drawing

    def _follow(self, kind: str) -> None:
        if self.view.kind == kind:
            self._show_choices()
            self._draw()

    def _redraw(self) -> None:
        self._drawn.clear()
        self._show_choices()
        self._draw()

    def _show_choices(self) -> None:
        """Controls as the entry has them."""
        view, entry = self.view, self.entry
        frame = self.measurements.bridge.frame
        view.names = frame.names or {k: n.name for k, n in self.measurements.store.state.graph.nodes.items()}
        view.field_of = self._field
        if isinstance(view, NoiseView):
            view.batch = self.measurements.store.state.training.batch_size
        if isinstance(view, FiltersView):
            view.layers = conv_layers(frame.plan) if frame.plan is not None else ()
        self.every.setVisible(entry.every > 0)
        if entry.every:
            self.every.show_value(entry.every)
        self.unit.show_value(entry.unit if entry.every else "off")
        options = view.options(entry.latest)
        self.option.setVisible(len(options) > 1)
        if options:
            self.option.show_options(options)
            self.option.show_value(entry.option)
        steps = [m.step for m in self._results()]
        self.moment.setVisible(len(steps) > 1 and not view.over_time)
        latest = [("", tr("latest"))]
        self.moment.show_options(latest + [(str(s), tr("step {step}", step=f"{s:,}")) for s in reversed(steps[:-1])])
        if self.moment.value() is None:
            self.moment.show_value("")
        self._show_progress()

    def _results(self) -> list[Measured]:
        entry = self.entry
        return [m for m in entry.results if m.option == entry.option]

    def _shown(self) -> Measured | None:
        """The result that was chosen, or the latest."""
        results, chosen, visited = self._results(), self.moment.value(), self.measurements.visited
        if not results:
            return None
        if visited is not None:
            return next((m for m in reversed(results) if m.step <= visited), None)
        wanted = next((m for m in results if str(m.step) == chosen), None) if chosen else None
        return results[-1] if wanted is None or self.view.over_time else wanted

    def _draw(self) -> None:
        if not self.isVisible():
            return
        view, entry, now = self.view, self.entry, self._shown()
        at = self.stack.currentIndex()
        view.plot.show_title(self._headline(now))
        if now is None:
            self._drawn.pop(at, None)
            view.plot.show_empty(entry.problem or f"{view.invitation()}\n\n{view.words()}")
            self._say("")
            return
        if self._drawn.get(at) is not now or view.over_time:
            view.show(now, self._results())
            self._drawn[at] = now
            view.show_selected(self._selected)
        self._say(f"{entry.problem} {view.sentence(now)}".strip())

    def _say(self, text: str) -> None:
        """The result in words, after how far the next one is."""
        self._said = text
        whole = f"{self._progress()} {text}".strip()
        self.sentence.setText(whole)
        self.sentence.setVisible(bool(whole))

    def _headline(self, now: Measured | None) -> str:
        """``Sharpness, step 1,200, took 0.8 s, every 500 steps``."""
        view, entry = self.view, self.entry
        parts = [view.title()]
        if now is not None:
            parts += [tr("step {step}", step=f"{now.step:,}"), tr("took {time}", time=duration(now.cost))]
        if entry.every:
            count = f"{entry.every:,}"
            epochs = entry.unit == "epochs"
            parts.append(tr("every {count} epochs", count=count) if epochs else tr("every {count} steps", count=count))
        return " · ".join(parts)

    def _field(self, node: str) -> str:
        """How much of the image one cell of a layer sees."""
        fields = receptive_fields(self.measurements.analyst.analysis, node)
        if not fields:
            return ""
        (h, w), (rows, columns) = fields[0].size, fields[0].image
        return tr("Each cell sees {h} x {w} of {rows} x {columns} pixels.", h=h, w=w, rows=rows, columns=columns)

    def _show_progress(self) -> None:
        kind, now = self.view.kind, self.measurements
        busy, waiting = now.busy == kind, now.waiting(kind)
        self.measure.setText(tr("Cancel") if busy or waiting else tr("Measure"))
        if busy:
            self.bar.show_share(now.watch.share or None)
        else:
            self.bar.show_idle()
        self._say(self._said)

    def _progress(self) -> str:
        """How far it is, while it is measured."""
        kind, now = self.view.kind, self.measurements
        if now.waiting(kind):
            return tr("Waits until another measurement is through.")
        if now.busy != kind:
            return ""
        left = now.watch.seconds_left
        if not math.isfinite(left):
            return tr("Measuring.")
        return tr("Measuring: {share:.0%}, {time} left.", share=now.watch.share, time=duration(left))


def duration(seconds: float) -> str:
    """``3 ms``, ``0.8 s``, ``2:05``."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
