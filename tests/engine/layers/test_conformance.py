"""The table over the registry: every layer with every sample, without one more line per layer (DESIGN, section 3)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.layers import LAYERS, Layer, Sample
from engine.primitives import PRIMITIVES
from tests.engine.gradient_check import check_gradient
from tests.engine.layers.parity import inject_randomness, keras_outputs, onnx_outputs, torch_module
from tests.engine.run_program import Net, as_json, context, from_json, layer_net, random_inputs

BATCH = 3
CASES = [pytest.param(cls, s, id=f"{cls.id}-{k}") for cls in LAYERS.classes() for k, s in enumerate(cls.samples)]
RUNNING = [c for c in CASES if c.values[0].inputs]  # all but Input, which has nothing to run
EXPORTED = [c for c in RUNNING if c.values[0].id != "output"]  # an Output is a head, tests/engine/files judge heads
each_case = pytest.mark.parametrize(("cls", "sample"), CASES)
each_running = pytest.mark.parametrize(("cls", "sample"), RUNNING)
each_exported = pytest.mark.parametrize(("cls", "sample"), EXPORTED)


def made(cls: type[Layer], sample: Sample, rng: np.random.Generator) -> tuple[Layer, Net]:
    layer = cls(**sample.params)
    return layer, layer_net(layer, sample.inputs, rng)


@each_case
def test_shape_rule_is_what_is_built_and_what_runs(cls: type[Layer], sample: Sample, rng: np.random.Generator) -> None:
    layer, net = made(cls, sample, rng)
    shape = layer.shape(*sample.inputs)
    assert net.output.shape == shape
    if sample.inputs:
        for batch in (1, BATCH):
            assert net.forward(context(training=batch > 1), *random_inputs(net, rng, batch)).shape == (batch, *shape)


@each_running
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_keeps_the_precision_and_its_inputs(
    cls: type[Layer], sample: Sample, dtype: str, rng: np.random.Generator
) -> None:
    _, net = made(cls, sample, rng)
    net.cast(dtype)
    x = [v if v.dtype.kind == "i" else v.astype(dtype) for v in random_inputs(net, rng, BATCH)]
    for array in (*x, *net.stored.values()):
        array.flags.writeable = False
    ctx = context()
    y = net.forward(ctx, *x)
    assert y.dtype == dtype
    grad = rng.normal(size=y.shape).astype(dtype)
    grad.flags.writeable = False
    assert {g.dtype for g in net.backward(ctx, grad).values()} == {np.dtype(dtype)}


@each_running
def test_gradient_by_differences(cls: type[Layer], sample: Sample, rng: np.random.Generator) -> None:
    _, net = made(cls, sample, rng)
    x = random_inputs(net, rng, BATCH)
    ctx = context()
    factors = rng.normal(size=(BATCH, *net.output.shape))
    net.forward(ctx, *x)
    grads = net.backward(ctx, factors)

    def loss() -> float:
        return float((net.forward(ctx, *x) * factors).sum())

    for k, ref in enumerate(net.inputs):
        if ref.dtype == "float":

            def of_input(value: Any, k: int = k) -> float:
                before, x[k] = x[k], value
                result = loss()
                x[k] = before
                return result

            check_gradient(of_input, x[k], grads[ref.id], rng)
    for w in net.program.weights:

        def of_weight(value: Any, at: int = w.value) -> float:
            before, net.stored[at] = net.stored[at], value
            result = loss()
            net.stored[at] = before
            return result

        check_gradient(of_weight, net.stored[w.value], grads[w.value], rng)


@each_case
def test_parameters_survive_json(cls: type[Layer], sample: Sample) -> None:
    layer = cls(**sample.params)
    stored = json.loads(json.dumps({k: as_json(v) for k, v in layer.spec().params.items()}))
    again = cls(**{k: from_json(v) for k, v in stored.items()})
    assert again.spec() == layer.spec()
    assert LAYERS.make(layer.spec()).changed() == layer.changed()


@each_exported
@pytest.mark.parity("torch")
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 2e-5)])
def test_training_step_equals_torch(
    cls: type[Layer], sample: Sample, dtype: str, tolerance: float, rng: np.random.Generator
) -> None:
    import torch

    layer, net = made(cls, sample, rng)
    net.cast(dtype)
    x = [v if v.dtype.kind == "i" else v.astype(dtype) for v in random_inputs(net, rng, BATCH)]
    ctx = context(update_state=True)
    module, names = torch_module(layer, sample.inputs, net, dtype)
    inject_randomness(module, net, BATCH, ctx)
    tensors = [torch.from_numpy(v.copy()).requires_grad_(v.dtype.kind == "f") for v in x]
    theirs = module.train()(*tensors)
    ours = net.forward(ctx, *x)
    close(ours, theirs, tolerance)
    factors = rng.normal(size=ours.shape).astype(dtype)
    theirs.backward(torch.from_numpy(factors))
    grads = net.backward(ctx, factors)
    for ref, tensor in zip(net.inputs, tensors, strict=True):
        if ref.dtype == "float":
            close(grads[ref.id], tensor.grad, tolerance)
    found = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for their_name, our_name in names.items():
        tensor, value = found[their_name], net.names[our_name]
        if tensor.requires_grad:
            close(grads[value], tensor.grad, tolerance)
        else:
            close(net.stored[value], tensor, tolerance)
    with torch.no_grad():
        close(net.forward(context(training=False), *x), module.eval()(*tensors), tolerance)


def close(ours: Any, theirs: Any, tolerance: float) -> None:
    """Within the tolerance, relative to the larger of 1 and the largest number."""
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= tolerance * max(1.0, np.abs(theirs).max())


@each_exported
@pytest.mark.parity("torch")
def test_counts_equal_torch(cls: type[Layer], sample: Sample, rng: np.random.Generator) -> None:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    layer, net = made(cls, sample, rng)
    module, _ = torch_module(layer, sample.inputs, net, "float64")
    ours = sum(int(np.prod(w.shape)) for w in net.program.weights)
    assert ours == sum(p.numel() for p in module.parameters())
    macs = sum(s.primitive.macs(*(net.program.values[i].shape for i in s.inputs)) for s in net.program.steps)
    x = [torch.from_numpy(v) for v in random_inputs(net, rng, 1)]
    # torch counts matrix products only, so its attention must be made of some
    with FlopCounterMode(display=False) as counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        module.eval()(*x)
    if all(getattr(s.primitive, "groups", 1) == 1 for s in net.program.steps):  # torch's count forgets groups
        assert 2 * macs == counter.get_total_flops()


@each_exported
@pytest.mark.parity("onnx", "onnxruntime")
def test_exported_onnx_gives_the_same(cls: type[Layer], sample: Sample, rng: np.random.Generator) -> None:
    layer, net = made(cls, sample, rng)
    if not layer.has_onnx:
        pytest.skip(f"{layer.title} has no ONNX operator")
    x = random_inputs(net, rng, BATCH)
    ours = net.forward(context(training=False), *x)
    theirs = onnx_outputs(layer, sample.inputs, net, x)
    np.testing.assert_allclose(theirs, ours, rtol=2e-5, atol=2e-5)


@each_exported
@pytest.mark.parity("keras", "torch")
def test_exported_keras_gives_the_same(
    cls: type[Layer], sample: Sample, rng: np.random.Generator, tmp_path: Path
) -> None:
    layer, net = made(cls, sample, rng)
    x = random_inputs(net, rng, BATCH)
    ours = net.forward(context(training=False), *x)
    theirs = keras_outputs(layer, sample.inputs, net, x, tmp_path / "weights.safetensors")
    np.testing.assert_allclose(theirs, ours, rtol=2e-5, atol=2e-5)


@each_case
def test_kept_memory_is_declared(cls: type[Layer], sample: Sample, rng: np.random.Generator) -> None:
    _, net = made(cls, sample, rng)
    if not sample.inputs:
        return
    per_sample = [_saved(net, rng, batch) for batch in (2, 6)]
    for step, few, many in zip(net.program.steps, *per_sample, strict=True):
        shapes = [net.program.values[i].shape for i in step.inputs]
        assert (many - few) // 4 == step.primitive.saved_bytes(8, *shapes), step.primitive.id


def _saved(net: Net, rng: np.random.Generator, batch: int) -> list[int]:
    net.forward(context(), *random_inputs(net, rng, batch))
    return [sum(a.nbytes for a in _arrays(kept)) for kept in net.saved]


def _arrays(kept: Any) -> list[Any]:
    if isinstance(kept, tuple | list):
        return [a for k in kept for a in _arrays(k)]
    return [kept] if isinstance(kept, np.ndarray) else []


@pytest.mark.parametrize("cls", LAYERS.classes(), ids=lambda c: c.id)
def test_declares_what_the_palette_and_the_form_show(cls: type[Layer]) -> None:
    assert cls.title and cls.group
    assert (cls.__doc__ or "").strip().splitlines()[0].count("=") >= 1, "a docstring opens with the formula"
    for p in cls.params.values():
        assert p.label and p.help.endswith((".", "1 = all see all.")), (
            f"{cls.id}.{p.name} needs a label and a help sentence"
        )
        assert p.when is None or p.when[0] in cls.params
    for sample in cls.samples:
        layer = cls(**sample.params)
        if sample.inputs:
            layer.explain(*sample.inputs)
        assert isinstance(layer.summary(), str)


def test_every_primitive_is_reached_by_some_layer() -> None:
    used = set()
    rng = np.random.default_rng(0)
    for cls in LAYERS.classes():
        for sample in cls.samples:
            used |= {s.primitive.id for s in made(cls, sample, rng)[1].program.steps}
    assert used == set(PRIMITIVES)
