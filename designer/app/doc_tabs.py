"""The row of document tabs above the canvas: name, mark of unsaved changes, mark of a running training, close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QTabBar, QToolButton, QWidget

from designer.app.status_bar import state_words
from widgets import icons, tokens
from widgets.i18n import language_changed, tr

if TYPE_CHECKING:
    from designer.app.desk import Desk

MARK = 10
UNSAVED = " •"
MARKS = {
    "preparing": ("play", "accent"),
    "running": ("play", "accent"),
    "paused": ("pause", "secondary"),
    "finished": ("check", "good"),
    "diverged": ("triangle-alert", "error"),
    "failed": ("circle-alert", "error"),
}


class Bar(QTabBar):
    """``middle_clicked(index)``, ``empty_clicked`` by a double-click beside the tabs."""

    middle_clicked = Signal(int)
    empty_clicked = Signal()
    lit = -1

    def paintEvent(self, event: QPaintEvent) -> None:
        """The tabs, and a frame around the one that would take what is dragged."""
        super().paintEvent(event)
        if 0 <= self.lit < self.count():
            painter = QPainter(self)
            painter.setPen(QPen(tokens.color(tokens.theme().accent), 2))
            painter.drawRoundedRect(self.tabRect(self.lit).adjusted(2, 5, -4, -2), tokens.RADIUS, tokens.RADIUS)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The middle button closes, as everywhere."""
        at = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and at >= 0:
            self.middle_clicked.emit(at)
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Beside the tabs: a new one."""
        if self.tabAt(event.position().toPoint()) < 0 and event.button() == Qt.MouseButton.LeftButton:
            self.empty_clicked.emit()
        super().mouseDoubleClickEvent(event)


class DocTabs(QWidget):
    """Signals carry the desk that a tab stands for. ``over`` lights a tab that something is dragged onto."""

    chosen = Signal(object)
    close_wanted = Signal(object)
    new_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("doc_tabs")
        self.bar = Bar()
        self.bar.setDrawBase(False)
        self.bar.setMovable(True)
        self.bar.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.bar.setExpanding(False)
        self.bar.setUsesScrollButtons(True)
        self.bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.bar.setIconSize(QSize(MARK, MARK))
        self.bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bar.currentChanged.connect(lambda k: self.chosen.emit(self._owner(k)) if k >= 0 else None)
        self.bar.middle_clicked.connect(lambda k: self.close_wanted.emit(self._owner(k)))
        self.bar.empty_clicked.connect(self.new_wanted)
        self.plus = QToolButton()
        self.plus.setAutoRaise(True)
        self.plus.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        icons.bind_icon(self.plus, "plus", "secondary", tokens.ICON_SMALL)
        self.plus.clicked.connect(self.new_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.SPACE_1, 0, tokens.SPACE_1, 0)
        row.setSpacing(tokens.SPACE_1)
        row.addWidget(self.bar, 1)
        row.addWidget(self.plus)
        language_changed.connect(self.retranslate)
        tokens.on_theme(self, self._restyle)
        self.retranslate()

    def _restyle(self) -> None:
        theme = tokens.theme()
        # The tab on show is of one piece with the canvas below it.
        self.setStyleSheet(
            f"#doc_tabs {{ background: {theme.panel}; border-bottom: 1px solid {theme.border}; }}"
            f"#doc_tabs QTabBar::tab {{ padding: 5px 8px 5px 10px; margin: 4px 2px 0 0; min-width: 72px;"
            f" max-width: {tokens.scaled(220)}px; border: 1px solid transparent; border-bottom: none;"
            f" border-top-left-radius: {tokens.RADIUS}px; border-top-right-radius: {tokens.RADIUS}px; }}"
            f"#doc_tabs QTabBar::tab:selected {{ background: {theme.canvas}; color: {theme.text};"
            f" border: 1px solid {theme.border}; border-bottom: none; }}"
            f"#doc_tabs QTabBar::tab:hover:!selected {{ background: {theme.hover}; }}"
            f"#doc_tabs QTabBar:focus {{ border: none; }}"
        )
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        for desk in self.owners():
            self.mark(desk)

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.bar.setAccessibleName(tr("Open documents"))
        self.plus.setToolTip(tr("New document in a tab of its own"))
        for desk in self.owners():
            self.mark(desk)

    # ------------------------------------------------------------------ tabs

    def _owner(self, index: int) -> Desk:
        found: Desk = self.bar.tabData(index)
        return found

    def owners(self) -> list[Desk]:
        """Every desk, from left to right."""
        return [self._owner(k) for k in range(self.bar.count())]

    def _index(self, desk: Desk) -> int:
        return next((k for k, other in enumerate(self.owners()) if other is desk), -1)

    def add(self, desk: Desk) -> None:
        """At the right end; it is not chosen by that."""
        self.bar.blockSignals(True)
        at = self.bar.addTab("")
        self.bar.setTabData(at, desk)
        close = QToolButton()
        close.setAutoRaise(True)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.setFixedSize(tokens.scaled(18), tokens.scaled(18))
        close.setIconSize(QSize(12, 12))
        icons.bind_icon(close, "x", "secondary", 12)
        close.clicked.connect(lambda: self._close_of(close))
        self.bar.setTabButton(at, QTabBar.ButtonPosition.RightSide, close)
        self.bar.blockSignals(False)

    def _close_of(self, button: QToolButton) -> None:
        for k in range(self.bar.count()):
            if self.bar.tabButton(k, QTabBar.ButtonPosition.RightSide) is button:
                self.close_wanted.emit(self._owner(k))
                return

    def remove(self, desk: Desk) -> None:
        """Its tab goes; another one must be chosen already."""
        self.bar.blockSignals(True)
        at = self._index(desk)
        self.bar.setTabData(at, None)
        self.bar.removeTab(at)
        self.bar.blockSignals(False)

    def show_chosen(self, desk: Desk) -> None:
        """Which tab is on show."""
        self.bar.blockSignals(True)
        self.bar.setCurrentIndex(self._index(desk))
        self.bar.blockSignals(False)

    def mark(self, desk: Desk) -> None:
        """Name and marks anew."""
        at = self._index(desk)
        if at < 0:
            return
        document = desk.document
        name = document.name.replace("&", "&&")
        self.bar.setTabText(at, name + (UNSAVED if document.store.modified else ""))
        icon, role = MARKS.get(document.bridge.state.name, ("", ""))
        pictured = icons.icon(icon, getattr(tokens.theme(), role), MARK) if icon else QIcon()
        self.bar.setTabIcon(at, pictured)
        words = [str(document.path or document.name)]
        if document.store.modified:
            words.append(tr("has unsaved changes"))
        if icon:
            words.append(state_words(document.bridge.state)[0])
        self.bar.setTabToolTip(at, "\n".join(words))
        self.bar.setAccessibleTabName(at, ", ".join([document.name, *words[1:]]))
        close = self.bar.tabButton(at, QTabBar.ButtonPosition.RightSide)
        close.setToolTip(tr("Close"))
        close.setAccessibleName(tr("Close {name}", name=document.name))

    # ------------------------------------------------------------------ dragging something onto a tab

    def under(self, place: QPoint) -> Desk | None:
        """The desk whose tab is at a place on the screen."""
        at = self.bar.tabAt(self.bar.mapFromGlobal(place))
        return self._owner(at) if at >= 0 else None

    def light(self, desk: Desk | None) -> None:
        """The tab that would take what is dragged."""
        at = -1 if desk is None else self._index(desk)
        if at != self.bar.lit:
            self.bar.lit = at
            self.bar.update()
