"""The activations: those layers that draw as nodes and also serve as a setting of Dense and convolutions."""

from __future__ import annotations

from collections.abc import Iterator

from engine.declare import Spec, UnknownTypeError
from engine.layers.base import LAYERS, Layer


class ActivationView:
    """The layers of group "activation", with the interface of a Registry. Holds nothing of its own."""

    kind = "activation"

    def __getitem__(self, name: str) -> type[Layer]:
        if name not in self:
            raise UnknownTypeError(self.kind, name, list(self))
        return LAYERS[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in LAYERS and LAYERS[name].group == "activation"

    def __iter__(self) -> Iterator[str]:
        return (name for name in LAYERS if LAYERS[name].group == "activation")

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def classes(self) -> list[type[Layer]]:
        """All activation layers in id order."""
        return [LAYERS[name] for name in self]

    def make(self, spec: Spec | str) -> Layer:
        """An instance from a stored choice; UnknownTypeError or ParamError says what is wrong with it."""
        spec = Spec(spec) if isinstance(spec, str) else spec
        return self[spec.type](**dict(spec.params))


ACTIVATIONS = ActivationView()
