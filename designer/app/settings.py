"""What the program remembers of a person: looks, folder, recent files, window. Typed access to one QSettings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

Theme = Literal["dark", "light", "system"]
Language = Literal["en", "ko", "system"]
RECENT_KEPT = 10


class Settings:
    """Reads and writes at once; a value of a wrong kind in the store counts as absent."""

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store if store is not None else QSettings("Gradloom", "Gradloom")

    def _text(self, key: str, default: str) -> str:
        value = self._store.value(key, default)
        return value if isinstance(value, str) else default

    def _flag(self, key: str, default: bool) -> bool:
        # An ini file gives "true" where the registry gives True.
        return str(self._store.value(key, default)).lower() in ("true", "1")

    def _number(self, key: str, default: float) -> float:
        try:
            return float(str(self._store.value(key, default)))
        except ValueError:
            return default

    def _paths(self, key: str) -> tuple[str, ...]:
        # A list of one comes back as a text.
        value = self._store.value(key, [])
        paths = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return tuple(p for p in paths if isinstance(p, str) and p)

    @property
    def theme(self) -> Theme:
        """The theme asked for."""
        value = self._text("look/theme", "system")
        return cast(Theme, value) if value in ("dark", "light", "system") else "system"

    @theme.setter
    def theme(self, value: Theme) -> None:
        self._store.setValue("look/theme", value)

    @property
    def language(self) -> Language:
        """The interface language asked for."""
        value = self._text("look/language", "system")
        return cast(Language, value) if value in ("en", "ko", "system") else "system"

    @language.setter
    def language(self, value: Language) -> None:
        self._store.setValue("look/language", value)

    @property
    def reduce_motion(self) -> bool:
        """Nothing is animated."""
        return self._flag("look/reduce_motion", False)

    @reduce_motion.setter
    def reduce_motion(self, value: bool) -> None:
        self._store.setValue("look/reduce_motion", value)

    @property
    def font_scale(self) -> float:
        """Size of all text, 1 = as designed; from 0.8 to 2."""
        return min(max(self._number("look/font_scale", 1.0), 0.8), 2.0)

    @font_scale.setter
    def font_scale(self, value: float) -> None:
        self._store.setValue("look/font_scale", min(max(value, 0.8), 2.0))

    @property
    def folder(self) -> str:
        """Where the last file was opened or saved; the documents folder at first."""
        fallback = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        kept = self._text("files/folder", "")
        return kept if kept and Path(kept).is_dir() else fallback

    @folder.setter
    def folder(self, value: str) -> None:
        self._store.setValue("files/folder", value)

    @property
    def recent(self) -> tuple[str, ...]:
        """Files used last, newest first; those that are gone stay listed, so that a removable disk is no loss."""
        return self._paths("files/recent")[:RECENT_KEPT]

    def remember(self, path: Path) -> None:
        """Puts a file first in the list of recent ones and keeps its folder."""
        text = str(path)
        self._store.setValue("files/recent", [text, *(p for p in self.recent if p != text)][:RECENT_KEPT])
        self.folder = str(path.parent)

    def forget(self, path: str) -> None:
        """Takes one file off the list."""
        self._store.setValue("files/recent", [p for p in self.recent if p != path])

    def clear_recent(self) -> None:
        """Empties the list."""
        self._store.remove("files/recent")

    @property
    def open_files(self) -> tuple[str, ...]:
        """What was open when the window was closed, from left to right, the file on show last once more."""
        return self._paths("files/open")

    @open_files.setter
    def open_files(self, paths: tuple[str, ...]) -> None:
        self._store.setValue("files/open", list(paths))

    @property
    def reopen(self) -> bool:
        """Whether they are opened at the start."""
        return self._flag("files/reopen", False)

    def toggle_reopen(self) -> None:
        """The other way round."""
        self._store.setValue("files/reopen", not self.reopen)

    @property
    def live_pictures(self) -> bool:
        """Exported and copied pictures show what training paints."""
        return self._flag("files/live_pictures", True)

    @live_pictures.setter
    def live_pictures(self, value: bool) -> None:
        self._store.setValue("files/live_pictures", value)

    @property
    def key_preset(self) -> str:
        """Id of a preset of keys."""
        return self._text("keys/preset", "gradloom")

    @key_preset.setter
    def key_preset(self, value: str) -> None:
        self._store.setValue("keys/preset", value)

    @property
    def own_keys(self) -> str:
        """What a person changed, as JSON: command id to a list of keys."""
        return self._text("keys/own", "")

    @own_keys.setter
    def own_keys(self, value: str) -> None:
        self._store.setValue("keys/own", value)

    @property
    def first_start(self) -> bool:
        """True until the window was closed once."""
        return not self._store.contains("window/geometry")

    @property
    def window(self) -> tuple[QByteArray, QByteArray]:
        """Geometry and state of the docks; empty arrays at first."""
        geometry, docks = self._store.value("window/geometry"), self._store.value("window/docks")
        return (
            geometry if isinstance(geometry, QByteArray) else QByteArray(),
            docks if isinstance(docks, QByteArray) else QByteArray(),
        )

    def keep_window(self, geometry: QByteArray, docks: QByteArray) -> None:
        """Stores geometry and state of the docks."""
        self._store.setValue("window/geometry", geometry)
        self._store.setValue("window/docks", docks)

    def hint_seen(self, name: str) -> bool:
        """Whether a hint was dismissed."""
        return self._flag(f"hints/{name}", False)

    def dismiss_hint(self, name: str, seen: bool = True) -> None:
        """Does not show that hint again."""
        self._store.setValue(f"hints/{name}", seen)

    def sync(self) -> None:
        """Writes to disk now."""
        self._store.sync()
