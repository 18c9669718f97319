"""Interface language: ``tr("Undo {text}", text=...)``.

A catalogue is a flat JSON object, source text -> translation, in ``resources/translations/<code>.json``. The source
text is looked up first and its placeholders are filled afterwards, so the first argument is always a literal.
"""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator, Signal

CATALOGUES = Path(__file__).resolve().parent.parent / "resources" / "translations"
LANGUAGES = {"en": "English", "ko": "한국어"}
"""Languages on offer, each by its own name."""


class _Notifier(QObject):
    changed = Signal()


_notifier = _Notifier()
language_changed = _notifier.changed
"""Signal without arguments: widgets that live on set their texts anew."""

_state: dict[str, str] = {"language": "en"}
_catalogue: dict[str, str] = {}
_translators: list[QTranslator] = []


def tr(text: str, /, **values: object) -> str:
    """The translation of ``text`` (itself when there is none) with ``{name}`` placeholders filled from ``values``."""
    translated = _catalogue.get(text, text)
    if not values:
        return translated
    try:
        return translated.format(**values)
    except (KeyError, IndexError, ValueError):
        # A translator's slip in a placeholder must not take the window down: the source text is right by test.
        return text.format(**values)


def tr_declared(text: str) -> str:
    """Translation of a text that the engine declares (labels, help, titles); the only ``tr`` of a variable."""
    return _catalogue.get(text, text)


def language() -> str:
    """Code of the language in force."""
    return _state["language"]


def system_language() -> str:
    """The desktop's language if it is on offer, else English."""
    code = QLocale.system().name().split("_")[0]
    return code if code in LANGUAGES else "en"


def install_language(code: str = "system") -> str:
    """Loads catalogue and Qt's own strings for "en", "ko" or "system"; returns the code in force."""
    chosen = system_language() if code == "system" else code
    if chosen not in LANGUAGES:
        raise ValueError(f"language {code!r}: expected one of {', '.join(LANGUAGES)} or 'system'")
    _catalogue.clear()
    path = CATALOGUES / f"{chosen}.json"
    if path.exists():
        _catalogue.update(json.loads(path.read_text(encoding="utf-8")))
    _install_qt_strings(chosen)
    _state["language"] = chosen
    _notifier.changed.emit()
    return chosen


def _install_qt_strings(code: str) -> None:
    app = QCoreApplication.instance()
    if app is None:
        return
    while _translators:
        app.removeTranslator(_translators.pop())
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    translator = QTranslator(app)
    if code != "en" and translator.load(f"qtbase_{code}", folder):
        app.installTranslator(translator)
        _translators.append(translator)
