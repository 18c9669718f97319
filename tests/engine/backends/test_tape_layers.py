"""Every layer type on the tape beside the reference, in every configuration of its samples; losses; shared weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.backends.tape.refusal import refusals
from engine.declare import Spec
from engine.graph import Edge, Graph, Node
from engine.layers import LAYERS, Sample
from engine.optimizers import OPTIMIZERS, StepRules
from engine.plan import build_plan
from tests.engine.backends.test_tape_oracle import judge
from tests.engine.backends.twins import compare, data, distance, reference, tape
from tests.engine.plan.test_shared_weights import repeated, siamese
from tests.engine.training.nets import chain

SGD = Spec("sgd", {"rate": 0.02})
CE = ("output", {"loss": Spec("softmax_cross_entropy")})
#: configurations that only the reference runs, with what the tape says of them
BEYOND = {
    "multiply-1": "multiply with repeated axes other than a number a channel",
    "multiply-2": "multiply with repeated axes other than a number a channel",
    "upsample-1": "upsample of mode 'bilinear'",
}


#: kinds with instructions that no other test sets beside the slow interpreter
NEW = (
    "conv1d", "conv2d", "conv_transpose2d", "depthwise_conv2d", "gaussian_noise", "global_max_pool", "group_norm",
    "instance_norm",
    "layer_norm", "masked_attention", "maximum", "multiply", "permute", "slice", "softmax", "spatial_dropout",
    "upsample",
)  # fmt: skip


def net(kind: str, sample: Sample) -> Graph:
    """An input for each port, through something that learns where it can, the layer, and a dense head."""
    graph = Graph().add_node(Node("l", kind, "l", dict(sample.params)))
    layer = LAYERS.make(kind)
    ports = [p.name for p in layer.inputs]
    for k, shape in enumerate(sample.inputs):
        size = {"size": shape, "field": f"x{k}"}
        ids = kind == "masked_attention" and k == len(sample.inputs) - 1
        source = f"i{k}"
        graph = graph.add_node(Node(source, "input", source, {**size, "dtype": "int"} if ids else size))
        if ids:
            graph = graph.add_edge(Edge(source, "l", ports[k]))
            continue
        graph = graph.add_node(Node(f"s{k}", "prelu", f"s{k}", {})).add_edge(Edge(source, f"s{k}"))
        graph = graph.add_edge(Edge(f"s{k}", "l", ports[min(k, len(ports) - 1)]))
    last = "l"
    for name, what, params in (("f", "flatten", {}), ("t", "tanh", {}), ("d", "dense", {"units": 3}), ("o", *CE)):
        graph = graph.add_node(Node(name, what, name, params)).add_edge(Edge(last, name))
        last = name
    return graph


CASES = [
    pytest.param(f"{cls.id}-{number}", sample, id=f"{cls.id}-{number}")
    for cls in LAYERS.classes()
    for number, sample in enumerate(cls.samples)
    if cls.id not in ("input", "output", "embedding")  # ids of a table are drawn in test_tape_tokens
]


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_a_layer_trains_as_on_the_reference(name: str, sample: Sample) -> None:
    graph = net(name.partition("-")[0], sample)
    beyond = refusals(build_plan(graph), OPTIMIZERS.make("sgd"), "float32")
    if name in BEYOND:
        assert BEYOND[name] in beyond
        return
    assert beyond == ()
    bare = ("bias",) if sample.params.get("batch_norm") == "before" else ()
    compare(graph, SGD, 2, idle=("key_bias", *bare))


@pytest.mark.parametrize(("name", "sample"), [c for c in CASES if str(c.id).partition("-")[0] in NEW])
def test_a_layer_beside_the_slow_interpreter(name: str, sample: Sample) -> None:
    if name not in BEYOND:
        with tape(net(name.partition("-")[0], sample), SGD) as made:
            judge(made)


@pytest.mark.parametrize("size", [(2, 3, 5), (7,)])
def test_noise_is_that_of_the_reference_in_every_step(size: tuple[int, ...]) -> None:
    """Element by element in the reference's order, also of images; other backends' logarithms may turn a last digit."""
    graph = chain(("input", {"size": size}), ("gaussian_noise", {"deviation": 3.0}), ("flatten", {}),
                  ("dense", {"units": 3}), CE)  # fmt: skip
    exact = reference(graph, SGD)
    noisy = next(s for s in exact.plan.steps if s.primitive.id == "gaussian_noise")
    seen = []
    with tape(graph, SGD, 2) as mine:
        x, y = data(mine.plan, 6)
        for step in (0, 1):
            for made in (exact, mine):
                made.bind(x, y)
                made.train(np.arange(6)[None, :], np.array([0.1]), step, keep=True)
            ours, theirs = mine.last(), exact.last()
            assert ours is not None and theirs is not None
            np.testing.assert_allclose(ours.values[noisy.output], theirs.values[noisy.output], rtol=0, atol=1e-6)
            seen.append(ours.values[noisy.output] - ours.values[noisy.inputs[0]])
        quiet = mine.forward(x, [noisy.output])[noisy.output]
    assert 2.0 < np.std(seen) < 4.0 and not np.allclose(seen[0], seen[1])
    np.testing.assert_array_equal(quiet, next(iter(x.values())).astype(np.float32))


LOSSES: dict[str, Spec] = {
    "hinge": Spec("hinge", {"margin": 0.7}),
    "kl": Spec("kl"),
    "cosine": Spec("cosine"),
    "binary_focal": Spec("binary_focal", {"gamma": 1.5, "alpha": 0.3}),
    "multiclass_hinge": Spec("multiclass_hinge", {"margin": 0.8}),
    "focal": Spec("focal", {"gamma": 1.5}),
    "focal as cross-entropy": Spec("focal", {"gamma": 0.0}),
    "weighted": Spec("weighted_cross_entropy", {"weights": (0.5, 2.0, 0.0), "label_smoothing": 0.1}),
    "weighted by nothing": Spec("weighted_cross_entropy", {"label_smoothing": 0.2}),
}


@pytest.mark.parametrize("places", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_trains_as_on_the_reference(name: str, places: bool) -> None:
    """Of a vector, and of a map of places (3, 2, 4) where the loss takes one."""
    if places and name == "multiclass_hinge":
        return
    ends = [("conv2d", {"filters": 3, "kernel": (2, 2)})] if places else [("flatten", {}), ("dense", {"units": 3})]
    graph = chain(
        ("input", {"size": (2, 3, 5)}), ("prelu", {}), *ends, ("output", {"loss": LOSSES[name], "weight": 0.5})
    )
    if name == "kl":
        compare_shares(graph)
        return
    for threads in (1, 2):
        compare(graph, SGD, threads)
    with tape(graph, SGD) as made:
        judge(made)


def compare_shares(graph: Graph) -> None:
    """Targets that are shares of a whole, some of them 0."""
    exact = reference(graph, SGD)
    rng = np.random.default_rng(1)
    x = {"x": rng.normal(size=(60, 2, 3, 5))}
    shape = exact.plan.values[exact.plan.heads[0].prediction].shape
    raw = np.maximum(rng.normal(size=(60, *shape)) + 0.3, 0)
    y = {"y": raw / np.maximum(raw.sum(1, keepdims=True), 1e-3)}
    with tape(graph, SGD, 2) as mine:
        for made in (exact, mine):
            made.bind(x, y)
        ours, theirs = (e.train(np.arange(60).reshape(5, 12), np.full(5, 0.1), 0) for e in (mine, exact))
        np.testing.assert_allclose(ours.loss, theirs.loss, rtol=2e-5)
        after = exact.weights()
        assert all(distance(v, after[k]) <= 1e-5 for k, v in mine.weights().items())


def test_what_is_no_number_shows_in_every_loss() -> None:
    for name, loss in LOSSES.items():
        graph = chain(("input", {"size": (4,)}), ("dense", {"units": 3}), ("output", {"loss": loss}))
        with tape(graph) as mine:
            x, y = data(mine.plan, 12)
            x["x"][7, 2] = np.nan
            y = {k: np.abs(v) for k, v in y.items()}
            assert np.isnan(mine.evaluate(x, y).loss), name


SHARED: dict[str, tuple[Graph, tuple[str, ...]]] = {
    "repeated": (repeated(), ()),
    "third owns": (repeated(first=3), ()),
    "repeated with norm": (repeated(batch_norm="before", use_bias=False, l1=0.01, rate_factor=0.5), ()),
    "repeated with slopes": (repeated(activation=Spec("prelu")), ()),
    "siamese": (siamese(), ("bias",)),  # before a batch norm
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", SHARED)
def test_shared_weights_train_as_on_the_reference(name: str, threads: int) -> None:
    graph, idle = SHARED[name]
    compare(graph, Spec("momentum", {"rate": 0.02}), threads, idle, rules=StepRules(proximal=True, clip_norm=5.0))
    if threads == 1:
        with tape(graph, SGD) as made:
            judge(made)


def twins(kind: str, params: dict[str, Any], size: tuple[int, ...], *ends: tuple[str, dict[str, Any]]) -> Graph:
    """Three layers of one kind after one another, the first and the last with one set of weights."""
    tanh: tuple[str, dict[str, Any]] = ("tanh", {})
    three = ((kind, params), tanh, (kind, params), tanh, (kind, params), tanh)
    return chain(("input", {"size": size}), *three, *ends, ("dense", {"units": 3}), CE).share("n5", "n1")


FLAT = ("flatten", {})
REPEATED = {
    "tiles": twins("conv2d", {"filters": 16, "kernel": (3, 3), "padding": "same"}, (16, 6, 5), FLAT),
    "groups": twins("conv2d", {"filters": 4, "groups": 2, "kernel": (3, 2), "padding": "same"}, (4, 6, 5), FLAT),
    "one channel each": twins("depthwise_conv2d", {"kernel": (3, 3), "padding": "same"}, (5, 6, 5), FLAT),
    "rows": twins("conv1d", {"filters": 4, "kernel": 3, "padding": "same"}, (4, 9), FLAT),
    "norms": twins("layer_norm", {}, (4, 6), FLAT),
    "groups' norms": twins("group_norm", {"groups": 2}, (4, 3, 2), FLAT),
    "batch norms": twins("batch_norm", {}, (3, 4, 2), FLAT),
    "transposed": twins("conv_transpose2d", {"filters": 3, "kernel": (2, 2), "stride": (1, 1)}, (3, 4, 2), FLAT),
    "attention": twins("multi_head_attention", {"heads": 2}, (4, 6), FLAT),
    "positions": twins("positional_encoding", {"kind": "learned"}, (4, 6), FLAT),
}


@pytest.mark.parametrize("name", REPEATED)
def test_any_layer_may_share_its_weights(name: str) -> None:
    compare(REPEATED[name], Spec("sgd", {"rate": 0.01}), 2, idle=("key_bias",))


def test_a_flattened_image_and_a_vector_through_one_dense_layer() -> None:
    graph = chain(("input", {"size": (2, 3, 4)}), ("prelu", {}), ("flatten", {}), ("dense", {"units": 24}),
                  ("tanh", {}), ("dense", {"units": 24}), ("dense", {"units": 3}), CE)  # fmt: skip
    compare(graph.share("n5", "n3"), SGD, 2)


def test_one_kernel_with_two_strides() -> None:
    """Turned round for either: at a stride of one its cells are in reverse order."""
    conv: dict[str, Any] = {"filters": 3, "kernel": (3, 2), "padding": "same"}
    graph = chain(("input", {"size": (3, 7, 6)}), ("prelu", {}), ("conv2d", conv), ("tanh", {}),
                  ("conv2d", {**conv, "stride": (2, 2)}), ("flatten", {}), ("dense", {"units": 3}), CE)  # fmt: skip
    compare(graph.share("n4", "n2"), SGD, 2)
