"""Why the gradient vanishes: for every layer the exact share of weights, slope, norm, pooling and merges."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel

from designer.panels.live import LivePanel
from designer.session.frame import Frame
from engine.layers import LAYERS
from engine.probes.autopsy import Bar, LayerAutopsy
from engine.probes.snapshot import Path
from widgets import tokens
from widgets.i18n import tr, tr_declared
from widgets.ratio_bars import RatioBars, Segment, Tick
from widgets.tokens import theme


class AutopsyPanel(LivePanel):
    """``layer_clicked(node_id)``. The line below the chart says the worst loss, or the part that was clicked."""

    wants = frozenset({"layers", "autopsy"})
    layer_clicked = Signal(str)

    def __init__(self) -> None:
        plot = RatioBars()
        super().__init__(plot)
        self.bars = plot
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sentence.setContentsMargins(tokens.SPACE_3, 0, tokens.SPACE_3, tokens.SPACE_2)
        self._chosen: tuple[str, int] | None = None
        column = self.layout()
        assert column is not None
        column.addWidget(self.sentence)
        plot.segment_clicked.connect(self._clicked)
        self.retranslate()

    def words(self) -> tuple[str, str]:
        return tr("Where the gradient went"), tr(
            "For each layer, what its gradient lost or gained on the way back from the next one: bars below zero are "
            "losses in decades, and they add up exactly to the mark. In a healthy network every mark is near zero."
        )

    def show_frame(self, new: Frame, old: Frame) -> None:
        if new.snapshot is old.snapshot and new.run == old.run and new.names is old.names:
            return
        layers = new.snapshot.autopsy if new.snapshot is not None else ()
        if not layers:
            self.plot.show_empty(tr("Press Run or Step: one backward pass fills this chart."))
            self.sentence.clear()
            return
        names = [new.name(a.node) for a in layers]
        parts = [[_segment(b, new) for b in a.bars] for a in layers]
        self.bars.show_bars([a.node for a in layers], names, parts, [ticks(a, new) for a in layers])
        self._show_sentence(layers, new)

    def _show_sentence(self, layers: Sequence[LayerAutopsy], frame: Frame) -> None:
        if self._chosen is not None:
            chosen = next((a for a in layers if a.node == self._chosen[0]), None)
            if chosen is not None and 0 <= self._chosen[1] < len(chosen.bars):
                self.sentence.setText(explain(chosen.bars[self._chosen[1]], frame))
                return
        self.sentence.setText(summary(layers, frame))

    def _clicked(self, node: str, part: int) -> None:
        self._chosen = (node, part) if part >= 0 else None
        self.layer_clicked.emit(node)
        self.show_again()

    def show_selected(self, nodes: Sequence[str]) -> None:
        """Highlights the canvas' selection."""
        self.bars.show_selected(list(nodes))


def _segment(bar: Bar, frame: Frame) -> Segment:
    group = {
        "weights": "dense", "activation": "activation", "norm": "normalization", "pool": "pooling",
        "dropout": "regularization", "shape": "data", "merge": "merge", "attention": "attention",
        "interference": "output",
    }[bar.cause]  # fmt: skip
    return Segment(cause_name(bar), theme().group(group), bar.decades, explain(bar, frame))


def cause_name(bar: Bar) -> str:
    """The bar's name in the legend."""
    names = {
        "weights": tr("weights"),
        "activation": tr("activation's slope"),
        "norm": tr("normalization"),
        "pool": tr("pooling"),
        "dropout": tr("dropout mask"),
        "shape": tr("reshaping"),
        "merge": tr("merge"),
        "attention": tr("attention"),
        "interference": tr("paths that meet"),
    }
    return names[bar.cause]


