"""The main job with a real mouse: draw, wire, set, run, watch, save, open again, undo everything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.desktop import Desktop, Program

PICTURES = Path(__file__).resolve().parent / "screenshots"
pytestmark = pytest.mark.timeout(300)


def shoot(program: Program, name: str) -> None:
    assert program.ask("picture", path=str(PICTURES / f"e2e_{name}.png"))


def test_draw_train_save_reopen_undo(desktop: Desktop, start: Callable[..., Program], tmp_path: Path) -> None:
    program = start()
    assert program.state["page"] == 0, "the first start shows the start page"
    shoot(program, "1_start")
    desktop.key("ctrl+n")
    program.wait(lambda: program.state["page"] == 1)

    # Drag four layers from the palette.
    for layer, place in (("input", 0.12), ("dense", 0.36), ("dense", 0.6), ("output", 0.84)):
        desktop.drag(program.ask("palette", layer=layer), program.ask("canvas", x=place, y=0.4))
    program.wait(lambda: len(program.state["nodes"]) == 4)
    names = list(program.state["nodes"])
    assert names == ["Input", "Dense 1", "Dense 2", "Output"]
    assert program.state["errors"], "unwired layers are mistakes, said so at once"
    shoot(program, "2_dragged")

    # Wire them, once backwards.
    wired = program.state["edges"]
    for source, target in (("Input", "Dense 1"), ("Dense 1", "Dense 2")):
        if [source, target] not in wired:
            desktop.drag(program.ask("port", name=source, side="out"), program.ask("port", name=target, side="in"))
    if ["Dense 2", "Output"] not in wired:
        desktop.drag(program.ask("port", name="Output", side="in"), program.ask("port", name="Dense 2", side="out"))
    chain = [["Dense 1", "Dense 2"], ["Dense 2", "Output"], ["Input", "Dense 1"]]
    program.wait(lambda: program.state["edges"] == chain)
    shoot(program, "3_wired")

    # Inspector: eight tanh units, then one sigmoid unit and its loss.
    desktop.click(program.ask("node", name="Dense 1"))
    program.wait(lambda: program.state["selected"] == ["Dense 1"])
    set_number(desktop, program, "inspector.node.form.rows.units.editor.edit", "8")
    program.wait(lambda: program.state["nodes"]["Dense 1"][1].get("units") == "8")
    choose(desktop, program, "inspector.node.form.rows.activation.editor", "tanh")
    program.wait(lambda: "tanh" in program.state["nodes"]["Dense 1"][1].get("activation", ""))
    desktop.click(program.ask("node", name="Dense 2"))
    program.wait(lambda: program.state["selected"] == ["Dense 2"])
    set_number(desktop, program, "inspector.node.form.rows.units.editor.edit", "1")
    choose(desktop, program, "inspector.node.form.rows.activation.editor", "Sigmoid")
    choose(desktop, program, "top_bar.loss", "binary")
    program.wait(lambda: "binary_cross_entropy" in program.state["nodes"]["Output"][1].get("loss", ""))
    assert not program.state["errors"]
    set_number(desktop, program, "top_bar.epochs.edit", "400000")
    shoot(program, "4_set")

    # Run: the plots move.
    desktop.click(program.ask("widget", path="top_bar.run"))
    program.wait(lambda: program.state["run"] == "running")
    program.wait(lambda: program.state["points"] > 5 and bool(program.state["profile"]) and program.state["epochs"] > 2)
    before = program.state
    program.wait(lambda: program.state["step"] > before["step"] + 20 and program.state["profile"] != before["profile"])
    program.wait(lambda: program.state["points"] > before["points"])
    assert "validation" in program.state["curves"]
    assert program.state["pictures"] >= 3
    shoot(program, "5_training")
    desktop.click(program.ask("widget", path="top_bar.run"))
    program.wait(lambda: program.state["run"] == "paused")

    # Save, leave, open again: the same network, trained as far as it was.
    path = tmp_path / "mine.gradloom"
    desktop.key("ctrl+s")
    desktop.xdo("search", "--sync", "--onlyvisible", "--name", "Save as")
    desktop.key("ctrl+a")
    desktop.type(str(path))
    desktop.key("Return")
    program.wait(lambda: path.exists() and not program.state["modified"])
    kept = program.state
    assert kept["title"].startswith("mine.gradloom")

    # Undo everything, redo everything.
    undo_all(desktop, program)
    assert program.state["nodes"] == {} and program.state["edges"] == []
    shoot(program, "6_undone")
    for _ in range(kept["undo"]):
        desktop.key("ctrl+shift+z")
    program.wait(lambda: program.state["undo"] == kept["undo"])
    assert program.state["nodes"] == kept["nodes"] and program.state["positions"] == kept["positions"]
    assert not program.state["modified"]
    desktop.key("ctrl+q")
    program.process.wait(20)
    assert program.process.returncode == 0

    again = start(str(path))
    again.wait(lambda: again.state["run"] == "paused", 30)
    found = again.state
    for part in ("nodes", "edges", "positions", "step", "epochs"):
        assert found[part] == kept[part], part
    shoot(again, "7_opened_again")
    desktop.key("ctrl+q")
    again.process.wait(20)
    noise = [line for line in again.errors.read_text().splitlines() if "Warning" in line or "Traceback" in line]
    assert not noise, noise


def set_number(desktop: Desktop, program: Program, path: str, text: str) -> None:
    desktop.click(program.ask("widget", path=path))
    desktop.key("ctrl+a")
    desktop.type(text)
    desktop.key("Return")


def choose(desktop: Desktop, program: Program, path: str, text: str) -> None:
    """Opens a drop-down, types the beginning of an entry and takes it."""
    desktop.click(program.ask("widget", path=path))
    desktop.type(text)
    desktop.key("Return")


def undo_all(desktop: Desktop, program: Program) -> None:
    for _ in range(program.state["undo"]):
        desktop.key("ctrl+z")
    program.wait(lambda: program.state["undo"] == 0)
