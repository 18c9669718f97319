"""What a dropped file or folder most likely is: source, target, task, column types, split; everything changeable.

``guess(path)`` for the drop dialog; a person's change is ``Guess.change(...)``, which reads again and shows what came.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.data.dataset import Column, Dataset, Preview, Task
from engine.data.errors import DataError
from engine.data.load import split_samples
from engine.data.readers.columns import column_kinds
from engine.data.readers.idx import partner
from engine.data.readers.images import SUFFIXES
from engine.data.readers.table import is_missing, is_number
from engine.data.source import SOURCES
from engine.data.sources.csv import Csv, column_list, column_text
from engine.declare import Spec, Value
from engine.graph import DataSetup

TABLES = frozenset({".csv", ".tsv", ".tab", ".txt", ".dat"})


@dataclass(frozen=True)
class Suggestion:
    """What a network for a data set needs at its two ends. Names are ids in the registries of layers and losses.

    A softmax or sigmoid directly before the loss is fused with it: shown as probabilities, never applied twice.
    """

    input_shape: tuple[int, ...]
    units: int
    activation: str
    loss: str
    metric: str


@dataclass(frozen=True, eq=False)
class Guess:
    """A guess about the file or folder ``path``, with what a dialog shows.

    ``preview``: ten samples. ``columns``: a table's, but for the targets. ``can_be_target``: names that may be chosen
    as the target. ``notes``: what was left out, dropped or not understood.
    """

    path: Path
    source: Spec
    task: Task
    target: str
    preview: Preview
    samples: int
    suggestion: Suggestion
    columns: tuple[Column, ...] = ()
    can_be_target: tuple[str, ...] = ()
    class_counts: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    own_split: bool = False
    validation: float = 0.2
    test: float = 0.2
    split_seed: int = 0
    shuffle_split: bool = True
    standardize: bool = False

    def to_setup(self, base_dir: Path | None = None) -> DataSetup:
        """The data choice to store; the path becomes relative to ``base_dir`` where it lies below or beside it."""
        source = Spec(self.source.type, {**self.source.params, "path": stored_path(self.path, base_dir)})
        return DataSetup(
            source, self.validation, self.test, self.split_seed, self.shuffle_split, standardize=self.standardize
        )

    def change(self, **values: Value) -> Guess:
        """The guess with other settings: parameters of its source, or fields of DataSetup. DataError as in loading."""
        own = {
            k: v for k, v in values.items() if k in ("validation", "test", "split_seed", "shuffle_split", "standardize")
        }
        params = {**self.source.params, **{k: v for k, v in values.items() if k not in own}}
        changed = replace(self.to_setup(), source=Spec(self.source.type, params), **own)  # type: ignore[arg-type]
        return _look(changed)


def guess(path: Path) -> Guess:
    """What the file or folder at ``path`` is. DataError names what was expected where it is nothing usable."""
    spec = guess_source(Path(path))
    return _look(DataSetup(spec, standardize=spec.type == "csv"))


def first_source(path: Path) -> Spec:
    """The source by its kind alone: where the file could not be understood, a person gives its settings."""
    return Spec(_kind(path), {"path": str(path)})


def guess_with(source: Spec) -> Guess:
    """The guess with a source whose settings a person gave. DataError as in loading."""
    return _look(DataSetup(source, standardize=source.type == "csv"))


def table_columns(source: Spec) -> tuple[tuple[Column, ...], str]:
    """The feature columns and the target of a table, whether or not its cells can all be used; ((), "") of other data.

    DataError where it is no table at all.
    """
    made = SOURCES.make(source)
    if not isinstance(made, Csv):
        return (), ""
    table = made.table(None)
    target, decimal = made.targets(table), "," if made.decimal == "comma" else "."
    columns, _ = column_kinds(table, target, column_list(made.categories), column_list(made.ignore), decimal)
    return columns, column_text(target)


def guess_source(path: Path) -> Spec:
    """The source, with the parameters that were found out."""
    if not path.exists():
        raise DataError(path, "there is no such file or folder", remedy="choose it again")
    spec = Spec(_kind(path), {"path": str(path)})
    if spec.type == "csv":
        return _table(path)
    if spec.type == "idx":
        return Spec("idx", {"path": str(_idx_images(path))})
    return spec


def adapt(dataset: Dataset) -> Suggestion:
    """Input shape, output units, final activation, loss and metric that fit: softmax and its cross-entropy for classes,
    one sigmoid unit and binary cross-entropy for two, linear units and the mean squared error for values."""
    ends = {
        "binary": ("sigmoid", "binary_cross_entropy", "accuracy"),
        "classes": ("softmax", "softmax_cross_entropy", "accuracy"),
        "values": ("linear", "mse", "mae"),
    }
    return Suggestion(dataset.input_shape, dataset.output_units, *ends[dataset.task])


def stored_path(path: Path, base_dir: Path | None) -> str:
    """``path`` relative to ``base_dir`` with forward slashes if it lies below its parent, else absolute."""
    full = path.resolve()
    if base_dir is not None:
        base = base_dir.resolve()
        if full.is_relative_to(base.parent) and base.parent != Path(base.anchor):
            return Path(os.path.relpath(full, base)).as_posix()
    return str(full)


def _look(setup: DataSetup) -> Guess:
    source = SOURCES.make(setup.source)
    samples = source.load(None)
    dataset = split_samples(samples, setup)
    columns = dataset.columns
    return Guess(
        path=Path(str(setup.source.params["path"])),
        source=source.spec(),
        task=dataset.task,
        target=dataset.target_name,
        preview=dataset.preview(10),
        samples=len(samples),
        suggestion=adapt(dataset),
        columns=columns,
        can_be_target=(*(c.name for c in columns), *column_list(dataset.target_name)) if columns else (),
        class_counts=dataset.class_counts(),
        sizes={"train": len(dataset.train), "validation": len(dataset.validation), "test": len(dataset.test)},
        notes=dataset.notes,
        own_split=samples.part is not None,
        validation=setup.validation,
        test=setup.test,
        split_seed=setup.split_seed,
        shuffle_split=setup.shuffle_split,
        standardize=setup.standardize,
    )


def _kind(path: Path) -> str:
    name = path.name.lower()
    if path.is_dir():
        idx = any("idx" in p.name.lower() and p.is_file() for p in path.iterdir())
        return "idx" if idx else "image_folder"
    if name.endswith(".npz"):
        return "npz"
    if "idx" in name or name.removesuffix(".gz").endswith("ubyte"):
        return "idx"
    if path.suffix.lower() in TABLES:
        return "csv"
    kind = _by_content(path)
    if kind:
        return kind
    hint = "drop the folder that holds one folder per class" if path.suffix.lower() in SUFFIXES else "convert it first"
    expected = "a table (CSV), arrays (NPZ), images (IDX) or a folder of images"
    raise DataError(
        path, "this kind of file is not data to learn from", expected=expected, got=path.suffix, remedy=hint
    )


def _by_content(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PK\x03\x04":
        return "npz" if path.suffix.lower() in ("", ".zip") else ""
    return "idx" if start[:2] == b"\0\0" and start[2:3] in b"\x08\x09\x0b\x0c\x0d\x0e" and len(start) == 4 else ""


def _idx_images(path: Path) -> Path:
    """The image file to begin with, from a folder, a label file or an image file."""
    if path.is_file():
        other = partner(path, "images") if "label" in path.name.lower() else None
        return other or path
    files = sorted(p for p in path.iterdir() if p.is_file() and "idx" in p.name.lower())
    images = [p for p in files if "image" in p.name.lower()] or files
    return next((p for p in images if p.name.startswith("train")), images[0])


def _table(path: Path) -> Spec:
    """Delimiter, decimal mark, target and missing values of a table, written out so that they do not change later."""
    table = Csv(path=str(path)).table(None)
    decimal = "comma" if table.delimiter != "comma" and _decimal_commas(table.rows) else "point"
    target = _target(table.names)
    columns, _ = column_kinds(table, (target,), decimal="," if decimal == "comma" else ".")
    ignored = {c.name for c in columns if c.kind == "ignore"}
    watched = [i for i, name in enumerate(table.names) if name not in ignored and name != target]
    gaps = any(is_missing(row[i]) for row in table.rows for i in watched)
    params: dict[str, Value] = {
        "path": str(path),
        "target": column_text((target,)),
        "delimiter": table.delimiter,
        "header": "yes" if table.header else "no",
        "encoding": "utf-8" if table.encoding == "utf-8-sig" else table.encoding,
        "decimal": decimal,
    }
    if any(is_missing(cell) for cell in table.column(target)):
        params["missing"] = "drop_row"
    elif gaps:
        params["missing"] = "mean"
    if ignored:
        params["ignore"] = column_text(tuple(n for n in table.names if n in ignored))
    return Spec("csv", params)


def _target(names: tuple[str, ...]) -> str:
    usual = ("target", "label", "class", "y", "species", "category", "outcome", "diagnosis", "정답", "라벨", "분류")
    found = next((n for wanted in usual for n in names if n.lower() == wanted), None)
    return found or names[-1]


def _decimal_commas(rows: tuple[tuple[str, ...], ...]) -> bool:
    """Whether some cells are numbers only if a comma counts as the decimal mark."""
    head = [cell for row in rows[:100] for cell in row if "," in cell]
    return bool(head) and all(is_number(cell, ",") for cell in head)
