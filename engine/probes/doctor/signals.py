"""Rules about signals and gradients: vanishing, exploding, saturated, dead."""

from __future__ import annotations

import math

from engine.declare import Spec
from engine.layers import Fix
from engine.probes.doctor.common import names_of, ratio_of, relu_and_he, times, unscaled
from engine.probes.evidence import Card, Evidence


def no_gradient(e: Evidence) -> Card | None:
    """Some layer gets no gradient at all: a step function, or every unit of a layer dead."""
    starved = tuple(s.node for s in e.now if s.delta_rms == 0)
    if not starved or (e.now and e.now[-1].node in starved):
        return None
    steps = [s.node for s in e.now if e.activations.get(s.node) == "step"]
    blocked = steps or [s.node for s in e.now if s.dead == 1.0] or [starved[-1]]
    born_dead = not steps and any(s.dead == 1.0 for s in e.start)
    if steps:
        cause = "The step function's slope is zero everywhere, so nothing passes back through {blocked}."
    elif born_dead:
        cause = (
            "All units of {blocked} are off on every sample since before the first step, so nothing passes back "
            "through them: their biases are too negative."
        )
    else:
        cause = (
            "All units of {blocked} are off on every sample, so nothing passes back through them: steps that are too "
            "large (rate {rate:g}) threw them there."
        )
    first: tuple[Fix, ...] = ()
    if born_dead:
        first = (Fix("Zero biases in all hidden layers", "set_hidden", {"bias_init": Spec("zeros")}),)
    elif not steps:  # they died under way: steps too large
        first = (Fix("A tenth of the learning rate, from the start", "scale_rate", {"factor": 0.1}),)
    return Card(
        "no_gradient",
        "alarm",
        "No gradient arrives",
        "dL/dz is exactly zero in {names}.",
        cause,
        "Rosenblatt 1958; Lu et al. 2019",
        {"names": names_of(e, starved), "blocked": names_of(e, tuple(blocked)), "rate": e.rate},
        starved,
        (
            *first,
            Fix("ReLU with He initialization in all hidden layers", "set_hidden", relu_and_he()),
            Fix("Leaky ReLU in all hidden layers", "set_hidden", {"activation": Spec("leaky_relu")}),
        ),
    )


def vanishing(e: Evidence) -> Card | None:
    """R of the first layer under 3e-4 of the last one's, before and after 200 steps without a tenfold rise."""
    now, start = e.now, e.start
    if len(now) < 3 or now[-1].delta_rms <= 0 or no_gradient(e) is not None:
        return None
    ratio, before = (ratio_of(s[0].delta_rms, s[-1].delta_rms) for s in (now, start))
    risen = e.step > 200 and ratio > 10 * before
    if ratio >= 3e-4 or risen:
        return None
    starving = tuple(s.node for s in now if s.delta_rms < 1e-3 * now[-1].delta_rms)
    shares = {"activation": 0.0, "weights": 0.0}
    for layer in e.autopsy[:-1]:
        for bar in layer.bars:
            shares[bar.cause] = shares.get(bar.cause, 0.0) + bar.decades
    slope = e.activations.get(now[0].node, "")
    return Card(
        "vanishing_gradient",
        "alarm",
        "Vanishing gradient",
        "dL/dz is {times} times smaller in {first} than in {last}: {decades:.1f} decades. Below a thousandth of that: "
        "{names}.",
        "{slope_part:.1f} decades are lost to the activations' slopes ({slope}), {weight_part:.1f} to the weights.",
        "Hochreiter 1991; Glorot & Bengio 2010",
        {
            "decades": -math.log10(ratio) if ratio > 0 else math.inf,
            "times": times(ratio_of(1.0, ratio)),
            "first": e.names.get(now[0].node, now[0].node),
            "last": e.names.get(now[-1].node, now[-1].node),
            "names": names_of(e, starving),
            "slope": slope,
            "slope_part": -shares["activation"],
            "weight_part": -shares["weights"],
        },
        starving,
        (
            Fix("ReLU with He initialization in all hidden layers", "set_hidden", relu_and_he()),
            Fix("Batch norm before every activation", "set_hidden", {"batch_norm": "before"}),
        ),
    )


