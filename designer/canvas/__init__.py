"""The canvas: the drawn network as cards and wires, every gesture on it, and what training paints over it.

    canvas = Canvas(store, selection, analyst)           a QGraphicsView; put it into a layout
    canvas.frame_all(), frame_selection(), zoom_to(1.0), reveal(node_id), auto_layout(), show_empty_hint(text)
    canvas.edits.delete() ... .copy() .paste() .duplicate() .align("left") ... one method per command, see edits.py
    canvas.auto_layout("down")                            frames, notes, places: canvas.annotations, canvas.visits
    canvas.add_layer(type_id)                             beside the selected card, wired to it (for double-clicks)
    canvas.overlay.show_flow({edge: (forward_rms, backward_rms)}, "off"|"act"|"grad"|"both")
    canvas.overlay.show_pictures({node_id: QImage})       replaces all; cards grow to make room for theirs
    canvas.overlay.show_values({node_id: NodeValue(text, tone, label, magnitude) or (text, colour)})
    canvas.legend.show_scale(title, low, high) / .hide()
    canvas.node_activated(str)        a card was double-clicked below its name
    canvas.message(str)               a sentence for the status bar: refusals and hints
    canvas.menu_wanted(QPoint, object)  right click: global position, what is there (Hit)
    export_canvas(state, analysis, path, kind, theme, live)   SVG, PNG, PDF offscreen, with or without what streams

Drag from a palette: MIME ``application/x-gradloom-layer`` with the layer id as text (``LAYER_MIME``).
Cards stand on an 8 px grid; with a picture they are 128 px high and 176 px wide or wider.
"""

from designer.canvas.export import export_canvas
from designer.canvas.overlay import NodeValue
from designer.canvas.tools.drop import LAYER_MIME
from designer.canvas.view import Canvas

__all__ = ["LAYER_MIME", "Canvas", "NodeValue", "export_canvas"]
