"""About: what this is, its version and what it stands on."""

from __future__ import annotations

import platform
from importlib import metadata

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QMessageBox, QWidget

from widgets.i18n import tr


def version() -> str:
    """The installed version."""
    try:
        return metadata.version("gradloom")
    except metadata.PackageNotFoundError:
        return "0"


def about_text() -> str:
    """What the box says."""
    numpy = metadata.version("numpy")
    figures = f"Gradloom {version()} · Python {platform.python_version()} · Qt {qVersion()} · NumPy {numpy}"
    lines = (
        tr("Draw a neural network, train it, and see what the training does to it: above all where the gradient goes."),
        figures,
        tr("MIT licence. Icons: Lucide (ISC)."),
    )
    return "".join(f"<p>{line}</p>" for line in lines)


def show_about(parent: QWidget) -> None:
    """The box."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, tr("About Gradloom"), about_text(), parent=parent)
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    box.exec()
    box.deleteLater()
