"""What training paints on the cards and wires: pictures, gradient figures with their bars, flow."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QRectF, Qt, QTimer
from PySide6.QtGui import QImage, QPainter

from designer.app.canvas_figures import edge_flow, layer_values
from designer.app.near import Near
from designer.canvas import Canvas, NodeValue
from designer.document import DocState
from designer.session.frame import Frame
from designer.session.grid import plane_grid
from engine.analysis.rules import last_activation
from engine.data.dataset import Dataset, Preview
from engine.graph import Graph
from engine.training.examination import Report
from widgets import thumbs, tokens
from widgets.i18n import tr

PICTURE = (152, 50)
STRIP = 8
MOST_COUNTED = 4
MOST_BARS = 24
#: after the view moved, until cards that came into it get their pictures
CATCH_UP_MS = 60


class CanvasFeed(QObject):
    """A live view like the panels: it gets frames while the canvas can be seen."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.flow_mode = "off"
        self.seen = Frame()
        self.near_cards = Near(canvas)
        #: what the doctor found last
        self.report: Report | None = None
        self._near: frozenset[str] = frozenset()
        self._near_of: tuple[Any, ...] = ()
        self._painted: dict[str, QImage] = {}
        self._missed = False
        self._catch_up = QTimer(self)
        self._catch_up.setSingleShot(True)
        self._catch_up.setInterval(CATCH_UP_MS)
        self._catch_up.timeout.connect(self.refresh)
        self._data_picture: QImage | None = None
        self._data_of: tuple[Dataset | None, str] = (None, "")
        tokens.theme_changed.connect(self._repaint)
        canvas.store.changed.connect(self._follow)
        canvas.viewed.connect(lambda _: self._catch_up.start() if self._missed else None)

    @property
    def wants(self) -> frozenset[Any]:
        """Statistics for figures and flow; surfaces for points of a plane, one sample's values for all else."""
        dataset = self.seen.dataset
        if dataset is None:
            return frozenset({"layers"})
        spreads = {"spreads"} if self.near else set()
        return frozenset({"layers", "surfaces" if self._plane else "maps"} | spreads)

    @property
    def near(self) -> frozenset[str]:
        """Layers whose outputs are drawn as a histogram: near enough, and neither maps nor surfaces suit them."""
        plan, close = self.seen.plan, self.near_cards.close
        if plan is None or not close:
            return frozenset()
        of = (id(plan), close, self._plane)
        if self._near_of != of:
            self._near_of = of
            ends = {h.node for h in plan.heads} | {s.node for s in plan.inputs}
            ranks = {n: len(plan.values[v].shape) for n, v in plan.outputs.items() if n in close and n not in ends}
            self._near = frozenset(n for n, rank in ranks.items() if rank == 2 or (rank == 1 and not self._plane))
        return self._near

    @property
    def _plane(self) -> bool:
        dataset = self.seen.dataset
        return dataset is not None and not dataset.image and dataset.points("train") is not None

    def watching(self) -> bool:
        """Whether the canvas can be seen."""
        canvas = self.canvas
        return (
            canvas.isVisible() and not canvas.viewport().visibleRegion().isEmpty() and not canvas.window().isMinimized()
        )

    def take(self, frame: Frame) -> None:
        """One frame."""
        before, self.seen = self.seen, frame
        if frame.run != before.run or frame.dataset is not before.dataset:
            self._repaint()
        elif frame.snapshot is not before.snapshot:
            self.refresh()

    def show_report(self, report: Report | None) -> None:
        """Findings of the doctor: the border of each card that they name."""
        self.report = report
        self.canvas.overlay.show_values(self._values(self.canvas.store.state.graph))

    def show_mode(self, mode: str) -> None:
        """off, act, grad or both."""
        self.flow_mode = mode
        self._show_flow()

    def _repaint(self) -> None:
        """Nothing that was painted is of use any more."""
        self._painted = {}
        self.refresh()

    def refresh(self) -> None:
        """Pictures, figures and flow of the last frame. A card that nobody sees keeps its picture while training."""
        graph = self.canvas.store.state.graph
        pictures = self._pictures(graph)
        self.canvas.overlay.show_pictures(pictures)
        self.canvas.overlay.show_values(self._values(graph))
        self._show_flow()

    def _follow(self, old: DocState, new: DocState) -> None:
        if old.graph is not new.graph and (self.seen.snapshot is not None or self.seen.dataset is not None):
            self.refresh()

    # ------------------------------------------------------------------ pictures

    def _pictures(self, graph: Graph) -> dict[str, QImage]:
        found: dict[str, QImage] = {}
        status, seen = self.seen.status, self.near_cards.seen
        running, self._missed = status is not None and status.state == "running", False
        for node in graph.nodes.values():
            if running and node.id not in seen and node.id in self._painted:
                found[node.id], self._missed = self._painted[node.id], True
                continue
            picture = self._input_picture() if node.type == "input" else self._node_picture(node.id)
            if picture is not None:
                found[node.id] = picture
        self._painted = found
        return found

    def _node_picture(self, node: str) -> QImage | None:
        snapshot = self.seen.snapshot
        if snapshot is None:
            return None
        if node in snapshot.surfaces:
            return surface_picture(snapshot.surfaces[node], bounded=self._bounded(node))
        if node in snapshot.maps:
            return thumbs.tiles(snapshot.maps[node], *PICTURE)
        if node in snapshot.spreads:
            spread = snapshot.spreads[node]
            return thumbs.histogram(spread.counts, *PICTURE, edges=(spread.low, spread.high), ratio=2.0)
        if node in self.near and node in self._painted:
            return self._painted[node]  # from a moment before the histogram was asked for
        if node in snapshot.vectors:
            vector = snapshot.vectors[node]
            if self._bounded(node) and len(vector) <= MOST_BARS:
                return thumbs.bars(vector, *PICTURE, highlight=int(vector.argmax()), ratio=2.0)
            return vector_picture(vector)
        return None

    def _bounded(self, node: str) -> bool:
        graph = self.canvas.store.state.graph
        seen: set[str] = set()
        while node in graph.nodes and node not in seen:
            seen.add(node)
            if graph.nodes[node].type == "output" and graph.incoming.get(node):
                node = graph.incoming[node][0].source
                continue
            return last_activation(graph.nodes[node]) in ("sigmoid", "softmax")
        return False

    def _input_picture(self) -> QImage | None:
        dataset = self.seen.dataset
        of, theme = self._data_of
        # By identity of the object held here: an id alone may belong to another set by now.
        if of is not dataset or theme != tokens.theme().name:
            self._data_of = (dataset, tokens.theme().name)
            self._data_picture = data_picture(dataset) if dataset is not None else None
        return self._data_picture

    # ------------------------------------------------------------------ figures

    def _values(self, graph: Graph) -> dict[str, NodeValue]:
        found: dict[str, NodeValue] = {}
        dataset, snapshot = self.seen.dataset, self.seen.snapshot
        for node in graph.nodes.values():
            if node.type == "input" and dataset is not None:
                found[node.id] = NodeValue(class_words(dataset), "secondary", data_words(dataset))
        if snapshot is not None:
            found |= layer_values(snapshot, graph, self.seen.earlier, self.near_cards.close, self.report)
        return found

    # ------------------------------------------------------------------ flow

    def _show_flow(self) -> None:
        snapshot, mode = self.seen.snapshot, self.flow_mode
        flow = edge_flow(snapshot, self.canvas.store.state.graph) if snapshot is not None else {}
        self.canvas.overlay.show_flow(flow, mode)  # type: ignore[arg-type]
        titles = {
            "act": tr("activation, RMS"),
            "grad": tr("gradient, RMS"),
            "both": tr("activation (above), gradient (below), RMS"),
        }
        if mode in titles and flow:
            self.canvas.legend.show_scale(titles[mode])
        else:
            self.canvas.legend.hide()


