"""All that belongs to one document in the window: the document, its canvas, its panels, its journal, its notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

from PySide6.QtCore import QObject, SignalInstance
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from designer.app.canvas_feed import CanvasFeed
from designer.app.crash_recovery import Recovery
from designer.app.documents import Document
from designer.app.hints import Hints
from designer.app.menus import node_menu
from designer.app.run_flow import RunFlow
from designer.app.thumbnails import card_sizes
from designer.canvas import Canvas

if TYPE_CHECKING:
    from designer.app.answer_marks import AnswerMarks
    from designer.app.main_window import MainWindow
    from designer.app.time_slider import Place
    from designer.session.measurements import Measurements


class Desk(QObject):
    """One tab. What only the tab on show may do to the window asks ``shown`` first."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.document = document = Document(self)
        document.measure = card_sizes
        self.canvas = Canvas(document.store, document.selection, document.analyst)
        self.notices = window.notice.board()
        folder = window.recovery_folder
        self.recovery = Recovery(document, folder, window.status.say) if folder else None
        self.feed = CanvasFeed(self.canvas)
        document.bridge.feeder.attach(self.feed)
        #: the panels made so far; those of another tab are others
        self.panels: dict[str, QWidget] = {}
        self.makers: dict[str, Callable[[], QWidget]] = {}
        self.runs = RunFlow(window, self)
        self.hints = Hints(window, self)
        #: where the focus was when another tab was shown
        self.focus: ref[QWidget] | None = None
        self.time: Place | None = None
        #: closed: what Qt still tells while it takes it apart is for nobody
        self.gone = False
        #: whether the doctor has come to the front by itself
        self.alarmed = False
        self._measurements: Measurements | None = None
        self._answers: AnswerMarks | None = None
        self._connect()

    @property
    def measurements(self) -> Measurements:
        """What is measured on demand or on a schedule; made with its first use."""
        if self._measurements is None:
            from designer.app.kept_measurements import KeptMeasurements
            from designer.session.measurements import Measurements

            document = self.document
            made = Measurements(document.store, document.analyst, document.loader, document.bridge, document)
            self.window.status.time.visited.connect(lambda step: made.visit(step) if self.shown else None)
            KeptMeasurements(made, document.runs)
            self._measurements = made
        return self._measurements

    @property
    def answers(self) -> AnswerMarks:
        """Where the answer appears, along the canvas."""
        if self._answers is None:
            from designer.app.answer_marks import AnswerMarks

            self._answers = AnswerMarks(self)
        return self._answers

    @property
    def shows_answers(self) -> bool:
        """Whether they are marked now."""
        return self._answers is not None and self._answers.on

    @property
    def shown(self) -> bool:
        """Whether this is the tab on show. In a window that nobody closed Qt still tells while it takes it apart."""
        return not self.gone and isValid(self) and isValid(self.window) and self.window.desk is self

    def _connect(self) -> None:
        window, document, canvas = self.window, self.document, self.canvas
        self._while_shown(document.renamed, lambda: window.show_name())
        self._while_shown(document.loader.changed, lambda: window.panels.suit(document.loader.dataset))
        self._while_shown(document.analyst.changed, lambda found: window.status.show_analysis(found))
        self._while_shown(document.analyst.changed, lambda _: window.relabel())
        self._while_shown(document.selection.changed, lambda: window.actions_.refresh())
        self._while_shown(document.store.undo_stack.indexChanged, lambda _: window.relabel())
        self._while_shown(document.store.refused, lambda r: window.status.say(canvas.words_of(r)))
        self._while_shown(document.bridge.framed, lambda frame: window.status.show_frame(frame))
        self._while_shown(document.bridge.message, lambda text: window.status.say(text))
        self._while_shown(document.examinations.changed, lambda: window.panels.show_doctor_title())
        self._while_shown(document.examinations.changed, self._show_alarm)
        document.examinations.changed.connect(lambda: self.feed.show_report(document.examinations.report))
        document.opened.connect(lambda: setattr(self, "alarmed", False))
        document.opened.connect(lambda: window.desks.opened(self))
        canvas.message.connect(window.status.say)
        canvas.menu_wanted.connect(lambda at, what: node_menu(window, what).popup(at))
        canvas.node_activated.connect(lambda _: window.panels.show("inspector"))

    def _show_alarm(self) -> None:
        """The first alarm of a document comes to the front with its cause and what helps; not over a chosen panel."""
        report = self.document.examinations.report
        if report is None or self.alarmed or not any(c.severity == "alarm" for c in report.cards):
            return
        self.alarmed = True
        self.window.panels.show_instead("waterfall", "doctor")

    def _while_shown(self, signal: SignalInstance, slot: Callable[..., Any]) -> None:
        signal.connect(lambda *told: slot(*told) if self.shown else None)

    def leave(self) -> list[Any]:
        """The tab is closed: nothing is waited for. What still trains at its last step, for who waits in the end."""
        self.gone = True
        if self.recovery is not None:
            self.recovery.close()
        if self._measurements is not None:
            self._measurements.stop()
        sessions = self.document.leave()
        for panel in self.panels.values():
            panel.hide()
            panel.deleteLater()
        self.panels.clear()
        self.makers.clear()
        self.canvas.hide()
        self.canvas.deleteLater()
        self.deleteLater()
        return sessions


class OfTheDesk:
    """What a window has of the tab on show, by short names."""

    desk: Desk

    @property
    def document(self) -> Document:
        """The document on show."""
        return self.desk.document

    @property
    def canvas(self) -> Canvas:
        """Its drawing."""
        return self.desk.canvas

    @property
    def feed(self) -> CanvasFeed:
        """What training paints on it."""
        return self.desk.feed

    @property
    def runs(self) -> RunFlow:
        """Its running and what is said of it."""
        return self.desk.runs

    @property
    def hints(self) -> Hints:
        """A first user's way through it."""
        return self.desk.hints

    @property
    def recovery(self) -> Recovery | None:
        """Its journal."""
        return self.desk.recovery
