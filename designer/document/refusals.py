"""Edits that the document refuses: one type each, with what came and the remedy. Nothing has changed then."""

from __future__ import annotations


class EditRefusal(ValueError):
    """An edit that cannot be done. ``reason`` says why, ``remedy`` what to do instead; the message is both."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason, self.remedy = reason, remedy


class LayoutRefusal(EditRefusal):
    """Stored layout or notes that are not what they should be; ``path`` says where."""

    def __init__(self, path: str, expected: str, got: object) -> None:
        super().__init__(f"{path}: expected {expected}, got {str(got)[:80]!r}", "remove the entry from the file")
        self.path, self.expected, self.got = path, expected, got


class UnknownPortRefusal(EditRefusal):
    """The layer has no such port."""

    def __init__(self, node: str, port: str, known: tuple[str, ...]) -> None:
        has = ", ".join(known) if known else "none"
        super().__init__(f"{node!r} has no port {port!r}", f"it has {has}")
        self.node, self.port, self.known = node, port, known


class InsertRefusal(EditRefusal):
    """A layer without both an input and an output cannot stand on a wire."""

    def __init__(self, title: str, missing: str) -> None:
        super().__init__(f"{title} has no {missing}, so it cannot stand on a wire", "drop it beside the wire instead")


class NameRefusal(EditRefusal):
    """An empty name, or one that another layer has."""

    def __init__(self, name: str) -> None:
        reason = f"another layer is called {name!r}" if name else "a layer needs a name"
        super().__init__(reason, "choose another name" if name else "type one, or press Escape to keep the old one")
        self.name = name


class ParameterRefusal(EditRefusal):
    """The layer type has no such parameter."""

    def __init__(self, layer: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{layer} has no parameter {name!r}", "it has " + (", ".join(known) or "none"))
        self.layer, self.name, self.known = layer, name, known


class SettingRefusal(EditRefusal):
    """A training or data setting outside its range."""

    def __init__(self, name: str, expected: str, got: object) -> None:
        super().__init__(f"{name}: expected {expected}, got {got!r}", f"enter {expected}")
        self.name, self.expected, self.got = name, expected, got


class FragmentRefusal(EditRefusal):
    """Clipboard text that is no piece of a network."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the clipboard holds no layers ({reason})", "copy some layers first")
        self.why = reason


class ConvertRefusal(EditRefusal):
    """A setting that cannot be drawn as nodes, or nodes that cannot become a setting."""


class UnknownItemRefusal(EditRefusal):
    """A frame, group or note that is not there."""

    def __init__(self, kind: str, item: str) -> None:
        super().__init__(f"there is no {kind} {item!r}", "it may have been deleted; undo brings it back")
        self.kind, self.item = kind, item
