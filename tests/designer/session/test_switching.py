"""Several documents may train at once: quick switching lasts until the last of them is through."""

from __future__ import annotations

import sys

from designer.session.switching import SWITCH_INTERVAL, QuickSwitching


def test_the_last_one_gives_the_interval_back() -> None:
    before = sys.getswitchinterval()
    first, second = QuickSwitching(), QuickSwitching()
    first.show(True)
    second.show(True)
    first.show(True)
    assert abs(sys.getswitchinterval() - SWITCH_INTERVAL) < 1e-9
    first.show(False)
    first.show(False)
    assert abs(sys.getswitchinterval() - SWITCH_INTERVAL) < 1e-9, "the second still trains"
    second.show(False)
    assert abs(sys.getswitchinterval() - before) < 1e-9
