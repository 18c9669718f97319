"""The store owns the document: one DocState, one QUndoStack, one way to change either.

    store = Store()
    store.apply(tr("Move {count} layers", count=3), verbs.move_nodes, positions)       # one undo step
    store.apply(tr("Nudge"), verbs.nudge, ids, 8, 0, gesture=token)                     # merges with the same token
    store.changed.connect(lambda old, new: ... if old.graph is not new.graph else ...)  # compare by identity

``apply`` raises the verb's refusal and changes nothing; ``attempt`` emits ``refused`` instead and returns False.
A gesture token is any object made once per gesture (``object()``); two gestures never merge.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from designer.document import DocState
from designer.document.verbs import adopt, place_missing


class Step(QUndoCommand):
    """One undo step: the states before and after it. Nothing to invert, so nothing to invert wrongly."""

    def __init__(self, text: str, store: Store, after: DocState, gesture: object | None) -> None:
        super().__init__(text)
        self.store, self.before, self.after, self.gesture = store, store.state, after, gesture
        #: it is undone once and for all
        self.once = False

    def id(self) -> int:
        """Qt offers steps of the same id for merging."""
        return 1

    def redo(self) -> None:
        self.store._show(self.after)

    def undo(self) -> None:
        # Qt drops a step that is obsolete after its undo; one that is so before is not even undone.
        self.setObsolete(self.once)
        self.store._show(self.before)

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Only within one gesture. A gesture that came back to its start leaves no step."""
        if not isinstance(other, Step) or self.gesture is None or other.gesture is not self.gesture:
            return False
        self.after = other.after
        self.setText(other.text())
        self.setObsolete(self.after == self.before)
        return True


class Store(QObject):
    """The document, its history, and who is told of changes."""

    #: (old DocState, new DocState) after every edit, undo, redo and ``open``
    changed = Signal(object, object)
    #: the new DocState after every undo step in either direction: what a recovery journal writes
    stepped = Signal(object)
    #: a ValueError whose text says why an edit was refused and what to do
    refused = Signal(object)
    #: True while there is something to save
    modified_changed = Signal(bool)

    def __init__(self, state: DocState | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.cleanChanged.connect(self._tell_modified)
        self._state = place_missing(state) if state is not None else DocState()
        #: the group whose inside is being edited: what is added belongs to it. View state, not undoable.
        self.within: str | None = None

    @property
    def state(self) -> DocState:
        """The document now."""
        return self._state

    @property
    def modified(self) -> bool:
        """True if it differs from what was last saved or opened."""
        return not self.undo_stack.isClean()

    def apply(self, text: str, verb: Callable[..., DocState], *args: object, gesture: object | None = None) -> DocState:
        """``verb(state, *args)`` as one undo step called ``text``; the new state. What changes nothing is no step."""
        after = adopt(self._state, verb(self._state, *args), self.within)
        if after is not self._state and after != self._state:
            self.undo_stack.push(Step(text, self, after, gesture))
        return self._state

    def attempt(self, text: str, verb: Callable[..., DocState], *args: object, gesture: object | None = None) -> bool:
        """As ``apply``; a refusal is emitted instead of raised. True if the edit was done."""
        try:
            self.apply(text, verb, *args, gesture=gesture)
        except ValueError as refusal:
            self.refused.emit(refusal)
            return False
        return True

    def squash(self, depth: int, text: str) -> None:
        """All steps since ``depth`` of the history as one, called ``text``; the document stays as it is."""
        after = self._state
        if self.undo_stack.index() - depth > 1:
            self.undo_stack.setIndex(depth)
            self.undo_stack.push(Step(text, self, after, None))

    def open(self, state: DocState, saved: bool = True) -> None:
        """Another document, its history empty; cards without a place get one.

        ``saved=False``: it counts as changed (a recovered one).
        """
        self.undo_stack.clear()
        # Qt leaves an empty history as it was, even if that was not clean.
        self.undo_stack.setClean()
        if not saved:
            self.undo_stack.resetClean()
        old, self._state, self.within = self._state, place_missing(state), None
        self.changed.emit(old, self._state)

    def take_back(self) -> None:
        """The last step has never been: undone, and nothing is left to do again."""
        stack = self.undo_stack
        if stack.canUndo():
            step = stack.command(stack.index() - 1)
            if isinstance(step, Step):
                step.once = True
            stack.undo()

    def mark_saved(self) -> None:
        """What is there now is what the file holds."""
        self.undo_stack.setClean()

    def undo(self) -> None:
        """One step back."""
        self.undo_stack.undo()

    def redo(self) -> None:
        """One step forward."""
        self.undo_stack.redo()

    def _tell_modified(self, clean: bool) -> None:
        self.modified_changed.emit(not clean)

    def _show(self, state: DocState) -> None:
        old, self._state = self._state, state
        if old is not state:
            self.changed.emit(old, state)
            self.stepped.emit(state)
