"""The table of all that views show: what judges it, by which oracle, how exactly, and where it does not apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FIVE = ("mlp", "cnn", "residual", "batch norm", "attention")
TRUTH, MORE = "tests.engine.probes.test_truth", "tests.engine.probes.test_more_truth"
CURVED = "tests.engine.probes.measurements.test_curvature"
EVERY = "tests.engine.probes.measurements.test_on_every_net"
JACOBIAN = "tests.engine.probes.measurements.test_layers_looked_at"
STATISTICS, AUTOGRAD = f"{TRUTH}::test_layer_statistics", "torch autograd"
#: what an exact figure is, and one that is iterated or a difference of losses
EXACT, ITERATED, COUNTED = "1e-9 in float64, 1e-4 in float32", "1e-4", "exact"


@dataclass(frozen=True)
class Row:
    """``by``: module::test; for rows that other networks judge, by network. ``fields``: of which values, Class.field.
    ``not_for``: why a network has no such quantity."""

    view: str
    by: str | Mapping[str, str]
    oracle: str
    within: str
    fields: tuple[str, ...] = ()
    not_for: Mapping[str, str] = field(default_factory=dict)


def _layer(*names: str) -> tuple[str, ...]:
    return tuple(f"LayerStats.{n}" for n in names)


_NO_PICTURE = "its inputs are no pictures, so no cell of a map looks at pixels"
_NO_KERNEL = "no weight of it has two spatial axes"
_PREDICTED = "tests.engine.probes.test_prediction::"

TABLE: dict[str, Row] = {
    "back-propagated gradient": Row("profile, waterfall, inspector", STATISTICS, AUTOGRAD, EXACT, _layer("delta_rms")),
    "weight gradient": Row(
        "profile, inspector", STATISTICS, AUTOGRAD, EXACT, _layer("weight_grad_rms", "weight_grad_norm")
    ),
    "bias gradient": Row("inspector", STATISTICS, AUTOGRAD, EXACT, _layer("bias_grad_norm")),
    "weights' size": Row("inspector", STATISTICS, "NumPy in float64", EXACT, _layer("weight_rms")),
    "update : weight": Row("profile, thermometer", STATISTICS, "torch.optim", EXACT, _layer("update_ratio")),
    "gradient : weight": Row("profile", STATISTICS, AUTOGRAD, EXACT, _layer("gradient_ratio")),
    "activation mean and sd": Row(
        "profile, inspector", STATISTICS, "torch's values", EXACT, _layer("activation_mean", "activation_sd", "z_rms")
    ),
    "activation percentiles": Row(
        "inspector", STATISTICS, "NumPy on torch's values", EXACT, _layer("activation_percentiles")
    ),
    "saturation": Row("profile, microscope", STATISTICS, "counting torch's values", COUNTED, _layer("saturation")),
    "dead share of a batch": Row("profile", STATISTICS, "counting torch's values", COUNTED, _layer("dead")),
    "penalty's gradient": Row("profile", STATISTICS, "its formula in NumPy", EXACT, _layer("penalty_grad_rms")),
    "gradient of every step": Row(
        "waterfall", f"{TRUTH}::test_flow_and_waterfall", AUTOGRAD, EXACT, ("ColumnView.grad_norm",)
    ),
    "flow on wires": Row("canvas", f"{TRUTH}::test_flow_and_waterfall", AUTOGRAD, EXACT, ("Snapshot.flow",)),
    "loss, accuracy, penalty, rate": Row(
        "curves", f"{MORE}::test_columns_of_a_step_and_the_figures_of_a_split", "torch's losses in float64", EXACT,
        ("ColumnView.loss", "ColumnView.loss_min", "ColumnView.loss_max", "ColumnView.accuracy", "ColumnView.penalty",
         "ColumnView.rate", "SplitResult.loss", "SplitResult.metrics"),
    ),
    "histograms": Row(
        "histograms", f"{MORE}::test_histograms_and_spreads_count_torchs_values", "counting torch's values", COUNTED,
        ("LayerStats.histograms", "Snapshot.spreads", *(f"Histogram.{n}" for n in ("counts", "low", "high", "minimum",
                                                                                  "maximum"))),
    ),
    "microscope": Row(
        "microscope", f"{MORE}::test_the_microscope_shows_torchs_curve_slope_and_shares", AUTOGRAD,
        "1e-9; shares to the bins at a zone's border",
        ("Response.phi", "Response.slope", "Response.flat", "Exposure.flat", "Exposure.passed"),
    ),
    "dead units": Row(
        "ledger", f"{MORE}::test_dead_units_are_those_of_torch", "counting torch's values", COUNTED,
        ("LayerLedger.deaths", "LayerLedger.units", "LayerLedger.revived"),
        {"attention": "it has no ReLU: its book is empty, which the same test asserts"},
    ),
    "autopsy's sums and forks": Row(
        "autopsy", f"{TRUTH}::test_every_bar_of_the_autopsy", "autograd at each operation's ends", "1e-9 decades",
        ("LayerAutopsy.rms", "LayerAutopsy.bars", "Path.decades"),
    ),
    "autopsy's bars alone": Row(
        "autopsy", f"{MORE}::test_each_bar_alone", "autograd through that operation alone", "1e-9 decades",
        ("Bar.decades", "Bar.paths"),
    ),
    "maps, surfaces and kernels": Row(
        "cards, maps, boundary", f"{TRUTH}::test_maps_vectors_surfaces_and_kernels", "torch in evaluation", EXACT,
        ("Snapshot.maps", "Snapshot.vectors", "Snapshot.kernels", "Snapshot.surfaces"),
    ),
    "singular values": Row(
        "isometry meter", f"{JACOBIAN}::test_every_spectrum_is_torchs", "NumPy's SVD of torch's Jacobian", EXACT,
        ("LayerJacobian.layer", "LayerJacobian.so_far", *(f"Spectrum.{n}" for n in ("values", "mean_square", "spread",
                                                                                   "error", "shape"))),
    ),
    "step slice": Row(
        "step size", f"{CURVED}::test_a_slice_is_the_loss_along_the_way", "torch's loss at each place", EXACT,
        tuple(f"StepSlice.{n}" for n in ("multiples", "along_step", "along_gradient", "elsewhere", "length", "cosine")),
    ),
    "loss plane": Row(
        "landscape", f"{CURVED}::test_a_plane_holds_the_loss_and_the_path", "NumPy's SVD, torch's loss", EXACT,
        tuple(f"LossPlane.{n}" for n in ("across", "up", "losses", "path", "steps", "shares")),
    ),
    "sharpness": Row(
        "sharpness", f"{CURVED}::test_sharpness_is_the_hessians_largest_eigenvalue", "torch's Hessian, eigvalsh",
        ITERATED, tuple(f"Sharpness.{n}" for n in ("value", "error", "limit", "loss", "gradient_norm")),
    ),
    "noise scale": Row(
        "batch-size adviser", f"{EVERY}::test_the_noise_scale_of_torchs_gradients", "torch's gradients, by formula",
        "squares " + EXACT + ", their ratio 1e-4",
        tuple(f"NoiseScale.{n}" for n in ("value", "error", "signal", "noise")),
    ),
    "read-outs": Row(
        "where the answer appears", f"{EVERY}::test_read_outs_ranks_and_likeness",
        "scikit-learn's ridge on torch's values", "accuracy exact, R2 1e-7",
        ("Readout.score", "Readout.penalty", "Readout.size", "Readouts.layers"),
    ),
    "effective rank": Row(
        "rank", f"{EVERY}::test_read_outs_ranks_and_likeness", "NumPy's SVD of torch's values", EXACT, ("Readout.rank",)
    ),
    "likeness": Row(
        "similarity", f"{EVERY}::test_read_outs_ranks_and_likeness", "norms of torch's cross products", EXACT,
        ("Readouts.cka",),
    ),
    "who learns when": Row(
        "travel", f"{EVERY}::test_the_way_of_every_layer", "sums in Python", EXACT, ("Travel.distances", "Travel.steps")
    ),
    "filmstrip": Row(
        "filters", f"{EVERY}::test_the_way_of_every_layer", "NumPy in float64", EXACT,
        ("Filmstrip.kernels", "Filmstrip.steps"),
        dict.fromkeys(("mlp", "residual", "batch norm", "attention"), _NO_KERNEL),
    ),
    "parameters, multiply-adds, memory": Row(
        "layer table, heat, inspector", f"{MORE}::test_parameters_multiply_adds_fans_and_memory",
        "torch's tensors and flop counter; bytes of the arrays that a pass keeps", COUNTED,
        tuple(f"NodeAnalysis.{n}" for n in ("parameters", "trainable", "macs", "activation_bytes")),
    ),
    "variance factors' fans": Row(
        "inspector", f"{MORE}::test_parameters_multiply_adds_fans_and_memory", "torch.nn.init", COUNTED
    ),
    "answers and confusions": Row(
        "answers", "tests.designer.panels.test_answers_truth::test_every_answer_and_every_cell",
        "torch's predictions, scikit-learn's matrix", COUNTED, ("SplitResult.evaluation",),
    ),
    "receptive field": Row(
        "inspector, filters",
        {"cnn": "tests.designer.document.test_receptive::"
                "test_a_field_is_what_changes_a_cell_when_each_pixel_is_poked"},
        "poking each pixel in torch", COUNTED, (),
        dict.fromkeys(("mlp", "residual", "batch norm", "attention"), _NO_PICTURE),
    ),
    "prediction before training": Row(
        "profile, trainable depth",
        {"mlp": f"{_PREDICTED}test_forward_variance_and_gradient",
         "cnn": f"{_PREDICTED}test_convolutions_are_predicted_with_their_borders",
         "residual": f"{_PREDICTED}test_what_is_not_predicted_is_said",
         "batch norm": f"{_PREDICTED}test_batch_norm_is_predicted",
         "attention": f"{_PREDICTED}test_what_is_not_predicted_is_said"},
        "means over random networks", "3 % of their mean, as the glossary judges it",
    ),
}  # fmt: skip

#: fields that are names, settings and clocks, not quantities of a network
NO_QUANTITY = frozenset({
    "LayerStats.node", "Snapshot.step", "Snapshot.epoch", "Snapshot.layers", "Snapshot.autopsy", "Snapshot.cost",
    "Bar.node", "Bar.cause", "Bar.operation", "Path.node", "Path.part", "LayerAutopsy.node", "LayerAutopsy.next",
    "LayerJacobian.node", "LossPlane.kind", "Sharpness.iterations", "Sharpness.rate", "Sharpness.scaled",
    "Sharpness.samples", "NoiseScale.small", "NoiseScale.large", "NoiseScale.groups", "Readout.node",
    "Readouts.classes", "Readouts.guess", "Readouts.fitted", "Readouts.judged", "Travel.nodes", "Filmstrip.node",
    "Filmstrip.channels", "Filmstrip.filters", "NodeAnalysis.node", "NodeAnalysis.inputs", "NodeAnalysis.output",
    "NodeAnalysis.own_problems", "NodeAnalysis.weights", "ColumnView.count", "ColumnView.stride", "ColumnView.start",
    "LayerLedger.node", "Response.z", "SplitResult.split",
})  # fmt: skip
