"""What can be said of a graph without running it."""

from engine.analysis.infer import infer, make_layer, port_order
from engine.analysis.types import Analysis, NodeAnalysis, Problem, TensorType

__all__ = ["Analysis", "NodeAnalysis", "Problem", "TensorType", "infer", "make_layer", "port_order"]
