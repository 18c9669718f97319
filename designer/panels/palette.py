"""The palette: layer types by group, found by typing, dragged onto the canvas or added by Enter."""

from __future__ import annotations

from PySide6.QtCore import (
    QByteArray,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QDrag, QKeyEvent, QPainter, QPainterPath, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from designer.document.templates import TEMPLATES, Template
from designer.inspector.editors import first_line
from designer.panels.palette_blocks import BLOCK, GROUP, LAYER, add_blocks, block_menu
from designer.session.shelf import shelf
from engine.layers import LAYERS, Layer
from widgets import icons, tokens
from widgets.fields import SearchField
from widgets.i18n import language_changed, tr, tr_declared
from widgets.tokens import GROUPS, color, theme

MIME = "application/x-gradloom-layer"
TEMPLATE = "template:"  # before a template's id where a layer's would stand
ROW, HEAD = 26, 26
FOLDED, UNLIMITED = 56, 16777215
NARROW = 90  # a row that is narrower shows its icon only
Index = QModelIndex | QPersistentModelIndex


def group_name(group: str) -> str:
    """A layer group's heading."""
    names = {
        "data": tr("Data"),
        "dense": tr("Dense"),
        "convolution": tr("Convolution"),
        "pooling": tr("Pooling"),
        "normalization": tr("Normalization"),
        "activation": tr("Activation"),
        "regularization": tr("Regularization"),
        "merge": tr("Merge"),
        "attention": tr("Attention"),
        "shape": tr("Shape"),
        "output": tr("Output"),
    }
    return names.get(group, group)


def found_by(layer: type[Layer], words: str) -> bool:
    """Whether every word occurs in the layer's title, id, group or key words."""
    told = [layer.title, tr_declared(layer.title), layer.id, layer.group, group_name(layer.group), *layer.keywords]
    text = " ".join(told).lower()
    return all(word in text for word in words.lower().split())


def _told(template: Template) -> str:
    return f"{template.title} {template.line} {tr_declared(template.title)} {tr('Templates')} template".lower()


def layers_by_group() -> dict[str, list[type[Layer]]]:
    """The registry in palette order; Output stands with Input, as in a drawing both are ends."""
    order = ["data", "shape", *GROUPS[1:]]
    found: dict[str, list[type[Layer]]] = {}
    first = {"input": 0, "output": 1, "relu": 0, "sigmoid": 1, "tanh": 2, "linear": 9, "step": 10}
    for layer in sorted(LAYERS.classes(), key=lambda c: (first.get(c.id, 5), c.title)):
        found.setdefault("data" if layer.group == "output" else layer.group, []).append(layer)
    return {g: found[g] for g in sorted(found, key=lambda g: order.index(g) if g in order else len(order))}


class _RowPainter(QStyledItemDelegate):
    """Headings as bold words; layers as raised rows with their group's colour at the left edge."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        narrow = option.rect.width() < NARROW and not index.data(LAYER)
        return QSize(40, tokens.scaled(ROW if index.data(LAYER) else HEAD) if not narrow else 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(option.rect)
        if index.data(LAYER):
            self._paint_layer(painter, area, option, index)
        elif area.width() < NARROW:
            painter.fillRect(area.adjusted(8, area.height() - 3, -8, -2), color(theme().border))
        else:
            painter.setFont(tokens.font("caption", bold=True))
            painter.setPen(color(theme().secondary))
            text = str(index.data(Qt.ItemDataRole.DisplayRole))
            painter.drawText(
                area.adjusted(2, 5, 0, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text
            )
        painter.restore()

    def _paint_layer(self, painter: QPainter, area: QRectF, option: QStyleOptionViewItem, index: Index) -> None:
        box = area.adjusted(0.5, 1.5, -0.5, -1.5)
        path = QPainterPath()
        path.addRoundedRect(box, tokens.RADIUS_SMALL, tokens.RADIUS_SMALL)
        hover = bool(option.state & QStyle.StateFlag.State_MouseOver)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        plain = theme().raised if theme().dark else theme().canvas
        painter.fillPath(path, color(theme().hover if hover or chosen else plain))
        group = theme().group(str(index.data(GROUP)))
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(QRectF(box.left(), box.top(), 3, box.height()), color(group))
        painter.restore()
        if chosen:
            painter.setPen(color(theme().accent))
            painter.drawPath(path)
        text = str(index.data(Qt.ItemDataRole.DisplayRole))
        painter.setFont(tokens.font("body"))
        painter.setPen(color(theme().text))
        left = tokens.SPACE_3
        if box.width() < NARROW:
            side = tokens.ICON_SMALL
            place = QRectF(box.center().x() - side / 2 + 1, box.center().y() - side / 2, side, side)
            icons.paint_icon(painter, icons.group_icon(str(index.data(GROUP))), place, group)
            return
        room = box.adjusted(left, 0, -tokens.SPACE_1, 0)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class _List(QListView):
    """Starts drags that carry the layer's id."""

    chosen = Signal(str)

    def startDrag(self, actions: Qt.DropAction) -> None:
        layer = self.currentIndex().data(LAYER)
        if not layer:
            return
        data = QMimeData()
        data.setData(MIME, QByteArray(str(layer).encode()))
        data.setText(str(layer))
        drag = QDrag(self)
        drag.setMimeData(data)
        picture = self._picture(self.currentIndex())
        drag.setPixmap(picture)
        drag.setHotSpot(QRectF(QPointF(0, 0), picture.deviceIndependentSize()).center().toPoint())
        drag.exec(Qt.DropAction.CopyAction)

    def _picture(self, index: QModelIndex) -> QPixmap:
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        option.rect = self.visualRect(index)
        option.rect.moveTo(0, 0)
        picture = QPixmap(option.rect.size() * self.devicePixelRatioF())
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self.itemDelegate().paint(painter, option, index)
        painter.end()
        return picture

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().data(LAYER):
            self.chosen.emit(str(self.currentIndex().data(LAYER)))
            return
        super().keyPressEvent(event)


class Palette(QWidget):
    """``add_wanted(layer_id)``: Enter or a double click asks for the layer without a drag.

    Below the layers stand templates; ``add_wanted`` then carries ``TEMPLATE`` and the template's id.
    """

    add_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.search = SearchField(tr("Search layers"))
        self.list = _List()
        self.list.setItemDelegate(_RowPainter(self.list))
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setDragEnabled(True)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(False)
        self.model = QStandardItemModel(self)
        self.list.setModel(self.model)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.SPACE_3, tokens.SPACE_2, tokens.SPACE_2, 0)
        column.setSpacing(tokens.SPACE_1)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self.search.text_settled.connect(lambda _: self.refresh())
        self.search.accepted.connect(self._accept)
        self.search.stepped.connect(self._step)
        self.list.chosen.connect(self.add_wanted)
        self.list.doubleClicked.connect(lambda i: i.data(LAYER) and self.add_wanted.emit(str(i.data(LAYER))))
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        shelf().changed.connect(self.refresh)
        tokens.on_theme(self, self._restyle)
        language_changed.connect(self._retranslate)
        self._retranslate()

    def _retranslate(self) -> None:
        self.search.setPlaceholderText(tr("Search layers"))
        self.list.setAccessibleName(tr("Layers"))
        self.refresh()

    def _restyle(self) -> None:
        self.list.viewport().update()

    def show_folded(self, folded: bool) -> None:
        """Icons only, in a narrow column."""
        self.search.setVisible(not folded)
        edge = tokens.SPACE_1 if folded else tokens.SPACE_3
        self.layout().setContentsMargins(edge, tokens.SPACE_2, tokens.SPACE_1 if folded else tokens.SPACE_2, 0)
        self.setMaximumWidth(FOLDED if folded else UNLIMITED)
        off, needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.list.setVerticalScrollBarPolicy(off if folded else needed)
        self.refresh()

    def layers(self) -> list[str]:
        """Ids of the layers on show, top to bottom."""
        items = (self.model.item(k) for k in range(self.model.rowCount()))
        found = [str(i.data(LAYER)) for i in items if i.data(LAYER)]
        return [name for name in found if not name.startswith((TEMPLATE, BLOCK))]

    def refresh(self) -> None:
        """Fills the list with what the search finds."""
        words = self.search.text()
        self.model.clear()
        for group, layers in layers_by_group().items():
            fitting = [c for c in layers if found_by(c, words)]
            if not fitting:
                continue
            heading = QStandardItem(group_name(group))
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            self.model.appendRow(heading)
            for layer in fitting:
                self.model.appendRow(self._item(layer))
        add_blocks(self.model, words)
        self._add_templates(words)
        if not self.model.rowCount():
            nothing = QStandardItem(tr("No layer is called so"))
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.model.appendRow(nothing)

    def _add_templates(self, words: str) -> None:
        """Whole networks, below the layers; they are added by Enter or double-click."""
        fitting = [t for t in TEMPLATES.values() if all(w in _told(t) for w in words.lower().split())]
        if not fitting:
            return
        heading = QStandardItem(tr("Templates"))
        heading.setFlags(Qt.ItemFlag.NoItemFlags)
        self.model.appendRow(heading)
        for template in fitting:
            item = QStandardItem(tr_declared(template.title))
            item.setData(TEMPLATE + template.id, LAYER)
            item.setData("output", GROUP)
            item.setToolTip(f"<b>{tr_declared(template.title)}</b><p>{tr_declared(template.line)}</p>")
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self.model.appendRow(item)

    def _menu(self, at: QPoint) -> None:
        """Rename or remove one of the user's blocks."""
        menu = block_menu(self, str(self.list.indexAt(at).data(LAYER) or ""))
        if menu is not None:
            menu.popup(self.list.viewport().mapToGlobal(at))

    def _item(self, layer: type[Layer]) -> QStandardItem:
        item = QStandardItem(tr_declared(layer.title))
        item.setData(layer.id, LAYER)
        item.setData(layer.group, GROUP)
        item.setToolTip(f"<b>{tr_declared(layer.title)}</b><p>{first_line(layer)}</p>")
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
        return item

    def _rows(self) -> list[int]:
        return [k for k in range(self.model.rowCount()) if self.model.item(k).data(LAYER)]

    def _step(self, by: int) -> None:
        rows = self._rows()
        if not rows:
            return
        at = self.list.currentIndex().row()
        place = rows.index(at) + by if at in rows else (0 if by > 0 else len(rows) - 1)
        self.list.setCurrentIndex(self.model.index(rows[max(0, min(place, len(rows) - 1))], 0))

    def _accept(self) -> None:
        rows = self._rows()
        at = self.list.currentIndex().row()
        if rows:
            self.add_wanted.emit(str(self.model.item(at if at in rows else rows[0]).data(LAYER)))
