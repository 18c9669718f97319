"""The user's own blocks: one JSON file each in the config folder, shared by all windows.

    shelf().blocks()              by id, in the order of their names; files that cannot be read are in ``damaged``
    shelf().keep(fragment, title), .rename(id, title), .remove(id)      written whole or not at all; ``changed`` tells
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QObject, QSaveFile, QStandardPaths, Signal

from designer.document.refusals import FragmentRefusal
from designer.document.verbs import Fragment, dump_fragment, load_fragment
from designer.document.verbs.blocks import BlockRefusal
from widgets.i18n import tr

_ENDING = ".json"
_LONGEST = 4_000_000
#: menus ask often; the folder is looked at once in this time
_FRESH_S = 1.0


@dataclass(frozen=True)
class OwnBlock:
    """``id``: the file's name without its ending; ``title``: that of the group around it."""

    id: str
    title: str
    fragment: Fragment


class Shelf(QObject):
    """Reads the folder when it has changed. ``damaged``: a sentence by file name, for those that were left out."""

    changed = Signal()

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        base = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
        self.folder = folder if folder is not None else Path(base) / "Gradloom" / "blocks"
        self.damaged: dict[str, str] = {}
        self._blocks: dict[str, OwnBlock] = {}
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self._looked = -_FRESH_S

    def blocks(self) -> Mapping[str, OwnBlock]:
        """What is on the shelf now."""
        now = time.monotonic()
        if now - self._looked < _FRESH_S:
            return self._blocks
        self._looked, seen = now, self._files()
        if seen != self._seen:
            self._seen = seen
            self._read([Path(name) for name, _, _ in seen])
        return self._blocks

    def look(self) -> None:
        """Reads the folder anew and tells: its files have changed."""
        self._looked = -_FRESH_S
        self.changed.emit()

    def _files(self) -> tuple[tuple[str, int, int], ...]:
        try:
            found = [(str(p), p.stat()) for p in sorted(self.folder.glob(f"*{_ENDING}"))]
        except OSError:
            return ()
        return tuple((name, s.st_mtime_ns, s.st_size) for name, s in found)

    def _read(self, paths: list[Path]) -> None:
        found, self.damaged = [], {}
        for path in paths:
            try:
                found.append(self._load(path))
            except FragmentRefusal as refusal:
                self.damaged[path.name] = tr("{file} cannot be used: {why}", file=path.name, why=refusal.why)
            except OSError as error:
                self.damaged[path.name] = tr("{file} cannot be used: {why}", file=path.name, why=str(error))
        self._blocks = {b.id: b for b in sorted(found, key=lambda b: (b.title.casefold(), b.id))}

    def _load(self, path: Path) -> OwnBlock:
        if path.stat().st_size > _LONGEST:
            raise FragmentRefusal("it is longer than 4 MB")
        fragment = load_fragment(path.read_bytes().decode("utf-8", "replace"))
        outer = [g for g in fragment.groups if len(set(g.members)) == len(fragment.nodes)]
        if not outer:
            raise FragmentRefusal("there is no group around its layers")
        return OwnBlock(path.stem, outer[0].title, fragment)

    def keep(self, fragment: Fragment, title: str) -> str:
        """A new block of that name; its id. BlockRefusal where it cannot be written."""
        title = self._checked(title)
        stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "block"
        ident, k = stem, 2
        while (self.folder / f"{ident}{_ENDING}").exists():
            ident, k = f"{stem}-{k}", k + 1
        self._write(ident, _titled(fragment, title))
        return ident

    def rename(self, ident: str, title: str) -> None:
        """Another name; the file keeps its own."""
        self._write(ident, _titled(self._known(ident).fragment, self._checked(title)))

    def remove(self, ident: str) -> None:
        """Off the shelf; groups that were made from it stay."""
        self._known(ident)
        try:
            (self.folder / f"{ident}{_ENDING}").unlink(missing_ok=True)
        except OSError as error:
            raise BlockRefusal(f"{ident}{_ENDING}: {error.strerror}", "delete the file by hand") from None
        self.look()

    def _known(self, ident: str) -> OwnBlock:
        if ident not in self.blocks():
            raise BlockRefusal(f"there is no block {ident!r}", "its file may have been deleted")
        return self.blocks()[ident]

    def _checked(self, title: str) -> str:
        title = " ".join(title.split())
        if not title:
            raise BlockRefusal("a block needs a name", "type one")
        return title[:80]

    def _write(self, ident: str, fragment: Fragment) -> None:
        path = self.folder / f"{ident}{_ENDING}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BlockRefusal(f"{self.folder}: {error.strerror}", "free the place, or change its rights") from None
        file = QSaveFile(str(path))
        data = dump_fragment(fragment).encode()
        done = file.open(QSaveFile.OpenModeFlag.WriteOnly) and file.write(data) == len(data) and file.commit()
        if not done:
            raise BlockRefusal(f"{path.name} was not written: {file.errorString()}", "free the place, and try again")
        self.look()


def _titled(fragment: Fragment, title: str) -> Fragment:
    """With the group around all of it called so."""
    outer = next(g for g in fragment.groups if len(set(g.members)) == len(fragment.nodes))
    return replace(fragment, groups=tuple(replace(g, title=title) if g is outer else g for g in fragment.groups))


@lru_cache(maxsize=1)
def shelf() -> Shelf:
    """The one of this user."""
    return Shelf()
