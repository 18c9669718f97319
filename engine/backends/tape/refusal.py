"""What the tape has no kernel for, by name; a plan with any of it runs on the reference, slower and just as right.

Besides what the lists below say: images in groups of channels, over sequences of pixels, or normalised by rows; weights
that layers share; and float64.
"""

from __future__ import annotations

from collections import Counter

from engine.backends.tape.rules import RULES
from engine.backends.tape.rules.losses import loss_refusal
from engine.backends.tape.rules.optimizers import optimizer_refusal
from engine.optimizers import Optimizer
from engine.plan import Plan

#: primitives without a rule, and why
PRIMITIVES_BEYOND: dict[str, str] = {
    "conv1d": "its channels lie apart: a sequence would have to be turned to (L, C) first",
    "conv_transpose2d": "its forward pass is the gather that a strided convolution does backward, with a bias",
    "gaussian_noise": "its normal numbers must be those of the reference to the last bit",
    "global_max_pool": "its winners need a place of their own",
    "group_norm": "its statistics run over places and some channels of one sample",
    "hide_places": "it reads ids beside a sequence",
    "maximum": "its way back needs four arrays, one more than an elementwise instruction has",
    "permute": "any order of axes, where images have one of their own",
    "slice": "any range of any axis, where images have an order of their own",
    "upsample": "it repeats cells, which no instruction does",
}
#: losses without a kernel, and why
LOSSES_BEYOND: dict[str, str] = {
    "binary_focal": "drawn seldom",
    "cosine": "drawn seldom",
    "focal": "drawn seldom",
    "hinge": "drawn seldom",
    "kl": "drawn seldom",
    "multiclass_hinge": "drawn seldom",
    "weighted_cross_entropy": "its kernel takes no list of weights",
}


def refusals(plan: Plan, optimizer: Optimizer, dtype: str) -> tuple[str, ...]:
    """Everything in the plan that only another backend can run, each once; empty if the tape can run it all."""
    found: list[str] = []
    if dtype != "float32":
        found.append(f"numbers of type {dtype}")
    for step in plan.steps:
        rule = RULES.get(step.primitive.id)
        found.append(rule.refusal(plan, step) if rule else f"the primitive {step.primitive.id!r}")
        if getattr(step.primitive, "spatial", False):  # its kernel draws a mask per cell
            found.append("dropout of whole feature maps")
    read = [(step.primitive.id, i) for step in plan.steps for i in step.inputs]
    for slot in plan.inputs:
        readers = {name for name, value in read if value == slot.value}
        if plan.values[slot.value].dtype == "int" and readers != {"embedding"}:
            found.append(f"whole-number inputs of {slot.node!r}")
    found += [loss_refusal(h) for h in plan.heads]
    found.append(optimizer_refusal(optimizer))
    uses = Counter(i for s in plan.steps for i in s.inputs)
    found += ["weights that several layers share" for w in plan.weights if w.trainable and uses[w.value] > 1]
    return tuple(dict.fromkeys(f for f in found if f))
