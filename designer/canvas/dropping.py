"""Paper that takes layers dragged from a palette: a ghost follows, the drop is one undo step."""

from __future__ import annotations

from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from designer.canvas.paper import PaperView
from designer.canvas.tools.drop import DropTool, dragged_layer


class DropView(PaperView):
    """The canvas' half that answers drags from outside."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drop_tool: DropTool | None = None
        self.setAcceptDrops(True)

    def cancel_tool(self) -> None:
        """Whatever is going on has not been begun."""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A layer from a palette."""
        type_name = dragged_layer(event.mimeData())
        if type_name is None:
            event.ignore()
            return
        self.cancel_tool()
        self.drop_tool = DropTool(self, type_name)  # type: ignore[arg-type]
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """The ghost follows."""
        if self.drop_tool is None:
            event.ignore()
            return
        view = event.position()
        self.drop_tool.move(self.viewportTransform().inverted()[0].map(view), view.toPoint())
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """The ghost goes."""
        self.cancel_tool()

    def dropEvent(self, event: QDropEvent) -> None:
        """One undo step, and the canvas takes the focus."""
        tool, self.drop_tool = self.drop_tool, None
        if tool is None:
            event.ignore()
            return
        tool.move(self.viewportTransform().inverted()[0].map(event.position()), event.position().toPoint())
        tool.drop()
        self.setFocus()
        event.acceptProposedAction()
