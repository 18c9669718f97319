"""The document: a frozen state and pure functions from state to state. No Qt, no widgets, no other designer part."""

from designer.document.geometry import GRID, Box, Point
from designer.document.layout import Frame, Group, Layout, Note
from designer.document.refusals import EditRefusal
from designer.document.state import DocState

__all__ = ["GRID", "Box", "DocState", "EditRefusal", "Frame", "Group", "Layout", "Note", "Point"]
