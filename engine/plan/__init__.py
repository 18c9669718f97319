"""Graph + analysis -> Plan: what a backend runs."""

from engine.plan.build import build_plan
from engine.plan.plan import Head, InputSlot, Plan, PlanError

__all__ = ["Head", "InputSlot", "Plan", "PlanError", "build_plan"]
