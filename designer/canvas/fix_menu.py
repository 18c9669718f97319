"""What a problem's badge offers: each sentence, and below it the repairs, done by one click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from designer.document.verbs import apply_fix
from engine.analysis import Problem
from engine.layers import Fix
from widgets.i18n import tr, tr_declared
from widgets.icons import icon

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


def offer_fixes(canvas: Canvas, node: str) -> QMenu | None:
    """The menu at the card's badge; None if the card has no problem."""
    problems = canvas.analyst.analysis.by_node.get(node, ())
    if not problems or node not in canvas.scene_.nodes:
        return None
    menu = QMenu(canvas)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for problem in problems:
        menu.addSection(tr_declared(problem.template).format(**problem.values))
        for fix in problem.fixes:
            action = menu.addAction(icon("check"), tr_declared(fix.label))
            action.triggered.connect(lambda _=False, p=problem, f=fix: do_fix(canvas, p, f))
        if not problem.fixes:
            menu.addAction(tr("Nothing to do by a click")).setEnabled(False)
    item = canvas.scene_.cards.get(canvas.scene_.sheet.card_of(node) or "") or canvas.scene_.nodes[node]
    badge = item.badge().translated(item.pos())
    menu.popup(canvas.viewport().mapToGlobal(canvas.mapFromScene(badge.bottomLeft()) + QPoint(0, 4)))
    first = next((a for a in menu.actions() if a.isEnabled() and not a.isSeparator()), None)
    if first is not None:
        menu.setActiveAction(first)
    return menu


def do_fix(canvas: Canvas, problem: Problem, fix: Fix) -> bool:
    """One undo step, shown as motion; what it added is selected."""
    before = canvas.store.state.graph.nodes.keys()
    sizes = canvas.scene_.sizes(roomy=True)
    done = canvas.glide(tr_declared(fix.label), apply_fix, problem.node, problem.port, fix, sizes)
    added = [n for n in canvas.store.state.graph.nodes if n not in before]
    if done and (added or problem.node in canvas.store.state.graph.nodes):
        canvas.selection.show(added or (problem.node,))
    return done
