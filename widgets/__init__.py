"""Widgets: arrays in, signals out. They know neither engine nor designer. Import from here or from the modules.

Ground (no pyqtgraph is loaded by these)
    tokens      theme() -> Theme of hex colours, apply_theme(app, "dark"|"light"|"system", font_scale), theme_changed,
                on_theme(widget, callback), font(size), color(hex, alpha), blend, contrast, spacing, GROUPS
    i18n        tr(text, **values), tr_declared(text), install_language("en"|"ko"|"system"), language_changed
    icons       icon(name), bind_icon(button_or_action, name), paint_icon(painter, name, rect),
                pixmap, group_icon(group)
    colormaps   viridis, signed and magnitude tables (256 x uint32), values -> QImage
    thumbs      pure array -> QImage pictures for nodes: histogram, tiles, heat map, scatter, bars
    fields      NumberField, NumbersField, Choice, Segmented, Toggle, TextField, SearchField, Section, FieldForm, Badge,
                ElidedLabel, HelpButton, BusyBar; each value field: value(), show_value(), show_mixed(), show_error(),
                signal value_changed(object)

Plots (all are PlotPanel: title row with "?", empty sentence, hover read-out, context menu with PNG, SVG, CSV and copy;
export_png(path), export_svg(path), export_csv(path), show_empty(text), show_title(text), show_help(text))
    CurvePlot       show_curves({name: (x, y) | Line(x, y, split="train", run="A", hue="")}, x_label=),
                    show_markers([(x, text)]), show_best(x, y), show_log, show_smoothing, show_recent(points)
    LayerProfile    show_profile(layer_ids, layer_names, {series: (L,)}, earlier={series: (T, L)}, predicted=, compare=,
                    levels={id: "warning" | "error"}), show_bands([Band(low, high, level, text)]), show_selected(id),
                    clear_history(); signal layer_clicked(str)
    HistogramRidge  show_histograms(steps, edges, counts, raw_min, raw_max, name=), show_form("ridge" | "heat")
    Waterfall       show_waterfall(layer_ids, layer_names, steps, values (L, S)); signal cell_clicked(str, int)
    TileGrid        show_tiles(array (K, H, W) | (K, 3, H, W), signed=, captions=, scale="unit" | "layer" | "global",
                    bounds=), show_selected(index); signals tile_clicked(int), tile_opened(int)
    DecisionBoundary  show_surface(grid (H, W) | (C, H, W), extent, center=, span=, class_names=),
                    show_points(points, values, split="train" | "test"), show_test(bool), show_discrete(bool)
    ConfusionMatrix show_matrix(counts, class_names); signal cell_clicked(true, predicted)
    ImageStrip      show_images(images, captions, right=[True | False | None]); signal image_clicked(int)

``python -m widgets.gallery --out DIR --theme light`` draws them all.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PLACES = {
    "CurvePlot": "curve",
    "Line": "curve",
    "LayerProfile": "layer_profile",
    "Band": "layer_profile",
    "HistogramRidge": "ridge",
    "Waterfall": "waterfall",
    "TileGrid": "tiles",
    "DecisionBoundary": "boundary",
    "ConfusionMatrix": "confusion",
    "ImageStrip": "image_strip",
    "PlotPanel": "panel",
}

__all__ = [*_PLACES, "fields", "icons", "thumbs", "tokens", "tr"]


def __getattr__(name: str) -> Any:
    # Lazily: pyqtgraph takes a second to import, and the window must be there before that.
    if name in _PLACES:
        return getattr(import_module(f"widgets.{_PLACES[name]}"), name)
    if name == "tr":
        return import_module("widgets.i18n").tr
    if name in __all__:
        return import_module(f"widgets.{name}")
    raise AttributeError(f"module 'widgets' has no attribute {name!r}")
