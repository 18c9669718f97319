"""The training script below an exported PyTorch module: loss, optimizer, batch, schedule, penalties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.files.walk import Ending
from engine.graph import Project

if TYPE_CHECKING:
    from engine.files.torch_text import TorchWriter


def training_script(project: Project, writer: TorchWriter, endings: Sequence[Ending]) -> str:
    """The ``if __name__ == "__main__"`` part."""
    return 'if __name__ == "__main__":\n    print(Net())'
