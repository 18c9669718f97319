"""1,000 sequences of 50 edits: undo-all is byte-identical to the start, redo-all to the end, canvas = fresh canvas."""

from __future__ import annotations

import traceback

from PySide6.QtWidgets import QApplication

from tests.designer.machine import run_sequence


def run(seed: int, count: int | None) -> bool:
    """Prints how many sequences held; the canvas is compared after every step."""
    app = QApplication.instance() or QApplication([])
    asked = count if count is not None else 1000
    held = refused = 0
    for k in range(asked):
        try:
            refused += run_sequence(seed * 1_000_003 + k, 50, 1)
            held += 1
        except AssertionError:
            traceback.print_exc()
            print(f"  sequence {k} (seed {seed * 1_000_003 + k}) did not hold")
    app.processEvents()
    print(f"undo fidelity: {held} of {asked} sequences of 50 steps held ({refused} edits were refused on the way)")
    return held == asked
