"""Starting anew with the weights of the training before: its worker is asked for them, and only then is it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from designer.session.run_state import Follow, RunState

if TYPE_CHECKING:
    from designer.session.bridge import Bridge


class Restart:
    """At most one is under way: Run pressed again takes the place of the first, and Pause ends it."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self._turn: object | None = None

    def begin(self, follow: Follow) -> None:
        """With the trained weights where the set-up asks for them and there are any, else from the initial ones."""
        bridge, old = self.bridge, self.bridge.session
        keep = bridge.store.state.training.start_from == "keep"
        if old is None or not keep or not bridge.trained or not old.alive:
            bridge.start(follow, None)
            return
        turn = self._turn = object()

        def start(weights: Any = None) -> None:
            if self._turn is turn:
                bridge.start(follow, weights)

        bridge.show_state(RunState("preparing"))
        bridge.when(old.weights(), start, start)

    def forget(self) -> bool:
        """Nothing is started by it any more; whether something would have been."""
        waited, self._turn = self._turn is not None, None
        return waited
