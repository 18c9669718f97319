"""The program itself, with somebody who can be asked where things are and what the document holds.

Lines of JSON come in on standard input and answers go out on standard output. Only questions: every action is done by
mouse and keys from outside.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget


class Witness:
    """Answers questions on the GUI thread."""

    def __init__(self) -> None:
        self.questions: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.timer = QTimer()
        self.timer.timeout.connect(self._answer)
        self.timer.start(10)

    def _listen(self) -> None:
        for line in sys.stdin:
            self.questions.put(json.loads(line))

    def _answer(self) -> None:
        while not self.questions.empty():
            question = self.questions.get()
            try:
                told: Any = getattr(self, "ask_" + question.pop("ask"))(**question)
            except Exception as error:
                told = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(told), flush=True)

    @property
    def window(self) -> Any:
        from designer.app.main_window import MainWindow

        return next((w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)), None)

    def ask_ready(self) -> bool:
        window = self.window
        return window is not None and window.isVisible() and window.panels.ready

    def ask_palette(self, layer: str) -> list[int]:
        """The middle of a palette row."""
        palette = self.window.panels.palette
        for row in range(palette.model.rowCount()):
            if palette.model.item(row).data(0x0100) == layer:
                index = palette.model.index(row, 0)
                palette.list.scrollTo(index)
                return self._at(palette.list.viewport(), palette.list.visualRect(index).center())
        raise KeyError(layer)

    def ask_canvas(self, x: float, y: float) -> list[int]:
        """A place on the canvas as a share of its size."""
        port = self.window.canvas.viewport()
        return self._at(port, QPoint(round(port.width() * x), round(port.height() * y)))

    def ask_node(self, name: str) -> list[int]:
        """The head of a card, left of its middle, where no port is."""
        box = self._item(name).box()
        return self._scene(box.left() + 30, box.top() + 14)

    def ask_port(self, name: str, side: str) -> list[int]:
        """An input or output port."""
        item = self._item(name)
        places = item.card.outputs if side == "out" else item.card.inputs
        _, x, y, _ = places[0]
        return self._scene(item.x() + x, item.y() + y)

    def ask_widget(self, path: str) -> list[int]:
        """The middle of a widget named by attributes: "top_bar.run", "inspector.node.form.rows.units.editor.edit"."""
        found: Any = self.window
        for part in path.split("."):
            found = found[part] if isinstance(found, dict) else getattr(found, part)
        assert isinstance(found, QWidget), path
        return self._at(found, found.rect().center())

    def ask_state(self) -> dict[str, Any]:
        """What the document, the training and the plots are."""
        window = self.window
        document = window.document
        state, bridge = document.store.state, document.bridge
        curves, profile = window.panels.content("curves"), window.panels.content("profile")
        nodes = state.graph.nodes
        return {
            "nodes": {n.name: [n.type, {k: _text(v) for k, v in n.params.items()}] for n in nodes.values()},
            "edges": sorted([nodes[e.source].name, nodes[e.target].name] for e in state.graph.edges),
            "positions": {nodes[k].name: list(p) for k, p in state.positions.items() if k in nodes},
            "errors": [p.text for p in document.analyst.analysis.errors],
            "undo": document.store.undo_stack.index(),
            "modified": window.isWindowModified(),
            "title": window.windowTitle(),
            "run": bridge.state.name,
            "step": bridge.frame.status.step if bridge.frame.status else 0,
            "epochs": len(bridge.frame.epochs),
            "curves": sorted(curves.curves._drawn) if curves is not None else [],
            "points": max((len(d.x) for d in curves.curves._drawn.values()), default=0) if curves is not None else 0,
            "profile": [float(v) for k in profile.profile._now.values() for v in k] if profile is not None else [],
            "pictures": len(window.canvas.overlay.pictures),
            "selected": [nodes[n].name for n in document.selection.nodes],
            "notice": window.notice.current.text if window.notice.current else "",
            "page": window.centre.currentIndex(),
        }

    def ask_picture(self, path: str) -> bool:
        """What the screen shows."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return bool(QGuiApplication.primaryScreen().grabWindow(0).save(path))

    def _id(self, name: str) -> str:
        nodes = self.window.document.store.state.graph.nodes
        return next(k for k, n in nodes.items() if n.name == name)

    def _item(self, name: str) -> Any:
        return self.window.canvas.scene_.nodes[self._id(name)]

    def _scene(self, x: float, y: float) -> list[int]:
        from PySide6.QtCore import QPointF

        canvas = self.window.canvas
        return self._at(canvas.viewport(), canvas.viewportTransform().map(QPointF(x, y)).toPoint())

    @staticmethod
    def _at(widget: QWidget, point: QPoint) -> list[int]:
        found = widget.mapToGlobal(point)
        return [found.x(), found.y()]


def _text(value: Any) -> str:
    return f"{value.type} {dict(value.params)}" if hasattr(value, "params") else repr(value)


def main() -> int:
    from designer.app.main import main as start
    from designer.app.main import make_application

    make_application()
    witness = Witness()
    code = start(sys.argv[1:])
    witness.timer.stop()
    return code


if __name__ == "__main__":
    sys.exit(main())
