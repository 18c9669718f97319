"""Networks to begin with, by id: ``TEMPLATES["lenet5"].make()`` gives a document that is drawn, wired and can train.

Each is made by a pure function from the layers' own defaults, so that it follows them. Nothing is placed; the window
lays it out with the sizes of its cards.
"""

from designer.document.templates.dense_nets import DENSE
from designer.document.templates.image_nets import IMAGE
from designer.document.templates.sequence_nets import SEQUENCE
from designer.document.templates.sketch import Template

TEMPLATES: dict[str, Template] = {t.id: t for t in (*DENSE, *IMAGE, *SEQUENCE)}

__all__ = ["TEMPLATES", "Template"]
