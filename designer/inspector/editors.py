"""One editor per kind of declared parameter. All speak the language of widgets.fields: value(), show_value(),
show_mixed(), signal value_changed(object)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from designer.inspector.registries import option, options
from engine.declare import Param, Spec, Value
from widgets import tokens
from widgets.fields import Choice, NumberField, NumbersField, TextField, Toggle
from widgets.fields.number import format_number
from widgets.i18n import tr, tr_declared

NOTHING = "\0none"


def value_text(value: Value, param: Param | None = None) -> str:
    """A parameter's value in words, for hover texts and summaries."""
    if value is None:
        return tr("none")
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, Spec):
        found = option(param.registry, value.type) if param is not None and param.registry else None
        return tr_declared(found.title) if found is not None else value.type
    if isinstance(value, tuple):
        return " × ".join(format_number(v) for v in value)
    if isinstance(value, int | float):
        unit = f" {tr_declared(param.unit)}" if param is not None and param.unit else ""
        return format_number(value) + unit
    return tr_declared(value)


def make_editor(param: Param) -> QWidget:
    """The editor of one parameter."""
    editor = _MAKERS[param.kind](param)
    if param.optional and param.kind not in ("int", "float", "ref"):
        editor = OptionalEditor(editor, param)
    return editor


def _number(param: Param) -> QWidget:
    low, high = param.low, param.high
    # A rate is felt by its factor: 0.001 and 0.002 differ as much as 0.1 and 0.2.
    logarithmic = param.kind == "float" and low is not None and (high is None or high > 1) and not param.unit
    return NumberField(
        param.default,  # type: ignore[arg-type]
        low=low,
        high=high,
        low_open=param.low_open,
        integer=param.kind == "int",
        unit=tr_declared(param.unit) if param.unit else "",
        optional=param.optional,
        logarithmic=logarithmic,
    )


def _numbers(param: Param) -> QWidget:
    start = param.default if isinstance(param.default, tuple) else ()
    return NumbersField(start, count=param.length, low=param.low, high=param.high, integer=param.kind == "ints")


_MAKERS: dict[str, Callable[[Param], QWidget]] = {
    "int": _number,
    "float": _number,
    "bool": lambda p: Toggle(),
    # Names that come from the data (columns) are the user's words, not ours.
    "choice": lambda p: Choice([(c, c if p.registry else tr_declared(c)) for c in p.choices]),
    "text": lambda p: TextField(str(p.default or "")),
    "ints": _numbers,
    "floats": _numbers,
    "ref": lambda p: TypeChooser(p),
}


class OptionalEditor(QWidget):
    """A switch before an editor: off means None."""

    value_changed = Signal(object)

    def __init__(self, editor: Any, param: Param) -> None:
        super().__init__()
        self.editor, self.switch, self.param = editor, Toggle(tr("set")), param
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.SPACE_1)
        column.addWidget(self.switch)
        column.addWidget(editor)
        self.switch.value_changed.connect(self._switched)
        editor.value_changed.connect(self.value_changed)
        self.show_value(param.default)

    def _switched(self, on: object) -> None:
        self.editor.setVisible(bool(on))
        self.value_changed.emit(self._start() if on else None)

    def _start(self) -> Value:
        """What the parameter becomes when it is switched on: the editor's own value if it is one, else the least."""
        value = self.editor.value()
        if value:
            return value  # type: ignore[no-any-return]
        least = self.param.low if self.param.low is not None else 0
        number = int(least) if self.param.kind == "ints" else float(least)
        return (number,) * self.param.length[0] if self.param.kind in ("ints", "floats") else ""

    def value(self) -> Value:
        """None while switched off."""
        return self.editor.value() if self.switch.value() else None  # type: ignore[no-any-return]

    def show_value(self, value: Value) -> None:
        """Shows a value without telling anybody."""
        self.switch.show_value(value is not None)
        self.editor.setVisible(value is not None)
        if value is not None:
            self.editor.show_value(value)

    def show_mixed(self) -> None:
        """Several values."""
        self.switch.show_mixed()
        self.editor.setVisible(True)
        self.editor.show_mixed()


class TypeChooser(Choice):
    """Chooses a type from a registry; deals in Spec. The type's own parameters are rows of the form below it."""

    def __init__(self, param: Param) -> None:
        self.param = param
        self._spec: Spec | None = None
        super().__init__(self._offers())
        # Choice tells ids; whoever listens to a parameter wants its value.
        self.activated.disconnect()
        self.activated.connect(lambda index: self._chosen(self.itemData(index)))
        self.show_value(param.default)  # type: ignore[arg-type]

    def _offers(self) -> list[tuple[str, str]]:
        found = [(c.id, tr_declared(c.title)) for c in options(self.param.registry)]
        return [(NOTHING, tr("none")), *found] if self.param.optional else found

    def value(self) -> Any:
        """The choice as Spec, None for none and while mixed."""
        return self._spec

    def show_value(self, value: Any) -> None:
        """Shows a choice without telling anybody."""
        self._spec = value
        super().show_value(NOTHING if value is None else value.type)
        found = option(self.param.registry, value.type) if value is not None else None
        self.setToolTip(first_line(found))

    def show_mixed(self) -> None:
        """Several choices: any of them is another one."""
        self._spec = None
        super().show_mixed()
        self.setToolTip("")

    def _chosen(self, type_id: str) -> None:
        if self._spec is not None and self._spec.type == type_id:
            return
        self._spec = None if type_id == NOTHING else Spec(type_id)
        self.value_changed.emit(self._spec)


def first_line(found: type | None) -> str:
    """The formula: the first line of a declaration's docstring."""
    return tr_declared(found.__doc__.strip().splitlines()[0]) if found is not None and found.__doc__ else ""
