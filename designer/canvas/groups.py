"""Groups on the canvas: a titled area around their cards, entered by double-click, left by Escape or the breadcrumb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtWidgets import QLabel

from designer.canvas.scene import CanvasScene
from designer.canvas.tools.base import Pointer
from designer.canvas.tools.move import MoveTool
from designer.document import verbs
from designer.document.verbs.groups import path_to
from widgets import tokens
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

#: the strip of a group's area that holds its title, and takes the mouse
STRIP = 34


def group_at(scene: CanvasScene, point: QPointF) -> str | None:
    """The smallest group whose title strip is there."""
    found = []
    for (kind, key), item in scene.areas.items():
        rect = item.rect()
        strip = QRectF(rect.x(), rect.y(), rect.width(), STRIP)
        if kind == "group" and item.isVisible() and strip.contains(point):
            found.append((rect.width() * rect.height(), key))
    return min(found)[1] if found else None


class GroupTool(MoveTool):
    """A press on the title selects the members, a drag moves them."""

    def __init__(self, canvas: Canvas, at: Pointer, group: str) -> None:
        before = (canvas.selection.nodes, canvas.selection.wires)
        members = canvas.store.state.groups[group].members
        canvas.selection.show(members)
        super().__init__(canvas, at, members[0])
        self._selected_before = before

    def release(self, at: Pointer) -> None:
        if self.dragging:
            super().release(at)


class Groups(QObject):
    """Which group is entered: its cards alone are shown. View state, not undoable."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.entered: str | None = None
        self.crumbs = QLabel(canvas)
        self.crumbs.setTextFormat(Qt.TextFormat.RichText)
        self.crumbs.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        self.crumbs.linkActivated.connect(lambda key: self.enter(key.removeprefix("#") or None))
        self.crumbs.hide()

    def group(self) -> None:
        """Ctrl+G: the selected cards as a group, one undo step."""
        self.canvas.store.attempt(tr("Group"), verbs.group_nodes, self.canvas.selection.nodes)

    def ungroup(self) -> None:
        """Ctrl+Shift+G: the group of the selected cards is no more; they stay."""
        self.canvas.store.attempt(tr("Ungroup"), verbs.ungroup, self.canvas.selection.nodes)

    def enter(self, key: str | None) -> None:
        """Only that group's cards; None: everything. What was left stays selected, so that one finds back."""
        groups = self.canvas.store.state.groups
        left, self.entered = self.entered, key if key in groups else None
        self.show()
        inside = set(groups[self.entered].members) if self.entered else set(self.canvas.scene_.nodes)
        if left in groups and set(groups[left].members) < inside:
            self.canvas.selection.show(groups[left].members)
        else:
            self.canvas.selection.clear()
        self.canvas.frame_all()

    def leave(self) -> bool:
        """One level up; False where nothing is entered."""
        if self.entered is None:
            return False
        path = path_to(self.canvas.store.state, self.entered)
        self.enter(path[-2] if len(path) > 1 else None)
        return True

    def reveal(self, node_id: str) -> None:
        """Select a card and bring it into sight, at a zoom at which it can be read; a group without it is left."""
        canvas = self.canvas
        if node_id not in canvas.scene_.nodes:
            return
        if not canvas.scene_.nodes[node_id].isVisible():
            self.enter(None)
        canvas.selection.show((node_id,))
        box = canvas.scene_.nodes[node_id].box()
        if canvas.zoom < 0.6 or not canvas.visible_rect().contains(box):
            canvas.zoom_to(max(canvas.zoom, 0.8))
            canvas.centre_on(box.center())

    def show(self) -> None:
        """Hides what is outside; after every edit, because cards come and go."""
        state, scene = self.canvas.store.state, self.canvas.scene_
        if self.entered is not None and self.entered not in state.groups:
            self.entered = None
        members = set(state.groups[self.entered].members) if self.entered else None
        for node, item in scene.nodes.items():
            item.setVisible(members is None or node in members)
        for edge, wire in scene.wires.items():
            wire.setVisible(members is None or (edge.source in members and edge.target in members))
        for (kind, key), area in scene.areas.items():
            inner = kind == "group" and members is not None and set(state.groups[key].members) < members
            area.setVisible(members is None or inner)
        self._show_crumbs()

    def _show_crumbs(self) -> None:
        if self.entered is None:
            self.crumbs.hide()
            return
        state, theme = self.canvas.store.state, tokens.theme()
        path = path_to(state, self.entered)
        links = [("", tr("network")), *((k, state.groups[k].title) for k in path[:-1])]
        style = f"color: {theme.accent}; text-decoration: none"
        words = [f'<a href="#{k}" style="{style}">{_plain(t)}</a>' for k, t in links]
        self.crumbs.setText(" &nbsp;›&nbsp; ".join([*words, f"<b>{_plain(state.groups[self.entered].title)}</b>"]))
        self.crumbs.setStyleSheet(
            f"QLabel {{ background: {theme.panel}; color: {theme.text}; border: 1px solid {theme.border};"
            f" border-radius: {tokens.RADIUS}px; padding: 4px 10px; }}"
        )
        self.crumbs.adjustSize()
        self.crumbs.move(tokens.SPACE_4, tokens.SPACE_3)
        self.crumbs.show()
        self.crumbs.raise_()

    def everything(self) -> QRectF:
        """What there is to see here."""
        scene = self.canvas.scene_
        if self.entered is None:
            return scene.content()
        members = self.canvas.store.state.groups[self.entered].members
        return scene.content([n for n in members if n in scene.nodes])


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
