"""``python -m tests.e2e.readme_pictures``: the pictures of the README, made by the program itself, offscreen."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.e2e.screenshots import Studio

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "readme"
SIZE = (1440, 900)


def vanishing(s: Studio, activation: str = "") -> None:
    """*Vanishing gradients* while it trains, with another activation in all hidden layers if one is named."""
    from designer.document.verbs.setup import set_training

    s.open("vanishing_gradients")
    if activation:
        s.window.set_hidden_activation(activation)
    s.window.top_bar.flow.show_value("grad")
    s.window.feed.show_mode("grad")
    # Long enough that the picture is of a training, not of its end.
    s.window.document.store.apply("Set epochs", set_training, "epochs", 2000)
    s.window.show_panel("waterfall" if activation else "autopsy")
    s.window.document.selection.show(("h1",))
    bridge = s.window.document.bridge
    bridge.run()
    s.wait(60, lambda: bridge.frame.status is not None and bridge.frame.status.epoch > 110)
    # What each unit draws is up to a second older than the curves: a picture must not show both of them apart.
    reached = bridge.frame.status.step if bridge.frame.status is not None else 0
    s.wait(10, lambda: bridge.frame.snapshot is not None and bridge.frame.snapshot.step > reached)
    s.wait(0.3)
    if activation:
        s.window.notice.clear()  # its hint speaks of the sigmoid
        s.app.processEvents()


def fashion(s: Studio) -> None:
    """*Fashion CNN* while it trains: feature maps of the first convolution."""
    s.open("fashion_cnn")
    s.window.top_bar.flow.show_value("both")
    s.window.feed.show_mode("both")
    bridge = s.window.document.bridge
    bridge.run()
    s.wait(120, lambda: len(bridge.frame.epochs) > 1)
    s.window.show_panel("maps")
    s.wait(1.0)


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        studio = Studio(FOLDER, Path(home))
        for name, arrange, theme in (
            ("gradloom_dark", vanishing, "dark"),
            ("gradloom_light", lambda s: vanishing(s, "relu"), "light"),
            ("fashion_dark", fashion, "dark"),
        ):
            studio.look(SIZE, theme, "en")
            arrange(studio)
            # At once: a second later a small net is a thousand epochs on.
            studio.window.grab().save(str(FOLDER / f"{name}.png"))
            studio.window.document.bridge.pause()
        studio.close()


if __name__ == "__main__":
    main()
