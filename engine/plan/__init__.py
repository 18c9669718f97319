"""Graph + analysis -> Plan: what a backend runs."""

from engine.plan.build import alive_nodes, build_plan, layer_of
from engine.plan.plan import Head, InputSlot, Plan, PlanError

__all__ = ["Head", "InputSlot", "Plan", "PlanError", "alive_nodes", "build_plan", "layer_of"]
