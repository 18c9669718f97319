"""The drawn network and the project around it, as frozen values."""

from engine.graph.graph import Edge, Graph, Node
from engine.graph.project import DataSetup, Json, Project, TrainingSetup

__all__ = ["DataSetup", "Edge", "Graph", "Json", "Node", "Project", "TrainingSetup"]
