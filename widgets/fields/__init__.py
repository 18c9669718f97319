"""Form controls in the look of the tokens.

Every field has ``value()``, ``show_value(value)`` (no signal), ``show_mixed()`` for several different values,
``show_error(text)`` ("" clears) and the signal ``value_changed(object)``, fired by the person only.
"""

from widgets.fields.badge import Badge
from widgets.fields.busy import BusyBar
from widgets.fields.choice import Choice
from widgets.fields.elided import ElidedLabel, LiveLabel
from widgets.fields.form import FieldForm
from widgets.fields.help_button import HelpButton
from widgets.fields.number import NumberField, format_number
from widgets.fields.numbers import NumbersField
from widgets.fields.search import SearchField
from widgets.fields.section import Section
from widgets.fields.segmented import Segmented
from widgets.fields.text import TextField
from widgets.fields.toggle import Toggle

__all__ = [
    "Badge",
    "BusyBar",
    "Choice",
    "ElidedLabel",
    "FieldForm",
    "HelpButton",
    "LiveLabel",
    "NumberField",
    "NumbersField",
    "SearchField",
    "Section",
    "Segmented",
    "TextField",
    "Toggle",
    "format_number",
]