def explain(bar: Bar, frame: Frame) -> str:
    """One bar as a sentence with its numbers."""
    amount, name = abs(bar.decades), frame.name(bar.node)
    operation = titled(bar.operation)
    if bar.cause == "interference":
        text = (
            tr("The paths that meet at {name} cancel each other: {amount:.2f} decades lost.", name=name, amount=amount)
            if bar.decades < 0
            else tr("The paths that meet at {name} add up: {amount:.2f} decades gained.", name=name, amount=amount)
        )
        beside = [f"{path_name(p, frame)} {p.decades:+.2f}" for p in bar.paths]
        return text + " " + tr("Each beside the strongest, in decades: {paths}.", paths=", ".join(beside))
    if bar.cause == "activation" and bar.decades < 0:
        factor = 10**bar.decades
        text = tr(
            "The slope of {operation} costs {amount:.2f} decades at {name}: on average it passes {factor:.3g} of the "
            "gradient.",
            operation=operation, amount=amount, name=name, factor=factor,
        )  # fmt: skip
        return text + " " + tr("Sigmoid's slope is never above 0.25.") if bar.operation == "sigmoid" else text
    if bar.cause == "weights":
        if bar.decades < 0:
            return tr(
                "Going back through the weights of {name} costs {amount:.2f} decades: they are small for its fan-out.",
                name=name, amount=amount,
            )  # fmt: skip
        return tr(
            "Going back through the weights of {name} adds {amount:.2f} decades: they are large for its fan-out.",
            name=name, amount=amount,
        )  # fmt: skip
    said = (
        tr("{operation} at {name} costs {amount:.2f} decades", operation=operation, name=name, amount=amount)
        if bar.decades < 0
        else tr("{operation} at {name} adds {amount:.2f} decades", operation=operation, name=name, amount=amount)
    )
    return f"{said}: {reason}." if (reason := reason_of(bar)) else f"{said}."


def titled(operation: str) -> str:
    """An operation by the title of its layer, as everywhere in the window."""
    found = LAYERS[operation].title if operation in LAYERS else operation.replace("_", " ").removesuffix("2d")
    return tr_declared(found)


def reason_of(bar: Bar) -> str:
    """By what an operation changes the gradient's size, in words."""
    if bar.cause == "norm":
        return tr("times its gain, divided by the spread of what enters, and without what the values share")
    if bar.cause == "pool":
        if "max" in bar.operation:
            return tr("only the largest cell of each window passes any back, and the others count as zeros")
        return tr("each cell of a window gets its even share")
    if bar.cause == "dropout":
        return tr("units that were left out pass nothing, the others more for it")
    if bar.cause == "merge":
        words = {
            "add": tr("a sum hands the whole gradient to each of its inputs"),
            "average": tr("a mean hands each of its inputs its even share"),
            "concat": tr("this input gets its own part of the gradient, which is not the whole's average"),
            "multiply": tr("each input gets the gradient times the other input"),
            "maximum": tr("only the larger input gets any"),
        }
        return words.get(bar.operation, "")
    if bar.cause == "attention":
        words = {
            "attention_mix": tr("values are gathered by their weights, and so is their gradient"),
            "softmax": tr("the slope of the attention weights"),
            "attention_scores": tr("queries and keys get it times each other, over the root of their length"),
        }
        return words.get(bar.operation, "")
    return ""


def path_name(path: Path, frame: Frame) -> str:
    """Where a way leads; with the part of the layer where it has several."""
    name = frame.name(path.node)
    return f"{name} ({path.part})" if path.part else name


def ticks(layer: LayerAutopsy, frame: Frame) -> list[Tick]:
    """What every way of each fork would hand on alone, in decades from the next layer: a residual's two paths apart."""
    found, height = [], 0.0
    for bar in layer.bars:
        if len(bar.paths) > 1:
            found += [Tick(path_name(p, frame), height + p.decades) for p in bar.paths]
        height += bar.decades
    return found


def summary(layers: Sequence[LayerAutopsy], frame: Frame) -> str:
    """The whole way in one sentence: how much is lost from the last layer to the first, and to what."""
    starved = [frame.name(a.node) for a in layers if a.rms == 0]
    if starved:
        return tr("No gradient at all reaches {names}.", names=", ".join(starved))
    first, last = layers[0], layers[-1]
    if len(layers) < 2 or last.rms == 0:
        return ""
    shares: dict[str, float] = {}
    for layer in layers[:-1]:
        for bar in layer.bars:
            shares[cause_name(bar)] = shares.get(cause_name(bar), 0.0) + bar.decades
    total = sum(shares.values())
    parts = ", ".join(f"{kind} {amount:+.1f}" for kind, amount in sorted(shares.items(), key=lambda kv: kv[1]))
    return tr(
        "From {last} back to {first} the gradient changes by {total:+.1f} decades: {parts}.",
        last=frame.name(last.node), first=frame.name(first.node), total=total, parts=parts,
    )  # fmt: skip
