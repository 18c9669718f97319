"""The sliding window as a layer's settings: what "same" means, what fits, and how the output's size comes about."""

from __future__ import annotations

from dataclasses import dataclass

from engine.layers.base import Fix, ShapeRefusal
from engine.primitives import Shape
from engine.primitives.window import Pads, Pair, Window, out_length

PADDINGS = ("same", "valid", "explicit")
PADDING_HELP = "same: output = input / stride, rounded up; valid: no padding; explicit: as much as set below."


@dataclass(frozen=True)
class Sliding:
    """A window with its padding rule. ``name`` is the parameter that holds its size ("kernel" or "size")."""

    kernel: Pair
    stride: Pair
    padding: str
    pads: Pads
    dilation: Pair = (1, 1)
    name: str = "kernel"

    @property
    def reach(self) -> Pair:
        """Extent on the image, dilation (kernel - 1) + 1."""
        return (self.dilation[0] * (self.kernel[0] - 1) + 1, self.dilation[1] * (self.kernel[1] - 1) + 1)

    def resolved(self, image: Shape) -> Pads:
        """Rows and columns to add: top, left, bottom, right. "same" is ONNX's SAME_UPPER: the odd one goes behind."""
        if self.padding == "valid":
            return (0, 0, 0, 0)
        if self.padding == "explicit":
            return self.pads
        totals = [
            max((-(-length // s) - 1) * s + reach - length, 0)
            for length, s, reach in zip(image[-2:], self.stride, self.reach, strict=True)
        ]
        top, left = totals[0] // 2, totals[1] // 2
        return (top, left, totals[0] - top, totals[1] - left)

    def window(self, image: Shape) -> Window:
        """The geometry for an image of this size."""
        return Window(self.kernel, self.stride, self.resolved(image), self.dilation)

    def out(self, image: Shape) -> Pair:
        """(..., H, W) -> (Ho, Wo); ShapeRefusal where the window does not fit the padded image."""
        out = self.window(image).out(image)
        if min(out) < 1:
            raise self._refusal(image)
        return out

    def _refusal(self, image: Shape) -> ShapeRefusal:
        top, left, bottom, right = self.resolved(image)
        room = (image[-2] + top + bottom, image[-1] + left + right)
        largest = tuple(
            max(1, min(k, (r - 1) // d + 1)) for k, r, d in zip(self.kernel, room, self.dilation, strict=True)
        )
        template = "{what} {kernel} does not fit a {h} x {w} input"
        if self.reach != self.kernel:
            template = "{what} {kernel} with dilation {dilation} spans {reach} and does not fit a {h} x {w} input"
        if any((top, left, bottom, right)):
            template += ", padded to {room}"
        return ShapeRefusal(
            "a window that fits the image",
            template,
            {
                "what": self.name,
                "kernel": times(self.kernel),
                "dilation": times(self.dilation),
                "reach": times(self.reach),
                "h": image[-2],
                "w": image[-1],
                "room": times(room),
            },
            expected=f"at most {times(largest)}",
            got=times(self.kernel),
            fixes=(
                Fix('Padding "same"', "set_param", {"name": "padding", "value": "same"}),
                Fix(f"{self.name} {times(largest)}", "set_param", {"name": self.name, "value": largest}),
            ),
        )

    def explain(self, image: Shape) -> str:
        """``28 - 3 + 1 = 26``; one sentence for both axes where they agree."""
        rows, columns = self.explain_axis(image, 0), self.explain_axis(image, 1)
        return rows if rows == columns else f"height: {rows}; width: {columns}"

    def explain_axis(self, image: Shape, axis: int) -> str:
        """The size along one axis: 0 is the height, 1 the width."""
        pads, length = self.resolved(image), image[axis - 2]
        before, after = pads[axis], pads[axis + 2]
        kernel, stride, dilation, reach = self.kernel[axis], self.stride[axis], self.dilation[axis], self.reach[axis]
        out = out_length(length, kernel, stride, dilation, before, after)
        if self.padding == "same":
            how = f"ceil({length} / {stride}) = {out}" if stride > 1 else f"{length} stays {out}"
            return how + (f" (padded {before} before, {after} after)" if before or after else "")
        spread = f"kernel spans {dilation} x ({kernel} - 1) + 1 = {reach}: " if dilation > 1 else ""
        room = str(length) + "".join(f" + {pad}" for pad in (before, after) if pad)
        if stride == 1:
            return f"{spread}{room} - {reach} + 1 = {out}"
        return f"{spread}floor(({room} - {reach}) / {stride}) + 1 = {out}"

    def summary(self) -> list[str]:
        """``["3x3", "same", "stride 2"]``."""
        words = ["x".join(map(str, self.kernel)), self.padding]
        if self.padding == "explicit":
            words[1] = "pads " + " ".join(map(str, self.pads))
        if self.stride != (1, 1):
            words.append("stride " + _short(self.stride))
        if self.dilation != (1, 1):
            words.append("dilation " + _short(self.dilation))
        return words


def times(pair: Shape) -> str:
    """``3 x 5``."""
    return " x ".join(map(str, pair))


def _short(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else "x".join(map(str, pair))
