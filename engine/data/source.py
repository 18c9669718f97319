"""What a data source is: declared parameters and ``load``, which gives Samples; the registry SOURCES."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from numpy.typing import NDArray

from engine.data.dataset import Column, Task
from engine.data.errors import DataError
from engine.declare import Declared, Registry, Text

Array = NDArray[Any]
TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Samples:
    """All samples of a source before they are split. Fields mean what they mean in Dataset.

    ``part``: the source's own split, (N,) of TRAIN, VALIDATION, TEST; None if it has none. ``train_share``: the share
    that trains, where the source sets it itself. ``fill_missing``: NaN in x is to be replaced by the training mean.
    ``byte_top``: the whole number in the source's images that became the upper end of ``value_range``.
    """

    name: str
    x: Mapping[str, Array]
    y: Mapping[str, Array]
    task: Task
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    target_name: str = "target"
    target_names: tuple[str, ...] = ()
    image: bool = False
    source_note: str = ""
    value_range: tuple[float, float] | None = None
    byte_top: float = 255.0
    columns: tuple[Column, ...] = ()
    extra: Mapping[str, Array] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    part: Array | None = None
    train_share: float | None = None
    fill_missing: bool = False

    def __len__(self) -> int:
        return len(next(iter(self.x.values())))


class Source(Declared):
    """Base of all sources. ``group`` sorts them for a person: made points, bundled real sets, own files."""

    group: ClassVar[Literal["points", "bundled", "file"]] = "points"
    has_split: ClassVar[bool] = False

    def load(self, base_dir: Path | None) -> Samples:
        """All samples. Relative paths count from ``base_dir``, the project file's folder; DataError if impossible."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it loads")


class FileSource(Source):
    """Base of sources that read a file or folder of the user's."""

    group = "file"
    path: str = Text("", help="The file or folder, absolute or relative to the project file.")

    def resolve(self, base_dir: Path | None, path: str | None = None) -> Path:
        """Where the data lies; DataError if nothing was chosen or nothing is there."""
        given = self.path if path is None else path
        if not given:
            raise DataError(self.title, "no file is chosen", remedy="choose a file, or drop one on the window")
        if "\0" in given:
            raise DataError(repr(given), "a path cannot hold a null character", remedy="choose the file anew")
        found = Path(given).expanduser()
        if not found.is_absolute() and base_dir is not None:
            found = base_dir / found
        if not found.exists():
            raise DataError(found, "there is no such file or folder", remedy="choose it again: it was moved or renamed")
        return found


SOURCES: Registry[Source] = Registry("data source", "engine.data.sources")


def class_task(class_names: tuple[str, ...], file: str | Path) -> Task:
    """ "binary" for two classes, "classes" for more; fewer than two cannot be told apart and are refused."""
    if len(class_names) < 2:
        got = f"only {class_names[0]!r}" if class_names else "none"
        remedy = "choose another target, or treat it as values"
        raise DataError(
            file, "a classifier needs classes to tell apart", expected="two or more", got=got, remedy=remedy
        )
    return "binary" if len(class_names) == 2 else "classes"
