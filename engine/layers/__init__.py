"""Layer types: registry, contract, and one file per type in engine.layers.types."""

from engine.layers.base import LAYERS, Fix, Layer, Port, Sample, ShapeRefusal
from engine.layers.builder import Builder, Program, Ref, StateInfo, Step, WeightInfo, declare_shared, dry

__all__ = [
    "LAYERS",
    "Builder",
    "Fix",
    "Layer",
    "Port",
    "Program",
    "Ref",
    "Sample",
    "ShapeRefusal",
    "StateInfo",
    "Step",
    "WeightInfo",
    "declare_shared",
    "dry",
]
