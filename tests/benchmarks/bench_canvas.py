"""Figures for the canvas at 1,000 nodes and 1,400 wires: open, pan, zoom, drag, edit. Prints; judges nothing.

QT_QPA_PLATFORM=offscreen python -m tests.benchmarks.bench_canvas [nodes]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas import Canvas
from designer.document import DocState, Point, verbs
from designer.document.layered import layered
from designer.session.analyst import Analyst
from designer.session.selection import Selection
from designer.session.store import Store
from engine.graph import Edge, Graph, Node
from widgets import tokens


def large_state(count: int, seed: int = 0) -> DocState:
    """Residual chains: Dense, Dense, Add over and over, ``count`` nodes and about 1.4 wires for each."""
    rng = np.random.default_rng(seed)
    nodes: dict[str, Node] = {"n1": Node("n1", "input", "Input", {"size": (8,)})}
    edges: list[Edge] = []
    last = "n1"
    while len(nodes) < count - 1:
        k = len(nodes)
        first, second, add = f"n{k + 1}", f"n{k + 2}", f"n{k + 3}"
        for n in (first, second):
            activation = {"dropout": float(rng.choice([0.0, 0.2]))} if rng.random() < 0.3 else {}
            nodes[n] = Node(n, "dense", f"dense {n[1:]}", {"units": 8, **{k: v for k, v in activation.items() if v}})
        nodes[add] = Node(add, "add", f"add {add[1:]}")
        edges += [Edge(last, first), Edge(first, second), Edge(second, add), Edge(last, add)]
        last = add
    nodes["out"] = Node("out", "output", "Output")
    edges.append(Edge(last, "out"))
    graph = Graph(nodes, tuple(edges))
    sizes = {n: (176.0, 128.0) for n in nodes}
    state = DocState(graph=graph)
    started = time.perf_counter()
    places = layered(graph, tuple(nodes), sizes, row_width=6000)
    print(f"layered layout of {len(nodes)} nodes, {len(edges)} wires: {1e3 * (time.perf_counter() - started):.0f} ms")
    return state.with_layout(positions={n: Point(*p) for n, p in places.items()})


def timed(name: str, repeats: int, action: Callable[[int], object]) -> None:
    """Print median and 95th percentile of repeated actions, each with the repaint that it causes.

    Wall time, and processor time for machines that are shared.
    """
    wall, cpu = [], []
    for k in range(repeats):
        started, burnt = time.perf_counter(), time.process_time()
        action(k)
        QApplication.processEvents()
        wall.append(1e3 * (time.perf_counter() - started))
        cpu.append(1e3 * (time.process_time() - burnt))
    print(f"{name:38s} {_figures(wall)}   processor {_figures(cpu)}")


def _figures(times: list[float]) -> str:
    return f"median {np.median(times):5.1f}  p95 {np.percentile(times, 95):5.1f} ms"


def main(count: int = 1000) -> None:
    """Open, look around, edit."""
    app = QApplication.instance() or QApplication([])
    tokens.apply_theme(app, "dark")  # type: ignore[arg-type]
    tokens.reduce_motion(True)
    state = large_state(count)
    store = Store()
    selection, analyst = Selection(store), Analyst(store)
    canvas = Canvas(store, selection, analyst)
    canvas.resize(1400, 900)
    canvas.show()
    QApplication.processEvents()
    started = time.perf_counter()
    store.open(state)
    QApplication.processEvents()
    print(f"open {len(state.graph.nodes)} nodes, {len(state.graph.edges)} wires: {time.perf_counter() - started:.2f} s")
    for zoom in (canvas.zoom, 0.2, 0.4, 0.7, 1.0):
        canvas.zoom_to(zoom)
        canvas.centre_on(QPointF(2500, 2500))
        QApplication.processEvents()
        timed(f"pan at {100 * zoom:.0f} %", 60, lambda k: canvas.pan(9 if k % 20 < 10 else -9, 5))
    timed("zoom steps 20 %..100 %", 40, lambda k: canvas.zoom_to(0.2 + 0.8 * abs((k % 20) - 10) / 10))
    canvas.zoom_to(0.5)
    canvas.centre_on(QPointF(2500, 2500))
    _drag(canvas, selection, 1)
    _drag(canvas, selection, 200)
    timed(
        "one parameter edit to all shapes",
        20,
        lambda k: store.apply("units", verbs.set_param, ("n2",), "units", 8 + k % 2),
    )
    timed("undo", 20, lambda k: store.undo())
    flow = {e: (10 ** -(k % 9), 10 ** -(k % 7)) for k, e in enumerate(store.state.graph.edges)}
    for zoom in (0.2, 0.7):
        canvas.zoom_to(zoom)
        timed(f"flow of all wires at {100 * zoom:.0f} %", 10, lambda k: canvas.overlay.show_flow(flow, "both"))


def _drag(canvas: Canvas, selection: Selection, count: int) -> None:
    """A real mouse drag of ``count`` cards."""
    sight = canvas.visible_rect()
    near = [n for n, i in canvas.scene_.nodes.items() if sight.contains(i.box())]
    others = [n for n in canvas.scene_.nodes if n not in near]
    selection.show((near + others)[:count])
    start = canvas.mapFromScene(canvas.scene_.nodes[near[0]].box().center())
    view = canvas.viewport()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    timed(
        f"drag of {count} cards, per mouse move", 40, lambda k: QTest.mouseMove(view, start + QPoint(6 + 5 * k, 3 * k))
    )
    started = time.perf_counter()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start + QPoint(205, 120))
    QApplication.processEvents()
    print(f"  release: {1e3 * (time.perf_counter() - started):.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
