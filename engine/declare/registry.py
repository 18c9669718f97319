"""Registries: a file, a class, a docstring. Importing the package's files registers what they declare."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar

from engine.declare.param import Param, ParamError
from engine.declare.value import Spec, Value


class UnknownTypeError(KeyError):
    """No such name in a registry; the message lists what there is and the nearest name."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        self.message = f"unknown {kind} {name!r}{hint} (known: {', '.join(known)})"
        self.kind, self.name, self.known = kind, name, known
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


class Declared:
    """Base of everything declared: subclasses name an ``id`` and hold Param class attributes.

    ``Conv2D(filters=32).filters == 32``; unknown names and bad values raise ParamError naming the parameter.
    """

    id: ClassVar[str] = ""
    version: ClassVar[int] = 1
    title: ClassVar[str] = ""
    params: ClassVar[Mapping[str, Param]] = {}

    def __init_subclass__(cls, *, id: str = "", version: int = 1, title: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {
            k: replace(v, name=k, label=v.label or k.replace("_", " "))
            for k, v in vars(cls).items()
            if isinstance(v, Param)
        }
        # Its own come first: a form opens with the units, not with what all layers with a kernel share.
        inherited = (vars(base).get("params", {}) for base in cls.__mro__[1:])
        cls.params = dict(own)
        for params in inherited:
            cls.params = {**cls.params, **{k: v for k, v in params.items() if k not in cls.params}}
        for name, param in own.items():
            setattr(cls, name, param.default)
        cls.id, cls.version, cls.title = id, version, title or cls.__name__

    def __init__(self, **values: object) -> None:
        for name, value in values.items():
            param = self.params.get(name)
            if param is None:
                raise ParamError(self.id, name, "one of " + (", ".join(self.params) or "no parameters"), value)
            setattr(self, name, param.check(self.id, value))

    def spec(self) -> Spec:
        """This instance as a storable choice; defaults left out."""
        return Spec(self.id, self.changed())

    def changed(self) -> dict[str, Value]:
        """The parameters that differ from their declared default."""
        return {k: getattr(self, k) for k, p in self.params.items() if getattr(self, k) != p.default}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.changed().items())})"


D = TypeVar("D", bound=Declared)


class Registry(Generic[D]):
    """Names to classes. The package's modules are imported at the first look-up, in name order."""

    def __init__(self, kind: str, package: str) -> None:
        self.kind, self.package = kind, package
        self._classes: dict[str, type[D]] = {}
        self._loaded = self._loading = False
        # A window looks up names while a worker does: neither may see half a registry.
        self._lock = threading.RLock()

    def add(self, cls: type[D]) -> type[D]:
        """Class decorator. A declaration without id or docstring, or with an id already taken, is refused."""
        if not cls.id or not (cls.__doc__ or "").strip():
            raise TypeError(f"{self.kind} {cls.__name__} needs an id and a docstring that opens with its formula")
        if cls.id in self._classes:
            raise TypeError(
                f"{self.kind} id {cls.id!r} is declared twice: {self._classes[cls.id].__name__}, {cls.__name__}"
            )
        self._classes[cls.id] = cls
        return cls

    def _load(self) -> dict[str, type[D]]:
        if self._loaded:
            return self._classes
        with self._lock:
            if not self._loaded and not self._loading:
                self._loading = True
                try:
                    package = importlib.import_module(self.package)
                    for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
                        importlib.import_module(f"{self.package}.{module}")
                    self._loaded = True
                finally:
                    self._loading = False
        return self._classes

    def __getitem__(self, name: str) -> type[D]:
        found = self._load().get(name)
        if found is None:
            raise UnknownTypeError(self.kind, name, sorted(self._classes))
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._load()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._load()))

    def __len__(self) -> int:
        return len(self._load())

    def classes(self) -> list[type[D]]:
        """All registered classes in id order."""
        return [self[name] for name in self]

    def make(self, spec: Spec | str) -> D:
        """An instance from a stored choice; UnknownTypeError or ParamError says what is wrong with it."""
        spec = Spec(spec) if isinstance(spec, str) else spec
        return self[spec.type](**dict(spec.params))
