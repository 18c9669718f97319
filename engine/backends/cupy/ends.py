"""Losses as CUDA C over one sample: ``y`` (K numbers), its target ``t``; they set ``value`` and, per k, ``d[k]``.

``d`` is the gradient of the sample's own loss times ``share``, the head's weight over the samples of the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.backends.cupy.units import number
from engine.losses import Loss
from engine.plan import Head, Plan
from engine.primitives import size

_ALL = "for (int k = 0; k < K; k++)"
_LOG_SUM = (
    f"real top = y[0]; {_ALL} top = larger(y[k], top); real all = 0; {_ALL} all += exp(y[k] - top);"
    " real base = log(all);"
)


def _each(value: str, gradient: str, whole: str = "value / K") -> Callable[[Any], str]:
    """A mean over the outputs; ``r`` is the difference to the target."""
    text = f"{_ALL} {{ real r = y[k] - t[k]; value += {value}; d[k] = ({gradient}) * share; }} value = {whole};"
    return lambda _: text


def _huber(loss: Any) -> str:
    delta = number(loss.delta)
    near = f"(fabs(r) > {delta} ? {delta} : fabs(r))"
    return _each(f"{near} * (fabs(r) - {near} / 2)", f"bounded(r, -{delta}, {delta}) / K")(loss)


def _binary(loss: Any) -> str:
    s = loss.label_smoothing
    q = f"(t[k] * {number(1 - s)} + {number(s / 2)})" if s else "t[k]"
    own = f"(y[k] <= 0 ? (real)0 : y[k]) - {q} * y[k] + log1p(exp(-fabs(y[k])))"
    return _each(own, f"(logistic(y[k]) - {q}) / K")(loss)


def _hinge(loss: Any) -> str:
    return (
        f"{_ALL} {{ real s = t[k] > 0 ? (real)1 : (real)-1; real m = {number(loss.margin)} - s * y[k];"
        " value += m <= 0 ? (real)0 : m; d[k] = (m > 0 ? -s : (m <= 0 ? (real)0 : m)) / K * share; } value = value / K;"
    )


def _binary_focal(loss: Any) -> str:
    gamma, one, zero = number(loss.gamma), number(loss.alpha), number(1 - loss.alpha)
    return (
        f"{_ALL} {{ real lp = log_logistic(y[k]), lq = log_logistic(-y[k]), p = exp(lp), q = exp(lq);"
        f" real a = {one} * t[k] * exp({gamma} * lq), b = {zero} * (1 - t[k]) * exp({gamma} * lp);"
        f" value -= a * lp + b * lq;"
        f" d[k] = (a * ({gamma} * p * lp - q) - b * ({gamma} * q * lq - p)) / K * share; }} value = value / K;"
    )


def _cross_entropy(loss: Any) -> str:
    s, weights = float(loss.label_smoothing), getattr(loss, "weights", None)
    own = "" if weights is None else f"const real F[] = {{{', '.join(number(w) for w in weights)}}}; "
    factor = "1" if weights is None else "F[k]"
    text = f"{own}{_LOG_SUM} real kept = 0;"
    text += f" {_ALL} {{ real q = (k == t ? {number(1 - s)} : (real)0) + {number(s)} / K; q *= {factor}; kept += q;"
    text += " value -= q != 0 ? q * (y[k] - top - base) : 0 * y[k]; d[k] = -q; }"
    return text + f" {_ALL} d[k] = (d[k] + exp(y[k] - top - base) * kept) * share;"


def _focal(loss: Any) -> str:
    gamma = number(loss.gamma)
    return (
        f"{_LOG_SUM} real lp = y[t] - top - base, rest = -expm1(lp), ratio = rest > 0 ? lp / rest : (real)-1;"
        f" value = -(pow(rest, {gamma}) * lp); real slope = pow(rest, {gamma}) * ({gamma} * exp(lp) * ratio - 1);"
        f" {_ALL} d[k] = ((k == t ? slope : (real)0) - exp(y[k] - top - base) * slope) * share;"
    )


def _margins(loss: Any) -> str:
    return (
        f"real count = 0; {_ALL} {{ real m = k == t ? y[k] - y[t] : {number(loss.margin)} - y[t] + y[k];"
        " value += m <= 0 ? (real)0 : m; real up = (k == t || m <= 0) ? (real)0 : (real)1; count += up;"
        " d[k] = up / K * share; } value = value / K; d[t] = -count / K * share;"
    )


def _kl(_: Any) -> str:
    return (
        f"{_LOG_SUM} real all_t = 0; {_ALL} all_t += t[k];"
        f" {_ALL} {{ real lp = y[k] - top - base; value += t[k] * log(t[k] == 0 ? (real)1 : t[k]) - t[k] * lp;"
        " d[k] = (exp(lp) * all_t - t[k]) * share; }"
    )


def _cosine(_: Any) -> str:
    return (
        f"real aa = 0, bb = 0; {_ALL} {{ aa += y[k] * y[k]; bb += t[k] * t[k]; }}"
        " real length = sqrt(aa), floor_a = larger(length, (real)1e-8), floor_b = larger(sqrt(bb), (real)1e-8);"
        f" real along = 0; {_ALL} along += (y[k] / floor_a) * (t[k] / floor_b); value = 1 - along;"
        " if (length < (real)1e-8) along = 0;"
        f" {_ALL} d[k] = (along * (y[k] / floor_a) - t[k] / floor_b) / floor_a * share;"
    )


_ENDS: dict[str, Callable[[Any], str]] = {
    "mse": _each("r * r", "r * ((real)2 / K)"),
    "half_squared": _each("r * r", "r", "value / 2"),
    "mae": _each("fabs(r)", "sign_of(r) / K"),
    "huber": _huber,
    "binary_cross_entropy": _binary,
    "hinge": _hinge,
    "binary_focal": _binary_focal,
    "softmax_cross_entropy": _cross_entropy,
    "weighted_cross_entropy": _cross_entropy,
    "focal": _focal,
    "multiclass_hinge": _margins,
    "kl": _kl,
    "cosine": _cosine,
}


def end_refusal(plan: Plan, head: Head) -> str:
    """Empty where there is a text for the head's loss on its prediction."""
    shape = plan.values[head.prediction].shape
    if head.loss.id not in _ENDS:
        return f"the loss {head.loss.id!r}"
    over_classes = head.loss.target == "classes" or head.loss.id == "kl"
    return f"{head.loss.id!r} over positions" if over_classes and size(shape[1:]) > 1 else ""


def end_text(loss: Loss) -> str:
    """Statements for one sample."""
    return _ENDS[loss.id](loss)


def hit_text(loss: Loss) -> str:
    """Statements that set ``hit`` from y and t, as engine.backends.records counts."""
    if loss.target == "classes":
        return f"int best = 0; {_ALL} if (y[k] > y[best]) best = k; hit = best == t;"
    return f"hit = 1; {_ALL} if ((y[k] > 0) != (t[k] > (real)0.5)) hit = 0;"
