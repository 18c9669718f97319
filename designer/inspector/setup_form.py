"""Forms of the training set-up and of the data choice: what the inspector shows while nothing is selected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from designer.document import DocState
from designer.document.verbs.setup import set_data_field, set_training
from designer.inspector.param_form import ParamForm
from designer.inspector.paths import Path, with_path
from designer.inspector.setup_params import DATA, TRAINING
from designer.session.store import Store
from engine.declare import Param, Value
from widgets import tokens
from widgets.i18n import tr, tr_declared

Part = Callable[[DocState], Any]


class SetupForm(QWidget):
    """Edits one dataclass of the document. ``part`` reads it, ``verb(state, field, value)`` writes one field."""

    def __init__(self, store: Store, declared: Mapping[str, Param], part: Part, verb: Callable[..., DocState]) -> None:
        super().__init__()
        self.store, self.declared, self.part, self.verb = store, declared, part, verb
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(tokens.SPACE_4, tokens.SPACE_3, tokens.SPACE_2, tokens.SPACE_4)
        self.column.setSpacing(tokens.SPACE_2)
        self.form = ParamForm()
        self.form.edited.connect(self._edit)
        self.note = QLabel()
        self.note.setProperty("role", "caption")
        self.note.setWordWrap(True)
        self.note.hide()
        self.column.addWidget(self.form)
        self.column.addWidget(self.note)
        self.column.addStretch(1)

    def refresh(self) -> None:
        """Brings the form up to date with the document."""
        setup = self.part(self.store.state)
        self.form.show_params(self.declared, {k: [getattr(setup, k)] for k in self.declared})

    def show_note(self, text: str) -> None:
        """A sentence below the form, "" for none."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _edit(self, path: Path, value: Value, gesture: object) -> None:
        param = self.declared[path[0]]
        new = with_path(param, getattr(self.part(self.store.state), path[0]), path[1:], value)
        text = tr("Set {name}", name=tr_declared(param.label))
        try:
            self.store.apply(text, self.verb, path[0], new, gesture=gesture)
        except ValueError as refusal:
            editor = self.form.rows[path[0]].editor
            if hasattr(editor, "show_error"):
                editor.show_error(tr_declared(str(refusal)))
            else:
                self.store.refused.emit(refusal)


class TrainingForm(SetupForm):
    """Optimizer, schedule, batch, epochs, seed, stop rules, precision."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, TRAINING, lambda s: s.training, set_training)
        self.retranslate()

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.form.retranslate()
        self.refresh()


class DataForm(SetupForm):
    """Source, split, standardisation."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, DATA, lambda s: s.data, set_data_field)
        self.retranslate()

    def retranslate(self) -> None:
        """Texts in the language in force."""
        self.form.retranslate()
        self.refresh()
