"""A fork: one change, and both trainings in lockstep on the same batches and the same randomness.

``choose`` notes where the fork begins; the person changes the document, which the training does not follow meanwhile;
``launch`` starts side A as it was and side B as it is drawn now. The document shows one side; the bridge's session is
that side's, ``twin`` the other's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from designer.document import DocState
from designer.session.frame import Frame
from designer.session.history import SnapshotHistory
from designer.session.reading import news
from designer.session.run_state import Follow, RunState, send, state_after
from designer.session.staleness import same_network, shared_edit, stale, take_over
from engine.data.dataset import Dataset
from engine.graph import Project, TrainingSetup
from engine.training import ResumeState, Session
from engine.training.adoption import Adopted
from engine.training.events import Evaluated, Prepared
from engine.training.pacer import Pacer, Side
from engine.training.past import Past
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.session.bridge import Bridge

Stage = Literal["off", "chosen", "on"]


@dataclass(frozen=True)
class Origin:
    """Where both sides come from. ``state`` is None before the first step: both start from their initial weights.

    ``depth``: steps of the document's history at that moment; ``now``: whether the run stood there.
    """

    project: Project
    document: DocState
    dataset: Dataset
    depth: int
    state: ResumeState | None = None
    past: Past | None = None
    now: bool = True

    @property
    def step(self) -> int:
        """The step at which they part."""
        return int(self.state.scalars["step"]) if self.state is not None else 0


class Fork(QObject):
    """Belongs to a bridge, which asks it before it acts for itself. ``changed``: another stage or side."""

    changed = Signal()
    #: what the change kept (engine.training.adoption.Adopted), once side B stands
    adopted = Signal(object)
    #: (session or None, step): what starts next goes on from there
    parted = Signal(object, int)

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self.bridge = bridge
        self.stage: Stage = "off"
        self.side: Side = "B"
        self.origin: Origin | None = None
        self.twin: Session | None = None
        self.frame = Frame()
        self.state = RunState()
        self.told: Adopted | None = None
        self.pacer = Pacer()
        self._history = SnapshotHistory()

    @property
    def on(self) -> bool:
        """Whether two sides are there."""
        return self.stage == "on"

    def go_on(self, step: int) -> None:
        """One training alone, as it was, from an earlier step: a fork without a change and without a twin."""
        bridge, session = self.bridge, self.bridge.session
        if session is None:
            return
        told = tr("Goes on from step {step}", step=step)

        def start(state: ResumeState, past: Past) -> None:
            self.parted.emit(session, int(state.scalars["step"]))
            bridge.start_from(state, past)
            bridge.message.emit(told)

        def with_state(state: ResumeState) -> None:
            bridge.when(session.past(int(state.scalars["step"])), lambda past: start(state, past))

        bridge.when(session.state_at(step), with_state)

    # before it starts ---------------------------------------------------------------------------------------------

    def choose(self, step: int | None = None) -> None:
        """Fork at ``step`` of the run so far, or where it stands (from the initial weights before the first run)."""
        bridge, session = self.bridge, self.bridge.session
        store = bridge.store
        if session is None or session.status.step == 0:
            if bridge.loader.dataset is not None:
                project = store.state.project()
                self._begin(Origin(project, store.state, bridge.loader.dataset, store.undo_stack.index()))
            return
        if session.dataset is None:
            return
        bridge.pause()
        origin = Origin(session.project, store.state, session.dataset, store.undo_stack.index())
        now = step is None or step >= session.status.step
        asked = session.resume_state() if now or step is None else session.state_at(step)
        bridge.when(asked, lambda state: self._with_past(replace(origin, state=state, now=now), session))

    def _with_past(self, origin: Origin, session: Session) -> None:
        bridge = self.bridge
        bridge.when(session.past(origin.step), lambda past: self._begin(replace(origin, past=past)))

    def _begin(self, origin: Origin) -> None:
        if self.on:
            self.end()
        self.origin, self.stage, self.told = origin, "chosen", None
        self.changed.emit()

    def cancel(self) -> None:
        """No fork after all; the document stays as it is."""
        if self.stage == "chosen":
            self.origin, self.stage = None, "off"
            self.bridge.judge_document()
            self.changed.emit()

    def launch(self, follow: Follow) -> None:
        """Both sides from the origin, the document as side B. Its edits since then become one undo step."""
        bridge, origin = self.bridge, self.origin
        assert origin is not None
        project = bridge.store.state.project()
        bridge.store.squash(origin.depth, tr("Fork at step {step}", step=f"{origin.step:,}"))
        data = origin.dataset if project.data == origin.project.data else bridge.loader.dataset
        if data is None:
            bridge.message.emit(tr("The data of the changed side are not there yet"))
            return
        self.parted.emit(bridge.session, origin.step)
        bridge.end_session()
        self.pacer, past = Pacer(), origin.past
        common = Past(past.columns, (), past.moments) if past is not None else None
        a = Session(origin.project, origin.dataset, resume=origin.state, past=past, pacer=(self.pacer, "A"))
        b = Session(
            project, data, resume=origin.state, origin=origin.project, past=common, pacer=(self.pacer, "B")
        )
        self.origin, self.told = origin, None
        self.stage, self.side, self.twin, self.state = "on", "B", a, RunState("preparing")
        self._history.clear()
        self.frame = Frame(run=bridge.frame.run + 1, document=bridge.frame.document, side="A", dataset=origin.dataset)
        a.start()
        bridge.take_session(b, self.frame.run + 1)
        self.command(follow)
        self.changed.emit()

    # while it runs ------------------------------------------------------------------------------------------------

    def command(self, follow: Follow) -> None:
        """Both sides: A leads and knows how far, B follows it."""
        lead, second = self.sessions
        if follow == "wait":
            return
        self.pacer.release()
        send(lead, follow)
        second.run()

    def visit(self, step: int) -> None:
        """How both stood after ``step`` steps; what runs is paused."""
        self.pacer.hold()
        for session in self.sessions:
            session.visit(step)

    @property
    def sessions(self) -> tuple[Session, Session]:
        """A's and B's."""
        front = self.bridge.session
        assert front is not None and self.twin is not None
        return (self.twin, front) if self.side == "B" else (front, self.twin)

    def poll(self) -> Frame | None:
        """The other side's frame as it is now."""
        twin = self.twin
        if not self.on or twin is None:
            return None
        changes = news(twin, self.frame, self._history)
        if self.frame.names is not self.bridge.frame.names:
            changes["names"] = self.bridge.frame.names
        frame = replace(self.frame, **changes) if changes else self.frame
        while not twin.events.empty():
            event = twin.events.get()
            self.state = state_after(event, self.state) or self.state
            if isinstance(event, Prepared):
                frame = replace(frame, plan=event.plan)
            elif isinstance(event, Evaluated):
                frame = replace(frame, results={**frame.results, event.result.split: event.result})
        self.frame = frame
        return frame

    def hear(self, event: Prepared) -> None:
        """Side B stands: what of the weights it kept."""
        if self.on and self.side == "B" and event.adopted is not None:
            self.told = event.adopted
            self.adopted.emit(event.adopted)

    def follows(self, new: DocState) -> bool:
        """Whether the document is one of the two sides, or not judged before the start; the side shown follows it."""
        if self.stage == "chosen":
            return True
        if not self.on or self.twin is None or self.bridge.session is None:
            return False
        project = new.project()
        if _is(project, self.bridge.session.project):
            return True
        if _is(project, self.twin.project):
            self.swap()
            return True
        return False

    def take_over(self, old: TrainingSetup, new: TrainingSetup) -> None:
        """An edit that a training follows while it goes. Of a fork both sides follow, so that they still differ in the
        one change only; where that change is the very thing that was edited, the side shown follows alone."""
        session, twin = self.bridge.session, self.twin
        assert session is not None
        take_over(session, new)
        if not self.on or twin is None:
            return
        shared, own = shared_edit(old, new, twin.project.training)
        if shared != twin.project.training:
            take_over(twin, shared)
        if own:
            words = tr("Only side {side} follows: the two sides differ in this setting", side=self.side)
            self.bridge.message.emit(words)
        self.changed.emit()

    def swap(self) -> None:
        """The other side becomes the one that single views show."""
        bridge = self.bridge
        assert self.twin is not None and bridge.session is not None
        front, state, frame, history = bridge.session, bridge.state, bridge.frame, bridge.history
        own = replace(self.frame, names=frame.names)
        bridge.session, self.twin = self.twin, front
        bridge.history, self._history = self._history, history
        self.side = "A" if self.side == "B" else "B"
        self.frame, shown = replace(frame, other=None), self.state
        self.state = state
        bridge.show_side(replace(own, other=self.frame), shown)
        self.changed.emit()

    def show(self, side: Side) -> None:
        """The document shows this side; one undo step where it does not yet."""
        if self.on and side != self.side and self.twin is not None:
            text = tr("Show side {side}", side=side)
            self.bridge.store.apply(text, _with_training, self.twin.project)

    def keep(self, side: Side) -> None:
        """Go on with one side alone; the document becomes that side's."""
        if self.on:
            self.show(side)
            self.end()

    def end(self) -> None:
        """The twin ends; what is shown goes on alone."""
        if not self.on:
            chosen, self.stage, self.origin = self.stage == "chosen", "off", None
            if chosen:
                self.changed.emit()
            return
        twin, self.twin = self.twin, None
        self.stage, self.origin, self.told = "off", None, None
        self.pacer.release()
        if twin is not None:
            self.bridge.close_session(twin)
        self.bridge.show_alone()
        self.changed.emit()


def _is(a: Project, b: Project) -> bool:
    return a.training == b.training and a.data == b.data and same_network(a.graph, b.graph) and not stale(a, b)


def _with_training(state: DocState, project: Project) -> DocState:
    """The document with another side's network, set-up and data; cards stay where they are."""
    from designer.document.verbs.arrange import place_missing

    return place_missing(replace(state, graph=project.graph, training=project.training, data=project.data))


def label(side: Side) -> Callable[[], str]:
    """What a side is called."""
    return lambda: tr("A, as it was") if side == "A" else tr("B, changed")
