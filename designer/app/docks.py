"""Docks with quiet titles: a bold name, "?" and, under the mouse, float and close. Double-click maximises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent, QMouseEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QWidget,
)

from widgets import icons, tokens
from widgets.fields import ElidedLabel, HelpButton
from widgets.i18n import tr

if TYPE_CHECKING:
    from widgets.panel import PlotPanel


class DockTitle(QWidget):
    """The title row of a dock."""

    def __init__(self, dock: Dock) -> None:
        super().__init__(dock)
        self.dock = dock
        self.label = ElidedLabel(dock.windowTitle())
        self.help = HelpButton("")
        self.tools = QWidget()
        row = QHBoxLayout(self.tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.float_button = self._button("maximize-2", dock.toggle_floating)
        self.close_button = self._button("x", dock.close)
        row.addWidget(self.float_button)
        row.addWidget(self.close_button)
        line = QHBoxLayout(self)
        line.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, tokens.SPACE_1)
        line.setSpacing(tokens.SPACE_1)
        line.addWidget(self.label, 1)
        line.addWidget(self.tools)
        line.addWidget(self.help)
        self.line = line
        self.tools.hide()
        self.setMinimumHeight(tokens.scaled(tokens.CONTROL_HEIGHT + 2))
        tokens.on_theme(self, lambda: self.label.setFont(tokens.font("body", bold=True)))

    def _button(self, icon: str, slot: object) -> QToolButton:
        button = QToolButton()
        icons.bind_icon(button, icon, "secondary", 12)
        button.setIconSize(QSize(12, 12))
        button.setFixedSize(20, 20)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(slot)
        return button

    def retranslate(self) -> None:
        """Title and hover texts in the language in force."""
        self.label.setText(self.dock.windowTitle())
        self.float_button.setToolTip(tr("Float or dock"))
        self.close_button.setToolTip(tr("Close (View brings it back)"))

    def borrow(self, head: QWidget) -> None:
        """A plot's own title row stands here instead of the label."""
        self.line.setContentsMargins(0, 0, 0, 0)
        self.line.insertWidget(0, head, 1)
        self.label.hide()
        self.help.hide()
        head.show()

    def give_back(self) -> None:
        """The label again; the plot has taken its row back."""
        self.line.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, tokens.SPACE_1)
        self.label.show()
        self.help.show()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.tools.setVisible(self.label.isVisible())
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.tools.hide()
        super().leaveEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.dock.maximize_wanted.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction(tr("Maximise or restore"), self.dock.maximize_wanted.emit)
        menu.addAction(tr("Float or dock"), self.dock.toggle_floating)
        menu.addAction(tr("Close"), self.dock.close)
        menu.exec(event.globalPos())


class Dock(QDockWidget):
    """A panel's place in the window. ``shown_changed(bool)``: whether anybody can see the panel, tabs counted."""

    maximize_wanted = Signal()
    shown_changed = Signal(bool)

    def __init__(self, name: str, parent: QMainWindow) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetClosable
            | QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        self.title = DockTitle(self)
        self.setTitleBarWidget(self.title)
        self._plot: PlotPanel | None = None
        self._stack = QStackedWidget()
        self._stack.addWidget(QWidget())
        self.setWidget(self._stack)
        self._empty = QWidget(self)
        self._empty.hide()
        self.visibilityChanged.connect(self.shown_changed)
        self.visibilityChanged.connect(self._later)
        self.topLevelChanged.connect(self._later)
        self.dockLocationChanged.connect(self._later)

    def fill(self, content: QWidget | None) -> None:
        """Shows this content, of the document on show; nothing until it is made. The one before stays for later."""
        shown = self._stack.currentWidget()
        if content is shown or (content is None and shown is self._stack.widget(0)):
            return
        self._let_go()
        if content is not None and self._stack.indexOf(content) < 0:
            self._stack.addWidget(content)
        self._stack.setCurrentWidget(content if content is not None else self._stack.widget(0))
        plot = getattr(content, "plot", None)
        # A panel that puts more beside its plot keeps the plot's row where it is.
        self._plot = plot if plot is not None and plot.parent() is content else None
        self.follow_tabs()

    def _let_go(self) -> None:
        """The plot shown so far has its own row back."""
        plot, self._plot = self._plot, None
        if plot is not None:
            plot.take_head_back(titled=True)
            self.title.give_back()

    def take_out(self, content: QWidget) -> None:
        """Content of a document that is closed."""
        if self._plot is not None and getattr(content, "plot", None) is self._plot:
            self._let_go()
        self._stack.removeWidget(content)

    def show_title(self, title: str, help_text: str = "") -> None:
        """Name and "?" text."""
        self.setWindowTitle(title)
        self.title.help.show_text(help_text)
        self.title.retranslate()

    def toggle_floating(self) -> None:
        """Floats a docked panel and docks a floating one."""
        self.setFloating(not self.isFloating())

    def _later(self, *_: object) -> None:
        # Qt tells before it has rearranged the tabs.
        QTimer.singleShot(0, self, self.follow_tabs)

    def follow_tabs(self) -> None:
        """Where a tab already shows the name, the title row would only repeat it."""
        window = self.parent()
        if not isinstance(window, QMainWindow):
            return
        tabbed = bool(window.tabifiedDockWidgets(self)) and not self.isFloating()
        for bar in window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            # Qt makes these bars anew whenever panels move.
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)
            bar.setExpanding(False)
        wanted = self._empty if tabbed else self.title
        if self._plot is not None:
            if tabbed:
                self._plot.take_head_back(titled=False)
            else:
                self.title.borrow(self._plot.lend_head())
        if self.titleBarWidget() is not wanted:
            (self.title if tabbed else self._empty).hide()
            self.setTitleBarWidget(wanted)
            wanted.show()
