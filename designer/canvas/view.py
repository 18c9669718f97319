"""The view: zoom to the cursor, pan, frame; presses go to tools, keys to commands. See designer.canvas for the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QToolTip, QWidget

from designer.canvas.annotation_items import cursor_for
from designer.canvas.annotations import Annotations
from designer.canvas.bubble import Bubble
from designer.canvas.chain_line import ChainLine
from designer.canvas.corners import Corners
from designer.canvas.dropping import DropView
from designer.canvas.edits import Edits
from designer.canvas.fix_menu import offer_fixes
from designer.canvas.groups import Groups
from designer.canvas.hover import tip_at
from designer.canvas.insight import Insight
from designer.canvas.keys import run_key
from designer.canvas.motion import Motion
from designer.canvas.opening import open_at, subject_at
from designer.canvas.overlay import Overlay
from designer.canvas.ports import PortRef
from designer.canvas.quick_add import QuickAdd
from designer.canvas.scene import CanvasScene
from designer.canvas.tools.base import Pointer, Tool
from designer.canvas.tools.choose import choose_tool, pull_off
from designer.canvas.tools.click_chain import ClickChain
from designer.canvas.visits import Visits
from designer.canvas.wording import with_names
from designer.document import DocState, Point
from designer.document.layout import Direction
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from designer.session.store import Store
from engine.analysis import Analysis
from engine.graph import Edge
from widgets import tokens
from widgets.i18n import language_changed, tr, tr_declared


class Canvas(DropView):
    """The drawn network. Owns items and tools; the document stays the store's."""

    node_activated = Signal(str)
    message = Signal(str)
    menu_wanted = Signal(QPoint, object)
    #: keys that are not this table's any more: what to do instead, None where a command has them
    bound: Mapping[tuple[Qt.Key, Qt.KeyboardModifier], Callable[[], object] | None] = MappingProxyType({})

    def __init__(self, store: Store, selection: Selection, analyst: Analyst, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.store, self.selection, self.analyst = store, selection, analyst
        self.scene_ = CanvasScene(store.state, analyst.analysis, tokens.theme())
        self.setScene(self.scene_)
        self.overlay = Overlay(self.scene_)
        self.motion = Motion(self)
        self.scene_.glide = self.motion.glide
        self.edits = Edits(self)
        self.tool: Tool | None = None
        self.space_held = self._no_menu = False
        self.cursor_scene: QPointF | None = None
        self.insight = Insight(self)
        self.click_chain: ClickChain | None = None
        self.quick: QuickAdd | None = None
        self.chain_line: ChainLine | None = None
        self.groups = Groups(self)
        self.annotations, self.visits = Annotations(self), Visits(self)
        self.bubble, self.corners = Bubble(self), Corners(self)
        self.hint, self.legend, self.minimap = self.corners.hint, self.corners.legend, self.corners.minimap
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Canvas"))
        self._framed = False
        self._connect()
        self.show_empty_hint("")

    def _connect(self) -> None:
        self.store.changed.connect(self._follow)
        self.store.refused.connect(lambda refusal: self.message.emit(self.words_of(refusal)))
        self.analyst.changed.connect(self._show_analysis)
        self.selection.changed.connect(self._show_selection)
        self.minimap.go.connect(self.jump_to)
        tokens.on_theme(self, self._apply_theme)
        language_changed.connect(self._retranslate)

    # ------------------------------------------------------------------ following

    def _follow(self, old: DocState, new: DocState) -> None:
        if self.tool is not None:
            self.cancel_tool()
        with self.motion.during(old, new):
            self.scene_.follow(self.scene_.state, new, self.analyst.analysis)
        self.overlay.refresh()
        self.groups.follow()
        self.annotations.show_selection()
        self.hint.setVisible(not new.graph.nodes)
        if not old.graph.nodes.keys() & new.graph.nodes.keys() and len(new.graph.nodes) > 1:
            self.frame(self.everything())
            self.visits.clear()
        self.corners.follow()

    def _show_analysis(self, analysis: Analysis) -> None:
        """An analysis that runs ahead of the scene comes again with ``_follow``."""
        self.insight.refresh()
        if analysis.graph is self.scene_.state.graph:
            self.scene_.show_analysis(analysis)
            self.overlay.under.update()

    def _show_selection(self) -> None:
        self.scene_.show_selection(self.selection.nodes, self.selection.wires)
        self.annotations.show_selection()
        self.insight.refresh()

    def _apply_theme(self) -> None:
        theme = tokens.theme()
        self.show_paper(QColor(theme.canvas), QColor(theme.grid))
        self.scene_.apply_theme(theme)
        self.hint.restyle()
        self.corners.place()
        self.legend.update()
        self.minimap.redraw()

    def _retranslate(self) -> None:
        self.scene_.apply_theme(tokens.theme())
        self.show_empty_hint(self._hint_text)

    def show_empty_hint(self, text: str) -> None:
        """What an empty canvas says; "" for the usual words."""
        self._hint_text = text
        self.corners.show_hint(text or tr("Drag a layer here, or press Tab to search for one"))

    def words_of(self, refusal: object) -> str:
        """A refusal as one sentence with the layers' names instead of their ids."""
        return with_names(tr_declared(str(refusal)), self.store.state.graph)

    def frame_margins(self) -> tuple[int, int]:
        """Sides, and above and below, so that the legend covers nothing."""
        return self.corners.margins()

    def everything(self) -> QRectF:
        """The rectangle around all cards, frames and notes."""
        return self.groups.everything()

    # ------------------------------------------------------------------ place

    def frame_all(self) -> None:
        """Home: everything."""
        with self.visits.leap():
            self.motion.finish()
            self.frame(self.everything())

    def frame_selection(self) -> None:
        """F: what is selected, or everything."""
        with self.visits.leap():
            self.motion.finish()
            self.frame(self.annotations.chosen_rect() or self.everything())

    def jump_to(self, point: QPointF) -> None:
        """That point in the middle; one can come back."""
        with self.visits.leap():
            self.centre_on(point)

    def reveal(self, node_id: str) -> None:
        """Select a card and bring it into sight, at a zoom at which it can be read."""
        with self.visits.leap():
            self.groups.reveal(node_id)

    # ------------------------------------------------------------------ edits that need the view

    def glide(self, text: str, verb: object, *args: object) -> bool:
        """One undo step whose moves are shown as motion."""
        self.motion.begin()
        done = self.store.attempt(text, verb, *args)  # type: ignore[arg-type]
        self.motion.start()
        return done

    def auto_layout(self, direction: Direction | None = None) -> None:
        """Layered layout of the selected cards if there are several, else of all; one undo step; Escape cancels."""
        self.edits.arranging.lay_out(direction)

    def add_layer(self, type_name: str) -> str | None:
        """A new layer beside the selected card and wired to it, or in the middle of the view."""
        return self.edits.add_layer(type_name)

    def place_layer(
        self, type_name: str, at: Point, wire: Edge | None = None, origin: PortRef | None = None
    ) -> str | None:
        """A new layer at a place, on a wire, or wired to a port; selected. None if it was refused."""
        return self.edits.place_layer(type_name, at, wire, origin)

    def quick_add(self, at: QPointF | None = None, origin: PortRef | None = None) -> None:
        """The search list at a scene point, filtered to what fits ``origin``.

        By default at the cursor; without a mouse behind the current layer's loose end, else in the middle.
        """
        if at is None and origin is None and self.cursor_scene is None:
            at, origin = self.edits.loose_end()
        point = at or self.cursor_scene or self.visible_rect().center()
        self.close_quick_add()
        self.quick = QuickAdd(self, point, origin)

    def choose_type(self) -> None:
        """The search list at the current card: what it should become instead."""
        self.close_quick_add()
        if self.selection.current in self.scene_.nodes:
            at = self.scene_.nodes[self.selection.current].box().bottomLeft()
            self.quick = QuickAdd(self, at, None, self.edits.change_type)

    def offer_fixes(self, node_id: str | None = None) -> QMenu | None:
        """What can be done by a click about the problems of a card, the current one by default."""
        return offer_fixes(self, node_id or self.selection.current or "")

    def begin_click_chain(self, origin: PortRef) -> None:
        """From now on a click on a layer wires it behind the one before."""
        self.click_chain = ClickChain(self, origin)

    def close_quick_add(self) -> None:
        """Away with the search list; the canvas has the focus again."""
        if self.quick is not None:
            quick, self.quick = self.quick, None
            quick.hide()
            quick.deleteLater()
            self.setFocus()

    def type_chain(self) -> None:
        """The quick line: ``conv 32 3 relu > pool 2 > flatten``."""
        self.close_quick_add()
        self.close_chain_line()
        self.chain_line = ChainLine(self)

    def close_chain_line(self) -> None:
        """Away with the quick line; the canvas has the focus again."""
        if self.chain_line is not None:
            line, self.chain_line = self.chain_line, None
            line.hide()
            line.deleteLater()
            self.setFocus()

    def wire_under(self, box: QRectF, cursor: QPointF) -> Edge | None:
        """The wire that a card dropped here would go on: the one at the cursor, else one through the card's middle."""
        wire = self.scene_.wire_at(cursor, 10 / self.zoom)
        return wire if wire is not None else self.scene_.wire_at(box.center(), 16)

    def wire_under_card(self, node_id: str) -> Edge | None:
        """The wire under a card's middle."""
        box, sheet = self.scene_.cards[node_id].box(), self.scene_.sheet
        wire = self.wire_under(box, QPointF(box.center().x(), box.top() + 28))
        own = wire is not None and node_id in (sheet.card_of(wire.source), sheet.card_of(wire.target))
        return None if own else wire

    def pull_off(self, wire: Edge, begun: Pointer, at: Pointer) -> None:
        """A wire was dragged near one of its ends: that end is loose from now on."""
        pull_off(self, wire, begun, at)

    # ------------------------------------------------------------------ tools

    def _pointer(self, event: QMouseEvent) -> Pointer:
        view = event.position()
        scene = self.viewportTransform().inverted()[0].map(view)
        return Pointer(scene, view.toPoint(), event.modifiers(), event.button())

    def cancel_tool(self) -> None:
        """Escape: whatever is going on has not been begun."""
        tool, self.tool = self.tool, None
        if tool is not None:
            tool.cancel()
        if self.click_chain is not None:
            self.click_chain.end()
        if self.drop_tool is not None:
            self.drop_tool.leave()
            self.drop_tool = None

    def restore_cursor(self) -> None:
        """The cursor that fits what is held."""
        if self.space_held:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.viewport().unsetCursor()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A second button during a gesture cancels it."""
        QToolTip.hideText()
        self.close_quick_add()
        self.close_chain_line()
        self._no_menu = self.tool is not None
        chain = self.click_chain
        if self.tool is not None:
            self.cancel_tool()
        elif chain is None or event.button() != Qt.MouseButton.LeftButton or not chain.click(self._pointer(event)):
            self.tool = choose_tool(self, self._pointer(event))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Feed the gesture, or show what is under the mouse."""
        at = self._pointer(event)
        self.cursor_scene = at.scene
        if self.tool is not None:
            self.tool.move(at)
        else:
            self._hover(at)
            if self.click_chain is not None:
                self.click_chain.move(at.scene)

    def _hover(self, at: Pointer) -> None:
        scene = self.scene_
        port = scene.port_at(at.scene)
        what = scene.card_at(at.scene) or (None if port else scene.wire_at(at.scene, 6 / self.zoom))
        scene.show_hover(what)
        if isinstance(what, Edge) or self.overlay.mode != "off":
            self.overlay.under.update(QRectF(at.scene.x() - 200, at.scene.y() - 100, 400, 200))
        if not self.space_held:
            free = port is None and what is None
            cursor = cursor_for(self.annotations.at(at.scene)) if free else Qt.CursorShape.ArrowCursor
            cursor = Qt.CursorShape.CrossCursor if port else cursor
            if self.viewport().cursor().shape() != cursor:
                self.viewport().setCursor(cursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The gesture's end, if it is its own button."""
        tool = self.tool
        if tool is not None and event.button() == tool.begun.button:
            self.tool = None
            tool.release(self._pointer(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Whatever is there is opened."""
        if event.button() == Qt.MouseButton.LeftButton:
            open_at(self, self._pointer(event))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Right click without Ctrl: whoever owns the menus opens one."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier or self._no_menu:
            return
        self.menu_wanted.emit(event.globalPos(), subject_at(self, self.mapToScene(event.pos())))

    def show_tip(self, event: QHelpEvent) -> None:
        """Problems, figures, shapes; nothing during a gesture."""
        if self.tool is None:
            text, rect = tip_at(self, event.pos())
            QToolTip.showText(event.globalPos(), text, self.viewport(), rect)

    def mouse_left(self) -> None:
        """No hover, and paste goes beside the originals."""
        self.scene_.show_hover(None)
        self.cursor_scene = None

    # ------------------------------------------------------------------ keys and focus

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab adds a layer here; Ctrl+Tab leaves the canvas."""
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Only the canvas with the focus gets here, so single letters never fire in a text field."""
        if event.key() == Qt.Key.Key_Space and self.tool is None:
            if not event.isAutoRepeat():
                self.space_held = True
                self.restore_cursor()
            event.accept()
        elif not run_key(self, event):
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space lets go of the paper."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.space_held = False
            self.restore_cursor()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key that is released elsewhere must not stay held here."""
        self.space_held = False
        self.restore_cursor()
        super().focusOutEvent(event)

    # ------------------------------------------------------------------ corners

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Corners follow; the first real size frames what is there, and what was framed stays framed."""
        super().resizeEvent(event)
        self.corners.place()
        if not self._framed and self.viewport().width() > 50:
            self._framed = True
            self.frame(self.everything())
        self.corners.keep_whole(anew=True)