def exploding(e: Evidence) -> Card | None:
    """R of the first layer above 1000 times the last one's at the start."""
    if len(e.start) < 3 or e.start[-1].delta_rms <= 0:
        return None
    ratio = ratio_of(e.start[0].delta_rms, e.start[-1].delta_rms)
    if not ratio > 1e3:
        return None
    # From where it is least: a loss hands the last layer more than that layer's small weights pass on.
    least = min(range(len(e.start)), key=lambda k: e.start[k].delta_rms or math.inf)
    growing = tuple(s.node for s in e.start[:least] if s.delta_rms > 10 * e.start[least].delta_rms)
    return Card(
        "exploding_gradient",
        "alarm",
        "Exploding gradient",
        "dL/dz is {times} times larger in {first} than in {last}, before the first step.",
        "The initial weights are too large for the number of inputs: on its way back every layer multiplies the "
        "gradient, by {factor:.2g} on average.",
        "Bengio, Simard & Frasconi 1994; Glorot & Bengio 2010",
        {
            "ratio": ratio,
            "times": times(ratio),
            "factor": ratio_of(e.start[0].delta_rms, e.start[least].delta_rms) ** (1 / max(least, 1)),
            "first": e.names.get(e.start[0].node, e.start[0].node),
            "last": e.names.get(e.start[-1].node, e.start[-1].node),
        },
        growing,
        (Fix("He initialization in all hidden layers", "set_hidden", {"weight_init": Spec("he_normal")}),),
    )


def saturation(e: Evidence) -> Card | None:
    """More than half of a hidden layer's units in the flat ends before any step, or nearly all of the last one's."""
    full = tuple(s.node for k, s in enumerate(e.start, 1) if s.saturation > (0.5 if k < len(e.start) else 0.9))
    if not full:
        return None
    worst = max(s.saturation for s in e.start if s.node in full)
    cause = (
        "Their slope there is nearly zero, so they hardly learn: the inputs are too large."
        if unscaled(e)
        else "Their slope there is nearly zero, so they hardly learn: the initial weights are too large for the number "
        "of inputs."
    )
    return Card(
        "saturation",
        "alarm",
        "Saturated from the start",
        "Up to {share:.0%} of the outputs of {names} lie in the flat ends of {slope} before the first step.",
        cause,
        "Glorot & Bengio 2010",
        {"share": worst, "names": names_of(e, full), "slope": e.activations.get(full[0], "")},
        full,
        (Fix("Xavier initialization in all hidden layers", "set_hidden", {"weight_init": Spec("xavier_uniform")}),),
    )


def dead_units(e: Evidence) -> Card | None:
    """More than half of a ReLU layer's units zero on the whole probe set, or a tenth of them newly so."""
    before = {s.node: s.dead for s in e.start}
    dead = tuple(s.node for s in e.now if s.dead > 0.5 or s.dead > before.get(s.node, 1.0) + 0.25)
    if not dead or no_gradient(e) is not None or (e.diverged and exploding(e) is not None):
        return None
    worst = max(s.dead for s in e.now if s.node in dead)
    return Card(
        "dead_units",
        "alarm" if worst > 0.5 else "warning",
        "Dead units",
        "Up to {share:.0%} of the units of {names} are zero on all samples looked at.",
        "A ReLU that is off everywhere gets no gradient and stays off: steps too large, or biases too negative.",
        "Lu et al. 2019",
        {"share": worst, "names": names_of(e, dead)},
        dead,
        (
            Fix("Leaky ReLU in all hidden layers", "set_hidden", {"activation": Spec("leaky_relu")}),
            Fix("A tenth of the learning rate", "scale_rate", {"factor": 0.1}),
        ),
    )
