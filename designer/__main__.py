"""``gradloom`` and ``python -m designer``: a window, a picture of the canvas, or a command without either.

No argument or a file opens the window; ``export --to svg|png`` draws offscreen; all else goes to engine.cli, and
then nothing of Qt is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise

COMMANDS = ("train", "info", "check", "export", "predict")


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or _is_file(arguments[0]):
        return _window(arguments)
    if arguments[0] == "export" and _picture_wanted(arguments):
        return _picture(arguments)
    from engine.cli import main as command

    return command(arguments)


def _is_file(argument: str) -> bool:
    """A file that is there, or was; a bare word is a command, perhaps a mistyped one."""
    if argument in COMMANDS or argument.startswith("-"):
        return False
    return os.path.exists(argument) or "." in argument or os.sep in argument


def _picture_wanted(arguments: Sequence[str]) -> bool:
    told = [a.partition("=")[2] for a in arguments if a.startswith("--to=")]
    told += [after for a, after in pairwise(arguments) if a == "--to"]
    return told[-1:] in (["svg"], ["png"])


def _window(arguments: list[str]) -> int:
    from designer.app.main import main as window

    return int(window(arguments))


def _picture(arguments: list[str]) -> int:
    """Draw the canvas without a display, unless the arguments are wrong, which the parser says."""
    from engine.cli.main import guarded
    from engine.cli.parser import build_parser

    def draw() -> int:
        options = build_parser().parse_args(arguments)
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        from designer.app.main import make_application
        from designer.canvas.export import export_canvas
        from designer.document import DocState
        from engine.analysis import infer
        from engine.files.project_file import read

        project = read(options.file).project
        application = make_application()
        export_canvas(DocState.of(project), infer(project.graph), options.output, options.to, options.theme)
        del application
        print(f"wrote {options.output}")
        return 0

    return guarded(draw)


if __name__ == "__main__":
    sys.exit(main())
