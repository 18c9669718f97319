"""What lies behind runs: the settings in which they differ, and what was done while one of them trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from designer.document.runs import RunRecord
from designer.document.settings_diff import differences
from designer.panels.setting_words import difference_words
from designer.session.overlay import run_hue, run_name
from engine.graph import Project
from widgets import tokens
from widgets.i18n import tr


class _Table(QTreeWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def _say(self, text: str) -> None:
        """One sentence instead of rows."""
        self.addTopLevelItem(QTreeWidgetItem([text]))


class SettingsTable(_Table):
    """A row for each setting that is not the same in all of the runs."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[int, tuple[object, Project]] = {}

    def show_runs(self, runs: Sequence[RunRecord]) -> None:
        """Two or more; with fewer a sentence says what to do."""
        self.clear()
        self.setHeaderLabels([tr("Setting"), *(run_name(r) for r in runs)])
        for k, run in enumerate(runs):
            self.headerItem().setForeground(k + 1, tokens.color(run_hue(run.number)))
        if len(runs) < 2:
            self._say(tr("Tick two runs or more: what differs in their settings is listed here."))
            return
        found = differences([self._project(r) for r in runs])
        for d in found:
            name, values = difference_words(d)
            self.addTopLevelItem(QTreeWidgetItem([name, *values]))
        if not found:
            self._say(tr("The ticked runs have the same settings."))

    def _project(self, run: RunRecord) -> Project:
        known = self._known.get(run.number)
        if known is None or known[0] is not run.project:
            known = self._known[run.number] = (run.project, run.settings())
        return known[1]


class LogTable(_Table):
    """A row for each thing that was done, with the step at which it took effect."""

    def show_run(self, run: RunRecord | None) -> None:
        """The log of one run, its figures on the test set last."""
        self.clear()
        self.setHeaderLabels([tr("step"), tr("What was done")])
        if run is None:
            self._say(tr("Choose a run in the table: what was done while it trained is listed here."))
            return
        if run.parent is not None:
            number, step = run.parent
            where = tr("forked from run {number}", number=number) if number else tr("forked")
            self.addTopLevelItem(QTreeWidgetItem([f"{step:,}", where]))
        for entry in run.log:
            self.addTopLevelItem(QTreeWidgetItem([f"{int(str(entry.get('step', 0))):,}", command_words(entry)]))
        for name, value in run.finals.items():
            words = tr("{name}: {value}", name=name.replace("_", " "), value=f"{value:.4g}")
            self.addTopLevelItem(QTreeWidgetItem([f"{run.steps:,}", words]))


def check_words(command: str, found: Mapping[str, Any]) -> str:
    """What a check on demand found."""
    if command == "check_gradients":
        tensors, wrong, worst = (found.get(k, 0) for k in ("tensors", "wrong", "worst"))
        if wrong:
            return tr("gradient check: {wrong} of {tensors} tensors are wrong", wrong=wrong, tensors=tensors)
        return tr(
            "gradient check: {tensors} tensors right, worst difference {worst}",
            tensors=tensors, worst=f"{worst:.1e}" if isinstance(worst, int | float) else "?",
        )  # fmt: skip
    names = {
        "first loss": tr("first loss"),
        "learns 20 samples": tr("20 samples by heart"),
        "shuffled labels": tr("shuffled labels"),
    }
    failed = [names.get(str(k), str(k)) for k, v in found.items() if v is False]
    if failed:
        return tr("sanity trio: failed at {names}", names=", ".join(failed))
    return tr("sanity trio: {count} passed", count=sum(v is True for v in found.values()))


def measured_words(found: Mapping[str, Any]) -> str:
    """Which measurement it was, and its main figure where it has one."""
    kind, result = str(found.get("kind", "")), found.get("result")
    names = {
        "isometry": tr("singular values"),
        "step": tr("loss along the next step"),
        "plane": tr("loss around the weights"),
        "sharpness": tr("sharpness"),
        "noise": tr("noise scale"),
        "readout": tr("linear probes"),
        "travel": tr("distance from the start"),
        "filters": tr("filters over time"),
    }
    value = result.get("value") if isinstance(result, Mapping) else None
    what = names.get(kind, kind)
    if isinstance(value, int | float):
        return tr("measured: {what}, {value}", what=what, value=f"{value:.4g}")
    return tr("measured: {what}", what=what)


def command_words(entry: Mapping[str, Any]) -> str:
    """One entry of a log in words."""
    value = entry.get("value")
    words = {
        "rate": tr("learning rate {value}", value=f"{value:g}" if isinstance(value, int | float) else value),
        "epochs": tr("epochs asked for: {value}", value=value),
        "revive": tr("dead units begun anew: {value}", value=value),
        "run": tr("run"),
        "pause": tr("paused"),
        "finished": tr("finished"),
        "diverged": tr("diverged"),
        "failed": tr("failed"),
    }
    command = str(entry.get("command", ""))
    found = entry.get("found")
    if isinstance(found, Mapping) and command == "measure":
        return measured_words(found)
    if isinstance(found, Mapping):
        return check_words(command, found)
    return words.get(command, f"{command} {'' if value is None else value}".strip())
