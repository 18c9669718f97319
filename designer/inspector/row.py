"""One row of a generated form: label, editor, back-to-default arrow, and below it the rows of a chosen type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from designer.inspector.editors import make_editor, value_text
from designer.inspector.paths import declared_of
from designer.inspector.settled import Settled
from engine.declare import Param, Spec, Value
from widgets import icons, tokens
from widgets.fields import ElidedLabel
from widgets.i18n import tr, tr_declared

if TYPE_CHECKING:
    from designer.inspector.param_form import ParamForm

LABEL_WIDTH = 104
INDENT = 12
RESET = 18


class Row(QWidget):
    """``edited(path, value, gesture)``: values with the same gesture token belong to one undo step."""

    edited = Signal(tuple, object, object)

    def __init__(self, param: Param, level: int = 0) -> None:
        super().__init__()
        self.param, self.level = param, level
        self.editor: Any = make_editor(param)
        self.editor.setAccessibleName(tr_declared(param.label))
        self.nested: ParamForm | None = None
        self._gesture = object()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(tokens.SPACE_1 + 2)
        self._column.addLayout(self._line())
        self._listen()

    def _line(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setContentsMargins(self.level * INDENT, 0, 0, 0)
        line.setSpacing(tokens.SPACE_1)
        self.label = ElidedLabel(tr_declared(self.param.label))
        self.label.setProperty("role", "secondary")
        self.label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.label.setFixedWidth(tokens.scaled(LABEL_WIDTH) - self.level * INDENT)
        self.label.setFixedHeight(tokens.scaled(tokens.CONTROL_HEIGHT))
        self.label.show_tip(tr_declared(self.param.help))
        self.label.setBuddy(self.editor)
        self.reset = QToolButton()
        icons.bind_icon(self.reset, "reset", "secondary", 12)
        self.reset.setIconSize(QSize(12, 12))
        self.reset.setFixedSize(RESET, tokens.scaled(tokens.CONTROL_HEIGHT))
        self.reset.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.reset.clicked.connect(lambda: self._tell((), self.param.default, object()))
        self.reset.hide()
        line.addWidget(self.label, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.editor, 1)
        line.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignTop)
        return line

    def _listen(self) -> None:
        self._settled = Settled(self.editor)
        self._settled.told.connect(lambda value: self._tell((), value, self._gesture_of()))
        if hasattr(self.editor, "scrub_started"):
            self.editor.scrub_started.connect(self._new_gesture)
            self.editor.scrub_finished.connect(self._new_gesture)
        line_edit = getattr(self.editor, "edit", None)
        if line_edit is not None:
            line_edit.installEventFilter(self)

    def _gesture_of(self) -> object:
        # What is typed or dragged in one visit is one step; a choice from a list is one each.
        if not hasattr(self.editor, "edit"):
            self._new_gesture()
        return self._gesture

    def _new_gesture(self) -> None:
        self._gesture = object()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._new_gesture()
        return super().eventFilter(watched, event)

    def _tell(self, below: tuple[str, ...], value: Value, gesture: object) -> None:
        self.edited.emit((self.param.name, *below), value, gesture)

    def show_values(self, values: Sequence[Value]) -> None:
        """One value, or the values of several things: equal ones are shown, others as mixed."""
        first = values[0]
        if all(v == first and type(v) is type(first) for v in values):
            self.editor.show_value(first)
        else:
            self.editor.show_mixed()
        default = self.param.default
        self.reset.setVisible(any(v != default for v in values))
        self.reset.setToolTip(tr("Back to the default ({value})", value=value_text(default, self.param)))
        self._show_nested(values)

    def _show_nested(self, values: Sequence[Value]) -> None:
        specs = [v for v in values if isinstance(v, Spec)]
        same = len(specs) == len(values) and len({s.type for s in specs}) == 1
        declared = declared_of(self.param, specs[0]) if same else {}
        if not declared:
            if self.nested is not None:
                self.nested.hide()
            return
        if self.nested is None:
            # Forms hold rows and rows hold forms: one of the two has to look the other up late.
            from designer.inspector.param_form import ParamForm

            self.nested = ParamForm(self.level + 1)
            self.nested.edited.connect(self._tell)
            self._column.addWidget(self.nested)
        shown = {k: [s.params.get(k, p.default) for s in specs] for k, p in declared.items()}
        self.nested.show_params(declared, shown)
        self.nested.show()
