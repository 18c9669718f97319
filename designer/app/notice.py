"""A bar above the canvas that says one thing that matters now, with at most a choice and a few buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from widgets import icons, tokens
from widgets.fields import Segmented
from widgets.i18n import tr
from widgets.tokens import blend, color, theme

Tone = Literal["accent", "good", "warning", "error"]
_ICONS = {"accent": "info", "good": "circle-check", "warning": "triangle-alert", "error": "circle-alert"}


@dataclass(frozen=True)
class Notice:
    """One sentence. Of several the heaviest is on show, of equal ones the latest.

    ``key``: a later notice of the same key replaces it, and ``clear(key)`` takes it away.

    ``buttons``: (text, callback), the first is the main one. ``choice``: options, chosen id, callback.
    """

    key: str
    text: str
    tone: Tone = "accent"
    buttons: Sequence[tuple[str, Callable[[], object]]] = ()
    choice: tuple[Sequence[tuple[str, str]], str, Callable[[str], object]] | None = None
    detail: str = ""
    weight: int = 0


_turns = count()


class Board:
    """The notices of one document. ``changed`` is called after each change, whether they can be seen or not."""

    def __init__(self, changed: Callable[[Board], None]) -> None:
        self._changed = changed
        self.notices: list[tuple[int, Notice]] = []

    def show_notice(self, notice: Notice) -> None:
        """In place of one of the same key, as the latest."""
        self.notices = [n for n in self.notices if n[1].key != notice.key] + [(next(_turns), notice)]
        self._changed(self)

    def clear(self, key: str = "") -> None:
        """Takes one notice away, or all."""
        kept = [n for n in self.notices if key and n[1].key != key]
        if kept != self.notices:
            self.notices = kept
            self._changed(self)

    def named(self, key: str) -> Notice | None:
        """The notice of that key."""
        return next((n for _, n in self.notices if n.key == key), None)


class NoticeBar(QWidget):
    """Shows the latest notice of the window or of the document on show; when it goes, the one before comes back."""

    dismissed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._shared = Board(self._changed)
        self._own: Board | None = None
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(tokens.SPACE_4, tokens.SPACE_1, tokens.SPACE_2, tokens.SPACE_1)
        self._line.setSpacing(tokens.SPACE_2)
        self.mark, self.text = QLabel(), QLabel()
        self.mark.setFixedSize(tokens.ICON_SMALL, tokens.ICON_SMALL)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.tools = QWidget()
        self.close_button = QToolButton()
        icons.bind_icon(self.close_button, "x", "secondary", 14)
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.clicked.connect(self._dismiss)
        for widget in (self.mark, self.text, self.tools, self.close_button):
            self._line.addWidget(widget)
        self._line.setStretch(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        tokens.on_theme(self, self._show)
        self.hide()

    @property
    def _notices(self) -> list[Notice]:
        boards = [self._shared] if self._own is None else [self._shared, self._own]
        return [n for _, n in sorted((n for b in boards for n in b.notices), key=lambda pair: pair[0])]

    @property
    def current(self) -> Notice | None:
        """What is on show."""
        notices = self._notices
        return max(reversed(notices), key=lambda n: n.weight) if notices else None

    def board(self) -> Board:
        """A board for one document, seen while ``show_board`` names it."""
        return Board(self._changed)

    def show_board(self, board: Board | None) -> None:
        """From now on these notices beside those of the window."""
        self._own = board
        self._show()

    def _changed(self, board: Board) -> None:
        if board is self._shared or board is self._own:
            self._show()

    def show_notice(self, notice: Notice) -> None:
        """For the window, whichever document is on show."""
        self._shared.show_notice(notice)

    def clear(self, key: str = "") -> None:
        """Takes one notice away, or all, of the window and of the document on show."""
        self._shared.clear(key)
        if self._own is not None:
            self._own.clear(key)

    def _dismiss(self) -> None:
        gone = self.current
        if gone is not None:
            self.clear(gone.key)
            self.dismissed.emit(gone.key)

    def _show(self) -> None:
        notice = self.current
        self.setVisible(notice is not None)
        if notice is None:
            return
        self.mark.setPixmap(icons.pixmap(_ICONS[notice.tone], getattr(theme(), notice.tone)))
        self.text.setText(notice.text)
        self.text.setToolTip(notice.detail)
        self.close_button.setToolTip(tr("Dismiss"))
        self._replace_tools(notice)
        self.update()

    def _replace_tools(self, notice: Notice) -> None:
        old, self.tools = self.tools, QWidget()
        line = QHBoxLayout(self.tools)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(tokens.SPACE_1)
        if notice.choice is not None:
            options, chosen, callback = notice.choice
            switch = Segmented(options, chosen)
            switch.value_changed.connect(lambda v: callback(str(v)))
            line.addWidget(switch)
        for k, (text, callback) in enumerate(notice.buttons):
            button = QPushButton(text)
            button.setProperty("primary", k == 0)
            button.clicked.connect(lambda _=False, c=callback: c())
            line.addWidget(button)
        self._line.replaceWidget(old, self.tools)
        old.hide()
        old.deleteLater()

    def paintEvent(self, event: QPaintEvent) -> None:
        notice = self.current
        if notice is None:
            return
        painter = QPainter(self)
        ink = getattr(theme(), notice.tone)
        painter.fillRect(self.rect(), color(blend(theme().panel, ink, 0.10)))
        painter.fillRect(0, self.height() - 1, self.width(), 1, color(blend(theme().panel, ink, 0.35)))
        painter.fillRect(0, 0, 3, self.height(), color(ink))
