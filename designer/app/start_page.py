"""The start page: samples with pictures of their networks, recent files, New and Open."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from designer.session.background import Background
from widgets import icons, tokens
from widgets.fields import ElidedLabel
from widgets.i18n import language_changed, tr
from widgets.tokens import color, theme

CARD_WIDTH, PICTURE_HEIGHT, CARD_HEIGHT = 248, 120, 192
ORDER = (
    "perceptron_xor",
    "oscillating_xor",
    "xor_mlp",
    "spiral",
    "vanishing_gradients",
    "exploding_gradients",
    "saturated_tanh",
    "dying_relu",
    "residual_net",
    "digits_mlp",
    "mnist_cnn",
    "fashion_cnn",
)


def sample_words() -> dict[str, tuple[str, str]]:
    """Title and one line of each sample."""
    return {
        "perceptron_xor": (tr("Perceptron and XOR"), tr("One unit cannot separate XOR: watch it fail.")),
        "oscillating_xor": (tr("XOR by one unit"), tr("An oscillating unit alone draws the two lines of XOR.")),
        "xor_mlp": (tr("XOR solved"), tr("A hidden layer bends the boundary around XOR.")),
        "spiral": (tr("Spiral"), tr("Two arms wound around each other; it takes several layers.")),
        "vanishing_gradients": (
            tr("Vanishing gradients"),
            tr("Six sigmoid layers: almost no gradient reaches the first."),
        ),
        "exploding_gradients": (
            tr("Exploding gradients"),
            tr("Weights too large for their layers: the gradient grows from layer to layer."),
        ),
        "saturated_tanh": (tr("Saturated tanh"), tr("A bad initializer leaves no slope to learn by.")),
        "dying_relu": (tr("Dying ReLU"), tr("Steps too large: whole layers are off for good.")),
        "digits_mlp": (tr("Digits, dense"), tr("Handwritten 8 × 8 digits with dense layers.")),
        "mnist_cnn": (tr("MNIST, convolutional"), tr("5,000 handwritten digits, kernels and feature maps live.")),
        "fashion_cnn": (tr("Fashion CNN"), tr("Clothes in 28 × 28: kernels, maps, confusions.")),
        "residual_net": (tr("Residual network"), tr("A path around each block keeps the gradient alive.")),
    }


class SampleCard(QWidget):
    """A picture, a title, one line. ``chosen`` by click or Enter."""

    chosen = Signal()

    def __init__(self, title: str, line: str) -> None:
        super().__init__()
        self.title, self.line = title, line
        self.picture = self._scaled = QImage()
        self._hover = False
        self.setFixedSize(tokens.scaled(CARD_WIDTH), tokens.scaled(CARD_HEIGHT))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(title)
        self.setAccessibleDescription(line)
        tokens.on_theme(self, self.update)

    def show_picture(self, picture: QImage) -> None:
        """The drawn network."""
        self.picture, self._scaled = picture, QImage()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        path = QPainterPath()
        path.addRoundedRect(box, tokens.RADIUS, tokens.RADIUS)
        painter.fillPath(path, color(theme().hover if self._hover else theme().raised))
        top = QRectF(box.left(), box.top(), box.width(), tokens.scaled(PICTURE_HEIGHT))
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(top, color(theme().canvas))
        self._paint_picture(painter, top.adjusted(12, 10, -12, -10))
        painter.restore()
        strong = self._hover or self.hasFocus()
        painter.setPen(QPen(color(theme().accent if strong else theme().border), 2 if self.hasFocus() else 1))
        painter.drawPath(path)
        self._paint_words(painter, box.adjusted(14, top.height() + 10, -12, -8))

    def _paint_picture(self, painter: QPainter, room: QRectF) -> None:
        if self.picture.isNull():
            return
        scale = painter.device().devicePixelRatioF()
        small = self._small(room.size() * scale)
        place = QRectF(QPointF(0, 0), QSizeF(small.size()) / scale)
        place.moveCenter(room.center())
        place.moveTopLeft(QPointF(round(place.x() * scale) / scale, round(place.y() * scale) / scale))
        painter.drawImage(place, small)

    def _small(self, room: QSizeF) -> QImage:
        """The picture in device pixels, each the mean of what it covers: a painter would pass over whole wires."""
        size = self.picture.size().scaled(room.toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        if self._scaled.size() != size:
            mode = Qt.TransformationMode.SmoothTransformation
            self._scaled = self.picture.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
        return self._scaled

    def _paint_words(self, painter: QPainter, room: QRectF) -> None:
        painter.setPen(color(theme().text))
        painter.setFont(tokens.font("body", bold=True))
        metrics = painter.fontMetrics()
        title = metrics.elidedText(self.title, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignTop, title)
        painter.setPen(color(theme().secondary))
        painter.setFont(tokens.font("caption"))
        wrap = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(room.adjusted(0, metrics.height() + 4, 0, 4), wrap, self.line)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hover = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = False
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)


class RecentRow(QPushButton):
    """A recent file: its name, and its folder in secondary text."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.setFlat(True)
        self.setFixedHeight(tokens.scaled(44))
        self.setToolTip(path)
        self.setAccessibleName(Path(path).name)
        line = QVBoxLayout(self)
        line.setContentsMargins(tokens.SPACE_2, 2, tokens.SPACE_2, 2)
        line.setSpacing(0)
        name = ElidedLabel(Path(path).name)
        folder = ElidedLabel(str(Path(path).parent), mode=Qt.TextElideMode.ElideMiddle)
        folder.setProperty("role", "caption")
        for label in (name, folder):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            line.addWidget(label)


