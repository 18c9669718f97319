"""Palette and style sheet, both built from tokens; ``tokens.apply_theme`` is the only caller."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QColor, QPalette

from widgets import tokens
from widgets.tokens import Theme


def palette(theme: Theme) -> QPalette:
    """A whole palette, so that Fusion derives nothing of its own."""
    role = QPalette.ColorRole
    result = QPalette()
    colors = {
        role.Window: theme.panel,
        role.WindowText: theme.text,
        role.Base: theme.sunken if theme.dark else theme.panel,
        role.AlternateBase: theme.raised if theme.dark else theme.canvas,
        role.Text: theme.text,
        role.PlaceholderText: theme.secondary,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Light: theme.hover,
        role.Midlight: theme.hover,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: theme.canvas if theme.dark else theme.border,
        role.Accent: theme.accent,
    }
    for key, value in colors.items():
        result.setColor(key, QColor(value))
    for key in (role.Text, role.WindowText, role.ButtonText, role.HighlightedText, role.PlaceholderText):
        result.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme.disabled))
    result.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(theme.border))
    return result


def stylesheet(theme: Theme) -> str:
    """The small part that a palette cannot say: radii, paddings, hover and focus lines."""
    values = {
        name: getattr(theme, name)
        for name in ("canvas", "panel", "raised", "sunken", "border", "text", "secondary", "disabled", "accent")
    }
    values |= {"on_accent": theme.on_accent, "outline": theme.outline, "hover": theme.hover, "error": theme.error}
    values |= {"field": theme.raised if theme.dark else theme.panel, "warning": theme.warning, "good": theme.good}
    values |= {"field_border": theme.border, "radius": tokens.RADIUS_SMALL, "pressed": theme.border}
    values |= {"height": tokens.scaled(tokens.CONTROL_HEIGHT - 2), "icons": _icon_folder(), "mode": theme.name}
    values |= {"caption": tokens.SIZE_CAPTION * tokens.font_scale()}
    text = _SHEET
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    return text


def _icon_folder() -> str:
    return (Path(__file__).resolve().parent.parent / "resources" / "icons" / "style").as_posix()


_SHEET = """
QToolTip { background: @raised@; color: @text@; border: 1px solid @outline@; padding: 5px 7px; }
QMainWindow::separator { background: @border@; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: @accent@; }
QSplitter::handle { background: @border@; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QDockWidget { color: @text@; widget-animation-duration: 0; }
QMenuBar { background: @panel@; padding: 2px 4px; }
QMenuBar::item { padding: 5px 10px; border-radius: @radius@px; background: transparent; }
QMenuBar::item:selected { background: @hover@; }
QMenu { background: @raised@; border: 1px solid @border@; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 10px; border-radius: @radius@px; }
QMenu::item:selected { background: @accent@; color: @on_accent@; }
QMenu::item:disabled { color: @disabled@; background: transparent; }
QMenu::separator { height: 1px; background: @border@; margin: 4px 6px; }
QMenu::icon { padding-left: 6px; }
QToolBar { background: @panel@; border: none; border-bottom: 1px solid @border@; spacing: 4px; padding: 4px; }
QStatusBar { background: @panel@; border-top: 1px solid @border@; color: @secondary@; }
QStatusBar::item { border: none; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: @radius@px; padding: 3px; }
QToolButton:hover { background: @hover@; }
QToolButton:pressed { background: @pressed@; }
QToolButton:checked { background: @hover@; border-color: @outline@; }
QToolButton:focus { border-color: @accent@; }
QToolButton[primary="true"] { background: @accent@; color: @on_accent@; }
QToolButton[primary="true"]:disabled { background: @border@; }
QToolButton::menu-indicator { image: none; }
QPushButton { background: @field@; border: 1px solid @border@; border-radius: @radius@px; padding: 0 12px;
  min-height: @height@px; color: @text@; }
QPushButton:hover { background: @hover@; border-color: @outline@; }
QDialogButtonBox, QMessageBox { dialogbuttonbox-buttons-have-icons: 0; }
QPushButton:pressed { background: @pressed@; }
QPushButton:disabled { color: @disabled@; background: @panel@; border-color: @border@; }
QPushButton:focus { border-color: @accent@; }
QPushButton:default, QPushButton[primary="true"] { background: @accent@; border-color: @accent@; color: @on_accent@; }
QPushButton:default:disabled, QPushButton[primary="true"]:disabled { background: @border@; border-color: @border@;
  color: @disabled@; }
QLineEdit, QComboBox, QAbstractSpinBox { background: @field@; border: 1px solid @field_border@; color: @text@;
  border-radius: @radius@px; padding: 0 6px; min-height: @height@px; selection-background-color: @accent@;
  selection-color: @on_accent@; }
QLineEdit:hover, QComboBox:hover, QAbstractSpinBox:hover { border-color: @outline@; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus { border-color: @accent@; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { color: @disabled@; background: @panel@; }
QLineEdit[invalid="true"], QComboBox[invalid="true"] { border: 1px solid @error@; }
QLineEdit[flat="true"] { background: transparent; border: none; min-height: 0; padding: 0; }
QComboBox { padding: 0 8px; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url(@icons@/chevron-down-@mode@.svg); width: 14px; height: 14px; }
QComboBox QAbstractItemView { background: @raised@; border: 1px solid @border@; padding: 3px; outline: 0;
  selection-background-color: @accent@; selection-color: @on_accent@; }
QComboBox QAbstractItemView::item { min-height: @height@px; padding: 0 4px; }
QPlainTextEdit, QTextEdit, QTextBrowser { background: @field@; border: 1px solid @border@; border-radius: @radius@px; }
QTreeView, QListView, QTableView { background: @panel@; border: none; outline: 0;
  alternate-background-color: @canvas@; }
QTreeView::item, QListView::item { min-height: @height@px; border-radius: @radius@px; }
QTreeView::item:hover, QListView::item:hover { background: @hover@; }
QTreeView::item:selected, QListView::item:selected, QTableView::item:selected { background: @accent@;
  color: @on_accent@; }
QHeaderView::section { background: @panel@; color: @secondary@; border: none; border-bottom: 1px solid @border@;
  padding: 4px 6px; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: @secondary@; padding: 6px 12px; border: none;
  border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: @text@; }
QTabBar::tab:selected { color: @text@; border-bottom: 2px solid @accent@; }
QTabWidget::pane { border: none; border-top: 1px solid @border@; }
QCheckBox, QRadioButton { spacing: 6px; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid @outline@; border-radius: 3px;
  background: @field@; }
QCheckBox::indicator:hover { border-color: @accent@; }
QCheckBox::indicator:checked { background: @accent@; border-color: @accent@; image: url(@icons@/check-@mode@.svg); }
QCheckBox::indicator:disabled { border-color: @border@; }
QCheckBox:disabled { color: @disabled@; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @border@; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::handle:hover { background: @outline@; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSlider::groove:horizontal { height: 4px; background: @border@; border-radius: 2px; }
QSlider::sub-page:horizontal { background: @accent@; border-radius: 2px; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: @text@; }
QSlider::handle:horizontal:hover { background: @accent@; }
QSlider::sub-page:horizontal:disabled { background: @border@; }
QSlider::handle:horizontal:disabled { background: @disabled@; }
QProgressBar { background: @border@; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: @accent@; border-radius: 2px; }
QGroupBox { border: 1px solid @border@; border-radius: @radius@px; margin-top: 10px; padding-top: 8px; }
QGroupBox::title { subcontrol-origin: margin; left: 8px; padding: 0 4px; color: @secondary@; }
QLabel[role="secondary"] { color: @secondary@; }
QLabel[role="caption"] { color: @secondary@; font-size: @caption@pt; }
QLabel[role="error"] { color: @error@; font-size: @caption@pt; }
QLabel[role="warning"] { color: @warning@; }
QLabel[role="good"] { color: @good@; }
"""
