"""What the bridge to a training tells the window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class BridgeSignals(QObject):
    """Base of Bridge."""

    state_changed = Signal(object)
    #: every Frame, at most 30 a second; views are better attached to ``feeder``
    framed = Signal(object)
    #: a sentence for the status bar
    message = Signal(str)
    #: whether the document was edited in a way that the running training does not follow
    stale_changed = Signal(bool)
    #: ((node id, weight name), ...) that had to start anew although the trained weights were kept
    fresh_weights = Signal(object)
    #: the data are others than those that the opened training was trained on
    data_changed = Signal()
    #: a session has ended for good: its last epochs are there now
    ended = Signal(object)