class StartPage(QScrollArea):
    """``new_wanted``, ``open_wanted``, ``path_wanted(path)``, ``sample_wanted(path)``."""

    new_wanted = Signal()
    open_wanted = Signal()
    data_wanted = Signal()
    path_wanted = Signal(str)
    sample_wanted = Signal(str)
    template_wanted = Signal(str)

    def __init__(self, samples: Path) -> None:
        super().__init__()
        self.samples = samples
        self.cards: dict[str, SampleCard] = {}
        self.templates: dict[str, SampleCard] = {}
        self.recent: tuple[str, ...] = ()
        self._reading = Background(self)
        self._reading.done.connect(self._draw)
        self._columns = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._build()
        language_changed.connect(self._build)
        tokens.theme_changed.connect(self._restyle)

    def _restyle(self) -> None:
        self.widget().setStyleSheet(f"#start_page {{ background: {theme().canvas}; }}")
        self._read()

    def _build(self) -> None:
        page = QWidget()
        page.setObjectName("start_page")
        column = QVBoxLayout(page)
        column.setContentsMargins(40, 32, 40, 32)
        column.setSpacing(tokens.SPACE_3)
        column.addLayout(self._head())
        column.addSpacing(tokens.SPACE_3)
        body = QHBoxLayout()
        body.setSpacing(40)
        left = QVBoxLayout()
        left.setSpacing(tokens.SPACE_2)
        left.addWidget(_heading(tr("Samples")))
        left.addSpacing(tokens.SPACE_1)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(tokens.SPACE_4)
        left.addLayout(self._rows)
        left.addSpacing(tokens.SPACE_4)
        left.addWidget(_heading(tr("Templates")))
        left.addSpacing(tokens.SPACE_1)
        self._template_rows = QVBoxLayout()
        self._template_rows.setSpacing(tokens.SPACE_4)
        left.addLayout(self._template_rows)
        left.addStretch(1)
        body.addLayout(self._side())
        body.addLayout(left, 1)
        column.addLayout(body, 1)
        self._fill_cards()
        self.setWidget(page)
        self._restyle()

    def _head(self) -> QVBoxLayout:
        head = QVBoxLayout()
        head.setSpacing(2)
        title = QLabel("Gradloom")
        title.setFont(tokens.font("heading", bold=True))
        words = QLabel(tr("Draw a network, train it, and see where the gradient goes."))
        words.setProperty("role", "secondary")
        head.addWidget(title)
        head.addWidget(words)
        return head

    def _side(self) -> QVBoxLayout:
        side = QVBoxLayout()
        side.setSpacing(tokens.SPACE_2)
        side.addWidget(_heading(tr("Start")))
        for text, icon, signal in (
            (tr("New network"), "file-plus", self.new_wanted),
            (tr("Open a file…"), "folder-open", self.open_wanted),
            (tr("Use own data…"), "database", self.data_wanted),
        ):
            button = QPushButton(f"  {text}")
            button.setProperty("primary", signal is self.new_wanted)
            icons.bind_icon(button, icon, "on_accent" if signal is self.new_wanted else "text", tokens.ICON_SMALL)
            button.setIconSize(QSize(tokens.ICON_SMALL, tokens.ICON_SMALL))
            button.setMinimumHeight(tokens.scaled(34))
            button.setMinimumWidth(tokens.scaled(220))
            button.clicked.connect(signal)
            side.addWidget(button)
        side.addSpacing(tokens.SPACE_4)
        side.addWidget(_heading(tr("Recent files")))
        self._recent_rows = QVBoxLayout()
        self._recent_rows.setSpacing(0)
        side.addLayout(self._recent_rows)
        side.addStretch(1)
        self.show_recent(self.recent)
        return side

    def show_recent(self, paths: Iterable[str]) -> None:
        """The files used last."""
        self.recent = tuple(paths)
        while item := self._recent_rows.takeAt(0):
            item.widget().hide()
            item.widget().deleteLater()
        for path in self.recent[:7]:
            row = RecentRow(path)
            row.clicked.connect(lambda _=False, p=path: self.path_wanted.emit(p))
            self._recent_rows.addWidget(row)
        if not self.recent:
            none = QLabel(tr("Files that you save appear here."))
            none.setProperty("role", "secondary")
            self._recent_rows.addWidget(none)

    # ------------------------------------------------------------------ samples

    def _fill_cards(self) -> None:
        from designer.app.templates import template_words

        words = sample_words()
        old = {name: card.picture for name, card in (self.cards | self.templates).items()}
        self.cards, self.templates = {}, {}
        for name in ORDER:
            if (self.samples / f"{name}.json").exists():
                card = SampleCard(*words[name])
                card.show_picture(old.get(name, QImage()))
                card.chosen.connect(lambda n=name: self.sample_wanted.emit(str(self.samples / f"{n}.json")))
                self.cards[name] = card
        for name, told in template_words().items():
            card = SampleCard(*told)
            card.show_picture(old.get(name, QImage()))
            card.chosen.connect(lambda n=name: self.template_wanted.emit(n))
            self.templates[name] = card
        self._columns = 0
        self._place_cards()

    def _place_cards(self) -> None:
        room = max(self.viewport().width() - 80 - 40 - tokens.scaled(230), 0)
        columns = max(1, room // (tokens.scaled(CARD_WIDTH) + tokens.SPACE_4))
        if columns == self._columns:
            return
        self._columns = columns
        _fill_rows(self._rows, list(self.cards.values()), columns)
        _fill_rows(self._template_rows, list(self.templates.values()), columns)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._place_cards()

    def _read(self) -> None:
        names, templates, folder = list(self.cards), list(self.templates), self.samples

        def work() -> list[tuple[str, object]]:
            from dataclasses import replace

            from designer.document import DocState
            from designer.document.templates import TEMPLATES
            from designer.document.verbs import lay_out
            from engine.analysis import infer
            from engine.files.project_file import read

            found: list[tuple[str, object]] = []
            for name in names:
                try:
                    state = DocState.of(read(folder / f"{name}.json").project)
                except ValueError:
                    continue  # a sample that cannot be read keeps an empty picture; opening it tells why
                found.append((name, (replace(state, notes={}), infer(state.graph))))
            for name in templates:
                state = lay_out(TEMPLATES[name].make(), None, {})
                found.append((name, (state, infer(state.graph))))
            return found

        self._reading.start(work)

    def _draw(self, found: list[tuple[str, object]]) -> None:
        from designer.app.thumbnails import network_picture

        cards = self.cards | self.templates
        for name, (state, analysis) in found:  # type: ignore[misc]
            if name in cards:
                cards[name].show_picture(network_picture(state, analysis))


def _fill_rows(rows: QVBoxLayout, cards: list[SampleCard], columns: int) -> None:
    """The cards in rows of that many, whatever rows they stood in before."""
    while item := rows.takeAt(0):
        row = item.layout()
        while row.count():
            row.takeAt(0)
        row.deleteLater()
    for start in range(0, len(cards), columns):
        row = QHBoxLayout()
        row.setSpacing(tokens.SPACE_4)
        for card in cards[start : start + columns]:
            row.addWidget(card)
        row.addStretch(1)
        rows.addLayout(row)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setFont(tokens.font("title", bold=True))
    return label
