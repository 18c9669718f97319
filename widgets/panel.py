"""The frame that all plots share: title row with tools and "?", body or a sentence, read-out, export."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMessageBox,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets import export, icons, tokens
from widgets.fields.elided import ElidedLabel
from widgets.fields.help_button import HelpButton
from widgets.i18n import tr
from widgets.readout import Readout


class PlotPanel(QWidget):
    """Base of all plots. Subclasses put their picture into ``body`` and answer ``table`` for CSV.

    ``show_empty("Press Run ...")`` replaces the picture by a sentence until data come.
    """

    exported = Signal(str)
    """Path that was written, or "" after a copy to the clipboard."""

    def __init__(self, title: str = "", help_text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ElidedLabel(title)
        self._gap = QWidget()
        self._help = HelpButton(help_text)
        self._more = QToolButton()
        self._more.setToolTip(tr("Export and options"))
        self._more.setIconSize(QSize(tokens.ICON_SMALL, tokens.ICON_SMALL))
        icons.bind_icon(self._more, "more", "secondary", tokens.ICON_SMALL)
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._more.setAccessibleName(self._more.toolTip())
        self._more.clicked.connect(self._open_menu_below)
        self.body = QWidget()
        self._empty = QLabel()
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "secondary")
        self._empty.setContentsMargins(tokens.SPACE_6, tokens.SPACE_3, tokens.SPACE_6, tokens.SPACE_6)
        self.readout = Readout(self.body)
        self._build()
        tokens.on_theme(self, self._restyle_frame)

    def _build(self) -> None:
        self.tools = QHBoxLayout()
        self.tools.setContentsMargins(0, 0, 0, 0)
        self.tools.setSpacing(tokens.SPACE_1)
        self._tool_row = QWidget()
        self._tool_row.setLayout(self.tools)
        self._tool_row.setFixedHeight(tokens.scaled(tokens.CONTROL_HEIGHT))
        self.head = QWidget()
        head = QHBoxLayout(self.head)
        head.setContentsMargins(tokens.SPACE_3, tokens.SPACE_1, tokens.SPACE_2, 0)
        head.setSpacing(tokens.SPACE_1)
        head.addWidget(self._title, 1)
        head.addWidget(self._gap, 1)
        self._gap.hide()
        for widget in (self._tool_row, self._more, self._help):
            head.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        self._stack = QStackedLayout()
        column.addLayout(self._stack, 1)
        # Only now: a stack without a parent shows its first page as a window of its own, which takes the focus.
        self._stack.addWidget(self.body)
        self._stack.addWidget(self._empty)

    def _restyle_frame(self) -> None:
        self._title.setFont(tokens.font("body", bold=True))
        self.restyle()

    def restyle(self) -> None:
        """Called once the frame exists and at each change of theme; subclasses recolour here."""
        self.update()

    def lend_head(self) -> QWidget:
        """The title row, for a dock to stand it in its own title bar; ``take_head_back`` undoes that."""
        self._title.show()
        self._fill_head()
        return self.head

    def take_head_back(self, *, titled: bool) -> None:
        """The title row is above the picture again; ``titled=False`` where a tab says the title already."""
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(0, self.head)
        self._title.setVisible(titled)
        self._fill_head()
        self.head.show()

    def _fill_head(self) -> None:
        """Keeps "?" at the right where neither title nor tools fill the row."""
        tools = self.tools.count() > 0 and not self._tool_row.isHidden()
        self._gap.setVisible(self._title.isHidden() and not tools)

    # -- what the frame shows ------------------------------------------------------------------------------------

    def title(self) -> str:
        return self._title.text()

    def show_title(self, title: str) -> None:
        self._title.setText(title)
        self.setAccessibleName(title)

    def show_help(self, text: str) -> None:
        """Two sentences behind "?": what is shown, and what is normal."""
        self._help.show_text(text)

    def show_empty(self, sentence: str) -> None:
        """A sentence that says what to do, instead of an empty picture; "" shows the picture."""
        self._empty.setText(sentence)
        self._stack.setCurrentIndex(1 if sentence else 0)
        self._tool_row.setVisible(not sentence)
        self._more.setVisible(not sentence)
        # As wide as with the tools, so that the first data do not move the docks of the whole window.
        self.head.setMinimumWidth(self._head_width() if sentence else 0)
        self._fill_head()

    def _head_width(self) -> int:
        row = (self._title, self._tool_row, self._more, self._help)
        room = tokens.SPACE_3 + tokens.SPACE_2 + (len(row) - 1) * tokens.SPACE_1
        return sum(widget.minimumSizeHint().width() for widget in row) + room

    def empty_sentence(self) -> str:
        """The sentence that stands in place of the picture, "" when data are shown."""
        return self._empty.text() if self._stack.currentIndex() == 1 else ""

    def show_data(self) -> None:
        """Called by subclasses when data have come."""
        if self._stack.currentIndex():
            self.show_empty("")

    # -- export --------------------------------------------------------------------------------------------------

    def table(self) -> export.Table:
        """The data as shown: column names and rows."""
        raise NotImplementedError

    def image(self, scale: float = 2.0) -> QImage:
        """The panel without its buttons."""
        self._bare(True)
        try:
            return export.widget_image(self, scale)
        finally:
            self._bare(False)

    def export_png(self, path: str | Path, scale: float = 2.0) -> None:
        if not self.image(scale).save(str(path), "PNG"):
            raise OSError(f"cannot write {path}")

    def export_svg(self, path: str | Path) -> None:
        self._bare(True)
        try:
            export.write_svg(self, Path(path), self.title())
        finally:
            self._bare(False)

    def export_csv(self, path: str | Path) -> None:
        Path(path).write_text(export.csv_text(self.table()), encoding="utf-8")

    def copy_image(self) -> None:
        QGuiApplication.clipboard().setImage(self.image())
        self.exported.emit("")

    def copy_data(self) -> None:
        QGuiApplication.clipboard().setText(export.csv_text(self.table()))
        self.exported.emit("")

    def _bare(self, bare: bool) -> None:
        self.readout.hide()
        for widget in (self._tool_row, self._more, self._help):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(bare)
            widget.setSizePolicy(policy)
            widget.setVisible(not bare and bool(widget is not self._help or self._help.toolTip()))

    # -- menu ----------------------------------------------------------------------------------------------------

    def fill_menu(self, menu: QMenu) -> None:
        """Subclasses add their own entries above those for export."""

    def menu(self) -> QMenu:
        """A fresh context menu."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu)
        if menu.actions():
            menu.addSeparator()
        for text, act in (
            (tr("Copy picture"), self.copy_image),
            (tr("Copy data"), self.copy_data),
            (tr("Export PNG..."), lambda: self._ask("png")),
            (tr("Export SVG..."), lambda: self._ask("svg")),
            (tr("Export CSV..."), lambda: self._ask("csv")),
        ):
            action = QAction(text, menu)
            action.triggered.connect(act)
            menu.addAction(action)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.empty_sentence():
            self.menu().popup(event.globalPos())

    def _open_menu_below(self) -> None:
        self.menu().popup(self._more.mapToGlobal(QPoint(0, self._more.height())))

    def _ask(self, kind: str) -> None:
        name = (self.title() or "plot").lower().replace(" ", "_")
        path, _ = QFileDialog.getSaveFileName(self, tr("Export"), f"{name}.{kind}", f"{kind.upper()} (*.{kind})")
        if not path:
            return
        write = {"png": self.export_png, "svg": self.export_svg, "csv": self.export_csv}[kind]
        try:
            write(path)
        except OSError as error:
            QMessageBox.warning(self, tr("Export"), tr("Could not write {path}: {why}", path=path, why=error))
            return
        self.exported.emit(path)
