"""Theme, language and size of text, changed while the window stands."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from designer.app.settings import Language, Settings, Theme
from widgets import tokens
from widgets.i18n import install_language


class Looks(QObject):
    """Applies what the settings say and stores what a person chooses."""

    changed = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings

    def apply(self) -> None:
        """Everything as stored."""
        install_language(self.settings.language)
        tokens.reduce_motion(self.settings.reduce_motion)
        self._apply_theme()

    def _apply_theme(self) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        tokens.apply_theme(app, self.settings.theme, self.settings.font_scale)

    def choose_theme(self, mode: Theme) -> None:
        """Light, dark, or as the system."""
        self.settings.theme = mode
        self._apply_theme()
        self.changed.emit()

    def choose_language(self, code: Language) -> None:
        """English, Korean, or as the system."""
        self.settings.language = code
        install_language(code)
        self.changed.emit()

    def scale_text(self, by: float) -> None:
        """Larger or smaller text; 0 = as designed."""
        self.settings.font_scale = round(self.settings.font_scale + by, 2) if by else 1.0
        self._apply_theme()
        self.changed.emit()

    def toggle_motion(self) -> None:
        """Animated or not."""
        self.settings.reduce_motion = not self.settings.reduce_motion
        tokens.reduce_motion(self.settings.reduce_motion)
        self.changed.emit()
