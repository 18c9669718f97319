"""``python -m tests.e2e.screenshots [folder] [--only WORD]``: the states worth looking at, as pictures, offscreen.

Sizes 1280x800, 1440x900, 3840x2160; dark and light; English and Korean; start page, empty document, training, error,
own data, finished. They are for eyes: lay them beside the drawing of the main window.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

FOLDER = Path(__file__).resolve().parent / "screenshots"
CSV = "length,width,colour,kind\n" + "".join(
    f"{5 + k % 3},{3 - k % 2},{('red', 'blue')[k % 2]},{('setosa', 'versicolor', 'virginica')[k % 3]}\n"
    for k in range(60)
)


class Studio:
    """One window, arranged for one picture after the other."""

    def __init__(self, folder: Path, home: Path) -> None:
        from PySide6.QtCore import QSettings

        from designer.app.looks import Looks
        from designer.app.main import make_application
        from designer.app.main_window import MainWindow
        from designer.app.settings import Settings
        from designer.session.collector import Collector

        self.folder, self.home = folder, home
        self.app = make_application()
        self.collector = Collector(self.app)  # as in the program: a worker that collects Qt objects crashes
        self.settings = Settings(QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat))
        self.settings.language, self.settings.theme = "en", "dark"
        Looks(self.settings).apply()
        self.window = MainWindow(self.settings)
        self.window.show()
        self.window.finish()

    def wait(self, seconds: float, condition: Callable[[], bool] = lambda: False) -> None:
        """Lets the program live."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not condition():
            self.app.processEvents()
            time.sleep(0.005)

    def look(self, size: tuple[int, int], theme: str, language: str) -> None:
        """Size, theme and language."""
        self.window.looks.choose_theme(theme)  # type: ignore[arg-type]
        self.window.looks.choose_language(language)  # type: ignore[arg-type]
        self.window.resize(*size)
        self.window.reset_layout()
        self.wait(0.2)

    def open(self, sample: str) -> None:
        """One of the samples, with its data."""
        self.window.document.store.mark_saved()
        self.window.open_sample(sample)
        self.wait(10, lambda: self.window.document.name == sample and self.window.document.loader.dataset is not None)
        self.wait(0.3)

    def close(self) -> None:
        """Every tab at rest and saved: nobody is there to answer what closing would ask."""
        desks = self.window.desks.all
        for desk in desks:
            desk.document.bridge.pause()
        self.wait(60, lambda: not any(d.document.bridge.state.busy for d in desks))
        for desk in desks:
            desk.document.store.mark_saved()
        self.window.close()

    def shoot(self, name: str) -> None:
        """Writes the picture."""
        self.wait(0.5)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.window.grab().save(str(self.folder / f"{name}.png"))
        print(self.folder / f"{name}.png", flush=True)


def start_page(s: Studio) -> None:
    s.window.document.new()
    s.window.show_start_page()
    s.wait(1.5)


def empty(s: Studio) -> None:
    s.window.document.new()
    s.window.show_canvas()


def vanishing(s: Studio) -> None:
    s.open("vanishing_gradients")
    s.window.top_bar.flow.show_value("grad")
    s.window.feed.show_mode("grad")
    s.window.document.bridge.run()
    s.wait(
        30,
        lambda: s.window.document.bridge.frame.status is not None and s.window.document.bridge.frame.status.epoch > 40,
    )
    s.window.document.selection.show(("h1",))
    s.wait(0.6)


def fashion(s: Studio) -> None:
    s.open("fashion_cnn")
    s.window.show_panel("maps")
    s.window.document.bridge.run()
    s.wait(
        25,
        lambda: s.window.document.bridge.frame.status is not None and s.window.document.bridge.frame.status.step > 60,
    )


def error(s: Studio) -> None:
    from designer.document.verbs.nodes import remove_nodes

    s.open("mnist_cnn")
    nodes = s.window.document.store.state.graph.nodes
    flat = next(n.id for n in nodes.values() if n.type == "flatten")
    s.window.document.store.apply("x", remove_nodes, (flat,))
    s.window.show_panel("problems")


def mistaken(s: Studio) -> None:
    from designer.document.verbs.setup import set_data_field
    from engine.declare import Spec

    s.open("spiral")
    s.window.document.store.apply("x", set_data_field, "source", Spec("iris"))
    s.wait(2)
    s.window.document.bridge.run()
    s.wait(5, lambda: s.window.document.bridge.state.name == "failed")


def finished(s: Studio) -> None:
    from designer.document.verbs.setup import set_training

    s.open("digits_mlp")
    s.window.document.store.apply("x", set_training, "epochs", 6)
    s.window.show_panel("answers")
    s.window.document.bridge.run()
    s.wait(40, lambda: s.window.document.bridge.state.name == "finished")
    s.wait(0.5)


def boundary(s: Studio) -> None:
    s.open("spiral")
    s.window.show_panel("boundary")
    s.window.document.bridge.run()
    s.wait(40, lambda: len(s.window.document.bridge.frame.epochs) > 30)


def own_data(s: Studio) -> None:
    from designer.panels.data_dialog import DataDialog

    path = s.home / "flowers.csv"
    path.write_text(CSV)
    s.window.document.new()
    s.window.show_canvas()
    s.window.offer_data(path)
    s.wait(2)
    dialog = s.window.findChild(DataDialog)
    assert dialog is not None
    dialog.grab().save(str(s.folder / "own_data.png"))
    dialog.reject()


DARK, LIGHT = "dark", "light"
SMALL, USUAL, LARGE = (1280, 800), (1440, 900), (3840, 2160)
SHOTS: list[tuple[str, Callable[[Studio], None], tuple[int, int], str, str]] = [
    ("start_dark", start_page, USUAL, DARK, "en"),
    ("start_light_ko", start_page, USUAL, LIGHT, "ko"),
    ("empty_dark", empty, USUAL, DARK, "en"),
    ("vanishing_dark", vanishing, USUAL, DARK, "en"),
    ("vanishing_light", vanishing, USUAL, LIGHT, "en"),
    ("vanishing_dark_ko", vanishing, USUAL, DARK, "ko"),
    ("vanishing_small", vanishing, SMALL, DARK, "en"),
    ("vanishing_large", vanishing, LARGE, DARK, "en"),
    ("fashion_dark", fashion, USUAL, DARK, "en"),
    ("fashion_small_light", fashion, SMALL, LIGHT, "en"),
    ("error_dark", error, USUAL, DARK, "en"),
    ("mistaken_light", mistaken, USUAL, LIGHT, "en"),
    ("finished_dark", finished, USUAL, DARK, "en"),
    ("boundary_light", boundary, USUAL, LIGHT, "en"),
    ("own_data_dark", own_data, USUAL, DARK, "en"),
]


def main() -> int:
    """Every picture whose name contains the word."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        studio = Studio(options.folder, Path(home))
        options.folder.mkdir(parents=True, exist_ok=True)
        for name, arrange, size, theme, language in SHOTS:
            if options.only in name:
                studio.look(size, theme, language)
                arrange(studio)
                studio.shoot(name)
        studio.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