def surface_picture(surfaces: np.ndarray, *, bounded: bool) -> QImage:
    """The heat map of one unit, or of as many as fit beside each other.

    ``bounded``: values lie in 0..1 and 0.5 says nothing (sigmoid), so that a unit that does not care looks dark.
    """
    values, span = (surfaces - 0.5, 0.5) if bounded else (surfaces, None)
    if len(values) == 1:
        return thumbs.heat_map(values[0], span=span)
    return thumbs.tiles(values[:, ::-1], *PICTURE, span=span)


def vector_picture(vector: np.ndarray) -> QImage:
    """Units of a dense layer as a strip of cells."""
    flat = vector.ravel()[:256]
    across = min(len(flat), 32)
    down = -(-len(flat) // across)
    cells = np.zeros(across * down, dtype=np.float32)
    cells[: len(flat)] = flat
    return thumbs.heat_map(cells.reshape(down, across), row0_bottom=False)


def data_picture(dataset: Dataset) -> QImage | None:
    """What enters: a strip of samples, or the points of the plane."""
    if dataset.image:
        pictures = dataset.preview(STRIP).images
        return None if pictures is None else strip_picture(pictures)
    points = dataset.points("train")
    if points is None:
        return table_picture(dataset.preview(4))
    grid = plane_grid(dataset)
    values = next(iter(dataset.train.y.values())).reshape(len(points), -1)[:, 0]
    extent = grid.extent if grid is not None else None
    return thumbs.scatter(
        points[:400], values[:400], *PICTURE, extent=extent, classes=dataset.task != "values", ratio=2.0
    )


def strip_picture(pictures: np.ndarray) -> QImage:
    """(n, H, W, C) bytes side by side."""
    count, height, width, channels = pictures.shape
    gap = max(1, width // 14)
    board = np.zeros((channels, height, count * (width + gap) - gap), dtype=np.uint8)
    for k in range(count):
        board[:, :, k * (width + gap) : k * (width + gap) + width] = pictures[k].transpose(2, 0, 1)
    return thumbs.picture(board)


def table_picture(preview: Preview) -> QImage:
    """The head of a table in small print: as many columns as can be read, the target last."""
    width, height = PICTURE
    picture = QImage(width * 3, height * 3, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(3.0)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    font = tokens.font("caption")
    font.setPixelSize(9)
    painter.setFont(font)
    columns = min(len(preview.columns), 3)
    cell = width / (columns + 1)
    lines = [[*preview.columns[:columns], ""], *([*r[:columns], t] for r, t in zip(preview.rows, preview.targets))]
    for row, line in enumerate(lines):
        for column, text in enumerate(line):
            strong = row > 0 and column == columns
            painter.setPen(tokens.color(tokens.theme().text if strong else tokens.theme().secondary))
            room = QRectF(column * cell, row * 10, cell - 4, 10)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)
    painter.end()
    return picture


def class_words(dataset: Dataset) -> str:
    """Counts of few classes, ``6 · 6 · 6``; of many the number stands in ``data_words``."""
    counts = dataset.class_counts()
    return " · ".join(f"{n:,}" for n in counts.values()) if len(counts) <= MOST_COUNTED else ""


def data_words(dataset: Dataset) -> str:
    """``500 samples``, ``7,000 samples, 10 classes``."""
    count = f"{len(dataset):,}"
    if len(dataset.class_names) <= MOST_COUNTED:
        return tr("{count} samples", count=count)
    return tr("{count} samples, {classes} classes", count=count, classes=len(dataset.class_names))
