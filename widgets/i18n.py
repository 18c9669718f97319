"""Interface language: ``tr("Undo {text}", text=...)``.

A catalogue is a flat JSON object, source text -> translation, in ``resources/translations/<code>.json``. The source
text is looked up first and its placeholders are filled afterwards, so the first argument is always a literal.
A key with ``{0}`` is a pattern for sentences that the engine has filled in already. ``resources/translate.py`` keeps
catalogues in step with the sources.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator, Signal

from widgets.particles import settle

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
# What a person has named must not turn into a word of the catalogue.
_NAMES = {"name", "names", "source", "first", "blocked", "port", "type"}
_FIGURES = re.compile(r"\\\{(\d+)\\\}")


def tr(text: str, /, **values: object) -> str:
    """The translation of ``text`` (itself when there is none) with ``{name}`` placeholders filled from ``values``."""
    return _filled(_catalogue.get(text, text), text, values)


def tr_declared(text: str, /, **values: object) -> str:
    """Translation of a text that the engine declares or reports; the only ``tr`` of a variable.

    Finds titles and templates as they are, sentences already filled in by their pattern, and lists piece by piece.
    ``values`` that are texts themselves (``expected``, ``reason``) are translated, names are not.
    """
    if not _catalogue:
        return text.format(**values) if values else text
    told = {k: tr_declared(v) if isinstance(v, str) and k not in _NAMES else v for k, v in values.items()}
    return _filled(_declared(text), text, told)


def tr_error(error: BaseException) -> str:
    """What an exception says. One with ``rule``, ``expected``, ``got`` and ``remedy`` is translated part by part."""
    said, rule = str(error) or type(error).__name__, getattr(error, "rule", "")
    if not _catalogue or not rule or f": {rule}" not in said:
        return tr_declared(said)
    place = said.partition(f": {rule}")[0]
    parts = {name: _declared(getattr(error, name, "")) for name in ("rule", "expected", "got", "remedy")}
    told = [tr("expected {expected}", expected=parts["expected"])] if parts["expected"] else []
    told += [tr("got {got}", got=parts["got"])] if parts["got"] else []
    sentence = settle(f"{parts['rule']} ({', '.join(told)})" if told else parts["rule"])
    return f"{_declared(place)}: {sentence}" + (f". {settle(parts['remedy'])}" if parts["remedy"] else "")


def _filled(translated: str, text: str, values: dict[str, object]) -> str:
    if values:
        try:
            translated = translated.format(**values)
        except (KeyError, IndexError, ValueError):
            # A translator's slip in a placeholder must not take the window down: the source text is right by test.
            translated = text.format(**values)
    return settle(translated) if _state["language"] == "ko" else translated


@lru_cache(maxsize=4096)
def _declared(text: str) -> str:
    found = _catalogue.get(text)
    if found is not None or not text:
        return found or text
    head = text[: len(text) - len(text.lstrip())] or ("{name}: " if text.startswith("{name}: ") else "")
    if head:
        return head + _declared(text.removeprefix(head))
    if text[-1:] == " ":
        return _declared(text[:-1]) + " "
    parted = "; " in text
    for key, pattern, translation in _patterns():
        # What two sentences say is not what one pattern means, unless it has two itself.
        match = pattern.fullmatch(text) if not parted or "; " in key else None
        if match:
            return translation.format(*map(_declared, match.groups()))
    for mark in ("; ", ", ", " ("):
        if mark in text:
            return mark.join(map(_declared, text.split(mark)))
    return text


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, re.Pattern[str], str]]:
    """Keys with ``{0}`` as expressions, those with most letters first: they say most exactly what they match."""
    keys = [k for k in _catalogue if "{0}" in k]
    keys.sort(key=lambda k: (-sum(c.isalpha() for c in k), k.startswith("{0}"), -len(k)))
    return [(k, re.compile(_FIGURES.sub("(.+?)", re.escape(k)), re.DOTALL), _catalogue[k]) for k in keys]


def plain(title: str) -> str:
    """A menu title without its letter and dots: ``&Open…`` and ``열기(&O)…`` as Open and 열기."""
    return re.sub(r"\(&.\)|&", "", title).rstrip(".…")


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
    _declared.cache_clear()
    _patterns.cache_clear()
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
