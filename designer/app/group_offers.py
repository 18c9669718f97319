"""What the inspector offers for a selected group: open, ungroup, repeat, keep as a block."""

from __future__ import annotations

from designer.canvas import Canvas
from designer.canvas.blocks import save_block
from designer.canvas.repeat_box import open_repeat
from designer.inspector.group_head import GroupHead
from widgets.i18n import tr


def offer_group(head: GroupHead, canvas: Canvas) -> None:
    """Buttons, and layers that lead inside."""
    head.reveal_wanted.connect(canvas.reveal)
    head.offer(lambda: tr("Open"), canvas.groups.open_chosen)
    head.offer(lambda: tr("Ungroup"), canvas.groups.ungroup)
    head.offer(lambda: tr("Repeat…"), lambda: open_repeat(canvas))
    head.offer(lambda: tr("Save as block…"), lambda: save_block(canvas))
