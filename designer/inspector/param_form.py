"""A form generated from declared parameters: groups, conditions, several things at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from designer.inspector.row import Row
from engine.declare import Param, Value
from widgets import tokens
from widgets.fields import Section
from widgets.i18n import tr

Values = Mapping[str, Sequence[Value]]


def group_title(group: str) -> str:
    """The heading of a group of parameters."""
    known = {
        "regularization": tr("Regularization"),
        "initialization": tr("Initialization"),
        "advanced": tr("Advanced"),
        "features": tr("Features"),
        "stop": tr("Stop rules"),
        "update": tr("Update step"),
        "split": tr("Split"),
    }
    return known.get(group, group.replace("_", " ").capitalize())


class ParamForm(QWidget):
    """``show_params`` builds the rows when the declarations changed and otherwise only fills them."""

    edited = Signal(tuple, object, object)

    def __init__(self, level: int = 0) -> None:
        super().__init__()
        self.level = level
        self.rows: dict[str, Row] = {}
        self._declared: dict[str, Param] = {}
        self._sections: dict[str, Section] = {}
        self._folded: dict[str, bool] = {"advanced": True, "update": True}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(tokens.SPACE_1 + 2)

    def unfold(self) -> None:
        """Sections made from now on are open."""
        self._folded.clear()

    def show_params(self, declared: Mapping[str, Param], values: Values) -> None:
        """The rows of ``declared`` with one value, or one for each of several things, by name."""
        if dict(declared) != self._declared:
            self._build(dict(declared))
        for name, row in self.rows.items():
            row.show_values(values[name])
        self._show_conditional(values)

    def _build(self, declared: dict[str, Param]) -> None:
        self._clear()
        self._declared = declared
        for name, param in declared.items():
            row = Row(param, self.level)
            row.edited.connect(self.edited)
            self.rows[name] = row
            self._place(param.group).addWidget(row)

    def _place(self, group: str) -> QVBoxLayout:
        # A nested form is short: its groups would weigh more than its rows.
        if not group or self.level:
            return self._column
        if group not in self._sections:
            section = Section(group_title(group), opened=not self._folded.get(group, False))
            section.body.setContentsMargins(0, tokens.SPACE_1, 0, tokens.SPACE_1)
            section.body.setSpacing(tokens.SPACE_1 + 2)
            section.toggled.connect(lambda opened, g=group: self._folded.__setitem__(g, not opened))
            self._sections[group] = section
            self._column.addWidget(section)
        return self._sections[group].body

    def _clear(self) -> None:
        for widget in (*self.rows.values(), *self._sections.values()):
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        self.rows, self._sections = {}, {}

    def _show_conditional(self, values: Values) -> None:
        for name, param in self._declared.items():
            if param.when is not None:
                other, wanted = param.when
                self.rows[name].setVisible(any(v in wanted for v in values.get(other, ())))

    def retranslate(self) -> None:
        """Builds the rows anew at the next ``show_params``."""
        self._declared = {}
