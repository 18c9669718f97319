"""The command line: arguments in, exit code out. 0 done, 1 problems found or diverged, 2 refused, 130 interrupted."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence

from engine.cli.errors import told
from engine.cli.parser import build_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Mistakes are told in one line on stderr, never by a traceback."""

    def command() -> int:
        options = build_parser().parse_args(argv)
        return int(options.run(options))

    return guarded(command)


def guarded(command: Callable[[], int]) -> int:
    """The command's exit code, whatever happens in it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        return command()
    except SystemExit as e:  # argparse has told why; its code is passed on as a value
        return e.code if isinstance(e.code, int) else 2
    except KeyboardInterrupt:
        print("gradloom: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of a pipe (head, less) has left; what Python flushes at exit must not fail either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as e:
        message = told(e)
        if message is None:
            if os.environ.get("GRADLOOM_TRACEBACK"):
                raise
            message = f"this should not have happened ({type(e).__name__}: {e}); GRADLOOM_TRACEBACK=1 shows where"
        print(f"gradloom: {message}", file=sys.stderr)
        return 2
