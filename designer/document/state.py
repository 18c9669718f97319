"""DocState: everything that undo brings back, as one frozen value.

It composes the engine's Project (graph, training, data, probes, title) with the typed layout and notes. Every edit
(designer.document.verbs) returns a new DocState that shares what it did not touch, so that a listener compares
``old.graph is new.graph`` and the like. Byte-identical round trip: ``DocState.of(project).project() == project``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from designer.document.geometry import Point
from designer.document.layout import Frame, Group, Layout, Note, notes_from_json, notes_to_json
from engine.graph import DataSetup, Edge, Graph, Project, TrainingSetup

ORIGIN = Point(0, 0)
#: past trainings lie among a file's notes under this key; designer.document.runs reads and writes them
RUNS_KEY = "runs"


@dataclass(frozen=True)
class DocState:
    """The drawn network, how to train it, on what, what is recorded, and where everything stands."""

    graph: Graph = field(default_factory=Graph)
    training: TrainingSetup = field(default_factory=TrainingSetup)
    data: DataSetup = field(default_factory=DataSetup)
    probes: tuple[str, ...] = ()
    layout: Layout = field(default_factory=Layout)
    notes: Mapping[str, Note] = field(default_factory=dict)
    title: str = ""

    @staticmethod
    def of(project: Project) -> DocState:
        """From a file's content; LayoutRefusal where layout or notes are malformed."""
        layout = Layout.from_json(project.layout)
        notes = notes_from_json({k: v for k, v in project.notes.items() if k != RUNS_KEY})
        return DocState(project.graph, project.training, project.data, project.probes, layout, notes, project.title)

    def project(self) -> Project:
        """What a file holds."""
        layout, notes = self.layout.to_json(), notes_to_json(self.notes)
        return Project(self.graph, self.training, self.data, self.probes, layout, notes, self.title)

    @property
    def positions(self) -> Mapping[str, Point]:
        """Top left corner of each card."""
        return self.layout.positions

    @property
    def reroutes(self) -> Mapping[Edge, tuple[Point, ...]]:
        """Points that a wire is led through."""
        return self.layout.reroutes

    @property
    def frames(self) -> Mapping[str, Frame]:
        """Titled areas."""
        return self.layout.frames

    @property
    def groups(self) -> Mapping[str, Group]:
        """Nodes shown as one."""
        return self.layout.groups

    @property
    def collapsed(self) -> frozenset[str]:
        """Cards that show their title only."""
        return self.layout.collapsed_set

    @property
    def down(self) -> bool:
        """True where the flow runs from top to bottom."""
        return self.layout.direction == "down"

    def position(self, node: str) -> Point:
        """Where the card stands; the origin if it was never placed."""
        return self.layout.positions.get(node, ORIGIN)

    def with_layout(self, **parts: object) -> DocState:
        """With these parts of the layout replaced."""
        return replace(self, layout=replace(self.layout, **parts))  # type: ignore[arg-type]


def new_nodes(old: DocState, new: DocState) -> tuple[str, ...]:
    """Ids that an edit added, in graph order."""
    return tuple(n for n in new.graph.nodes if n not in old.graph.nodes)
