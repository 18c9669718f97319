"""Exports of the drawn network: ONNX and PyTorch from the layer files, pictures from the canvas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QGuiApplication

from designer.app.documents import Document
from designer.app.notice import Notice
from widgets import tokens
from widgets.i18n import tr, tr_error

if TYPE_CHECKING:
    from designer.app.main_window import MainWindow
    from designer.canvas.overlay import Overlay


def export_network(window: MainWindow, kind: str, path: Path) -> None:
    """Writes ``path``; weights are those of the training, where there is one, else the initial ones."""
    document = window.document
    session = document.bridge.session
    if kind in PICTURES:
        _write(window, document, kind, path, live_part(window))
    elif session is not None and session.alive and not document.bridge.stale:
        document.bridge.when(session.weights(), lambda weights: _write(window, document, kind, path, weights))
    else:
        _write(window, document, kind, path, None)


def _write(window: MainWindow, document: Document, kind: str, path: Path, weights: Any) -> None:
    try:
        _WRITERS[kind](document, path, weights)
    except (ValueError, OSError, RuntimeError) as error:
        window.notice.show_notice(Notice("export", tr_error(error), "error"))
        return
    window.settings.folder = str(path.parent)
    window.status.say(tr("Exported {path}", path=str(path)))


def _network(kind: str) -> Any:
    def write(document: Document, path: Path, weights: Any) -> None:
        from engine.files.export import write_export

        write_export(kind, document.store.state.project(), path, weights)

    return write


def _picture(kind: str) -> Any:
    def write(document: Document, path: Path, live: Any) -> None:
        from designer.canvas import export_canvas

        store, known = document.store, document.analyst.analysis
        export_canvas(store.state, known, path, kind, tokens.theme(), live, within=store.within)

    return write


def live_part(window: MainWindow) -> Overlay | None:
    """What training paints, where pictures are to show it."""
    return window.canvas.overlay if window.settings.live_pictures else None


def copy_picture(window: MainWindow) -> None:
    """The selected cards, frames and notes, or all of this sheet, on the clipboard: as a picture and as SVG."""
    from designer.canvas.export import picture_mime

    document, selection = window.document, window.document.selection
    chosen = (selection.nodes, selection.areas) if selection.nodes or selection.areas else None
    store, known, live = document.store, document.analyst.analysis, live_part(window)
    mime = picture_mime(store.state, known, tokens.theme(), live, chosen, within=store.within)
    QGuiApplication.clipboard().setMimeData(mime)
    window.status.say(tr("The picture is on the clipboard"))


PICTURES = ("svg", "png", "pdf")
_WRITERS = {k: _network(k) for k in ("onnx", "pytorch", "keras")} | {k: _picture(k) for k in PICTURES}
