"""The training set-up and the data choice as declared parameters, so that their forms are generated like all others.

The defaults come from the engine's dataclasses: there is one place that says what they are.
"""

from __future__ import annotations

from dataclasses import replace

from engine.declare import Bool, Choice, Float, Int, Param, Ref
from engine.graph import DataSetup, TrainingSetup

_TRAINING: dict[str, Param] = {
    "optimizer": Ref("sgd", "optimizers", help="How a gradient becomes a step."),
    "schedule": Ref("constant", "schedules", help="How the learning rate changes over the run."),
    "batch_size": Int(32, low=1, high=1 << 20, label="batch", unit="samples", help="Samples per step."),
    "epochs": Int(20, low=1, high=1_000_000, help="Passes over the training data, at most."),
    "shuffle": Bool(True, help="A new order of the samples in each epoch."),
    "seed": Int(0, low=0, high=2**31 - 1, help="Draws initial weights, shuffle and dropout; same seed, same run."),
    "target_loss": Float(
        None, optional=True, group="stop", label="target loss", help="Stop once the validation loss is as low as this."
    ),
    "patience": Int(
        None,
        low=1,
        optional=True,
        group="stop",
        unit="epochs",
        help="Stop after so many epochs without an improvement of the validation loss.",
    ),
    "min_change": Float(
        0.0, low=0.0, group="stop", label="minimum change", help="A smaller improvement does not count for patience."
    ),
    "restore_best": Bool(
        True, group="stop", label="best weights", help="At the end go back to the weights of the best epoch."
    ),
    "clip_value": Float(
        None, low=0.0, low_open=True, optional=True, group="update", label="clip by value",
        help="Holds each number of the gradient between minus this and this; may turn its direction.",
    ),
    "clip_norm": Float(
        None, low=0.0, low_open=True, optional=True, group="update", label="clip by norm",
        help="Shortens the gradient of all weights together to this length where it is longer.",
    ),
    "accumulate": Int(
        1, low=1, high=1 << 20, group="update", unit="batches", label="accumulate",
        help="Batches whose gradients make one update: as one batch of so many times the size, in the memory of one.",
    ),
    "ema_decay": Float(
        None, low=0.0, high=0.999999, optional=True, group="update", label="EMA of weights",
        help="Keeps a running mean of the weights with this memory, usually 0.99 to 0.9999.",
    ),
    "ema_evaluate": Bool(
        True, group="update", label="judge the average",
        help="Epochs are judged by the averaged weights, and at the end these stand in the weights' place.",
    ),
    "l1_step": Choice(
        "proximal", "proximal", "subgradient", group="update", label="form of L1",
        help="Proximal: after each step, weights within the rate of zero become exactly zero. Subgradient: part of the "
        "gradient; weights come near zero and jump about it.",
    ),
    "decay_biases": Bool(
        True, group="update", label="decay biases too",
        help="The optimizer's weight decay takes biases, gains and offsets as well as weights.",
    ),
    "start_from": Choice(
        "initial",
        "initial",
        "keep",
        group="advanced",
        label="after an edit",
        help="What Run starts from once the network was edited: the initial weights, or the trained ones that fit.",
    ),
    "dtype": Choice(
        "float32", "float32", "float64", group="advanced", label="precision", help="Digits of all numbers."
    ),
    "backend": Choice("auto", "auto", "numpy", "tape", "cupy", group="advanced", help="What does the arithmetic."),
}

_DATA: dict[str, Param] = {
    "source": Ref("circle", "sources", help="Where the samples come from."),
    "standardize": Bool(
        False, help="Subtract the training mean and divide by the training standard deviation, per feature or channel."
    ),
    "validation": Float(
        0.2, low=0.0, high=0.9, group="split", help="Share of all samples that judges training but does not train."
    ),
    "test": Float(
        0.2, low=0.0, high=0.9, group="split", help="Share of all samples that is looked at once, at the end."
    ),
    "shuffle_split": Bool(True, group="split", label="mix first", help="Draw the parts at random, not in file order."),
    "split_seed": Int(0, low=0, high=2**31 - 1, group="split", label="seed", help="Another seed draws other parts."),
}


def _named(declared: dict[str, Param], defaults: object) -> dict[str, Param]:
    return {
        k: replace(p, name=k, label=p.label or k.replace("_", " "), default=getattr(defaults, k))
        for k, p in declared.items()
    }


TRAINING: dict[str, Param] = _named(_TRAINING, TrainingSetup())
DATA: dict[str, Param] = _named(_DATA, DataSetup())
