"""The canvas's commands on frames and notes: make, write, colour, delete, follow a link after asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QWidget

from designer.canvas.annotation_items import ChosenItem, Hit, NoteItem, area_at
from designer.canvas.markdown import address_of
from designer.canvas.note_editor import NoteEditor, TitleField
from designer.document import Box, Frame, Note, verbs
from designer.document.frames import contents
from designer.document.geometry import snap_point
from designer.document.sheet import folded, members_of, on_sheet
from designer.document.verbs.notes import new_item_id
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

NOTE_SIZE = (240.0, 120.0)
FRAME_SIZE = (400.0, 240.0)


def colours() -> dict[str, str]:
    """The palette of frames and notes: colour tokens of the layer groups by their plain names."""
    return {
        "": tr("Neutral"),
        "dense": tr("Blue"),
        "convolution": tr("Teal"),
        "pooling": tr("Purple"),
        "normalization": tr("Amber"),
        "activation": tr("Vermilion"),
        "regularization": tr("Pink"),
        "merge": tr("Green"),
    }


class Annotations:
    """Frames and notes of one canvas."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.store, self.selection = canvas, canvas.store, canvas.selection
        self.editor: QWidget | None = None

    # ------------------------------------------------------------------ make

    def add_frame(self) -> None:
        """A frame around the selected cards and notes, else an empty one in sight; its title is asked for at once."""
        canvas = self.canvas
        key, gesture = new_item_id(self.store.state.frames, "f"), object()
        title = tr("Frame {number}", number=key[1:])
        cards = canvas.groups.cards()
        if cards:
            edit = (self.store.within, verbs.frame_around, key, cards, title, canvas.scene_.sizes())
            done = self.store.attempt(tr("Frame the selection"), on_sheet, *edit, gesture=gesture)
        else:
            frame = Frame(title, self._box(FRAME_SIZE))
            done = self.store.attempt(tr("Add a frame"), verbs.set_frame, key, frame, gesture=gesture)
        if done:
            self.selection.show((), (), (("frame", key),))
            self.editor = TitleField(canvas, key, gesture)

    def add_note(self, at: QPointF | None = None) -> None:
        """An empty note at the cursor, or in sight, that is written on at once. Left empty, it has never been."""
        key, gesture = new_item_id(self.store.state.notes, "t"), object()
        note = Note("", self._box(NOTE_SIZE, at))
        if self.store.attempt(tr("Add a note"), verbs.set_note, key, note, gesture=gesture):
            self.selection.show((), (), (("note", key),))
            self.editor = NoteEditor(self.canvas, key, gesture)

    def _box(self, size: tuple[float, float], at: QPointF | None = None) -> Box:
        canvas = self.canvas
        corner = at or canvas.cursor_scene
        if corner is None:
            corner = canvas.visible_rect().center() - QPointF(size[0] / 2, size[1] / 2)
        return Box(*snap_point(corner.x(), corner.y()), *size)

    # ------------------------------------------------------------------ change

    def write(self, key: tuple[str, str] | None = None) -> None:
        """Edit a note's text or a frame's title where it stands; the selected one by default."""
        chosen = key or next(iter(sorted(self.selection.areas)), None)
        if chosen not in self.canvas.scene_.areas:
            return
        self.show(chosen)
        field = TitleField if chosen[0] == "frame" else NoteEditor
        self.editor = field(self.canvas, chosen[1])

    def show(self, key: tuple[str, str]) -> None:
        """Bring it into sight."""
        canvas, box = self.canvas, self.canvas.scene_.areas[key].rect()
        if canvas.zoom < 0.5 or not canvas.visible_rect().intersects(box):
            canvas.zoom_to(max(canvas.zoom, 0.8))
            canvas.centre_on(box.center() if key[0] == "note" else QPointF(box.center().x(), box.top() + 40))

    def recolour(self, colour: str) -> None:
        """All selected frames and notes."""
        if self.selection.areas:
            self.store.attempt(tr("Colour"), verbs.recolour, tuple(sorted(self.selection.areas)), colour)

    def chosen_rect(self) -> QRectF | None:
        """The rectangle around what is selected, None if that is nothing."""
        scene, chosen = self.canvas.scene_, self.selection
        rect = scene.content(chosen.nodes)
        for key in chosen.areas:
            rect = rect.united(scene.areas[key].rect())
        return None if rect.isEmpty() else rect

    def select_contents(self) -> None:
        """What the selected frames hold."""
        state, sizes = self.store.state, self.canvas.scene_.sizes()
        sheet = folded(state, self.store.within)
        held = [contents(sheet, name, sizes) for kind, name in sorted(self.selection.areas) if kind == "frame"]
        self.selection.show(members_of(state, [n for c in held for n in c.nodes]))

    # ------------------------------------------------------------------ under the mouse

    def at(self, point: QPointF) -> Hit | None:
        """The frame or note that takes the mouse there."""
        return area_at(self.canvas.scene_.areas, point, self.canvas.zoom)

    def link_at(self, point: QPointF) -> str:
        """The address of a note's link there, or ""."""
        hit = self.at(point)
        item = self.canvas.scene_.areas.get(hit.key) if hit is not None else None
        return item.link_at(point) if isinstance(item, NoteItem) else ""

    def show_selection(self) -> None:
        """Outlines."""
        for key, item in self.canvas.scene_.areas.items():
            if isinstance(item, ChosenItem):
                item.show_flag(key in self.selection.areas)

    def open_link(self, link: str) -> QMessageBox | None:
        """Asks, showing the whole address; only addresses of the web and of mail are opened, and none without a yes."""
        why_not = address_of(link)
        if why_not:
            self.canvas.message.emit(why_not)
            return None
        box = QMessageBox(self.canvas.window())
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(tr("Open a link"))
        box.setText(tr("Open this address in the browser?"))
        box.setInformativeText(link[:2000])
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Open | buttons.Cancel)
        box.setDefaultButton(buttons.Cancel)
        box.accepted.connect(lambda: QDesktopServices.openUrl(QUrl(link)))
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
        return box
