"""What can be typed."""

from __future__ import annotations

import argparse
import math
import sys
from typing import Any, NoReturn

FORMATS = ("onnx", "pytorch", "keras", "svg", "png")


class Parser(argparse.ArgumentParser):
    """As argparse's, but a mistake is one line that says where to read on."""

    def error(self, message: str) -> NoReturn:
        """One line on stderr, exit code 2."""
        print(f"gradloom: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


class Version(argparse.Action):
    """Reads the version only when it is asked for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *rest: Any) -> None:
        """Print it and end."""
        from engine.cli.version import version

        print(f"gradloom {version()}")
        raise SystemExit(0)


def build_parser() -> Parser:
    """All commands. Each sets ``run``, which is imported when it is called."""
    parser = Parser(
        prog="gradloom",
        description="Draw a neural network, train it, and see what the training does to it.",
        epilog="Without a command, or with a file alone, the window opens. FILE is a graph.json or a .gradloom file.",
    )
    parser.add_argument("--version", action=Version, help="print the version and end")
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True, parser_class=Parser
    )
    _train(commands)
    _info(commands)
    _export(commands)
    _predict(commands)
    return parser


def _command(commands: Any, name: str, about: str, more: str = "") -> Parser:
    made: Parser = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}. {more}".strip())
    made.add_argument("file", metavar="FILE", help="a graph.json or .gradloom file")
    return made


def _train(commands: Any) -> None:
    more = (
        "Without --resume it starts from the initial weights of the seed. A metrics line is a JSON object with epoch, "
        "step, split (train, validation, test), loss, accuracy (classes) or error (mean absolute, values), seconds. "
        "Ctrl+C stops after the current steps and writes what was asked for; exit code 130."
    )
    p = _command(commands, "train", "train a network", more)
    p.add_argument("--epochs", type=_positive, metavar="N", help="epochs in all, instead of the file's")
    p.add_argument(
        "--seed", type=_whole, metavar="S", help="seed of weights, shuffle and dropout, instead of the file's"
    )
    p.add_argument("--backend", metavar="NAME", help="numpy, tape or cupy; refused with the list where it is not there")
    p.add_argument("--accumulate", type=_positive, metavar="K", help="batches per update, instead of the file's")
    p.add_argument("--clip-norm", type=_above_zero, metavar="G", help="longest gradient of all weights together")
    p.add_argument("--clip-value", type=_above_zero, metavar="G", help="largest number in a gradient")
    p.add_argument("--ema", type=_memory, metavar="D", help="judge and keep a running mean of the weights, e.g. 0.999")
    p.add_argument("--metrics", metavar="OUT.jsonl", help="write one line per epoch and split")
    p.add_argument("--weights", metavar="OUT.safetensors", help="write the trained weights")
    p.add_argument("--save", metavar="OUT.gradloom", help="write project, weights and the state to resume from")
    p.add_argument("--resume", action="store_true", help="go on from the state in a .gradloom file, bit for bit")
    p.add_argument(
        "--deterministic", action="store_true",
        help="one backend from the first step to the last, even where its kernels must be compiled first",
    )  # fmt: skip
    p.add_argument("--quiet", action="store_true", help="print nothing but errors")
    p.set_defaults(run=_lazy("train", "train"))


def _info(commands: Any) -> None:
    p = _command(commands, "info", "list the layers with output shapes, parameters and multiply-adds")
    p.set_defaults(run=_lazy("info", "info"))
    p = _command(
        commands, "check", "list problems of the drawing and its data", "Exit code 1 if one keeps it from running."
    )
    p.set_defaults(run=_lazy("info", "check"))


def _export(commands: Any) -> None:
    more = (
        "Weights come from the .gradloom file or --weights; else the initial ones are taken. PyTorch and Keras write "
        "them into a .safetensors file beside OUT. svg and png draw the canvas."
    )
    p = _command(commands, "export", "write a network for other programs, or a picture of it", more)
    p.add_argument("--to", required=True, choices=FORMATS, metavar="KIND", help=", ".join(FORMATS))
    p.add_argument("-o", "--output", required=True, metavar="OUT", help="the file to write")
    p.add_argument("--weights", metavar="IN.safetensors", help="weights that `train --weights` wrote")
    p.add_argument("--theme", choices=("light", "dark"), default="light", help="colours of svg and png (light)")
    p.set_defaults(run=_lazy("export", "export"))


def _predict(commands: Any) -> None:
    p = _command(commands, "predict", "answer new inputs with a trained network")
    p.add_argument("--input", required=True, metavar="X", help="a CSV, NPZ, IDX or image file, or a folder of images")
    p.add_argument("--weights", metavar="IN.safetensors", help="weights that `train --weights` wrote")
    p.add_argument("--json", action="store_true", help="print one JSON object per sample instead of a table")
    p.set_defaults(run=_lazy("predict", "predict"))


def _lazy(module: str, name: str) -> Any:
    def run(options: argparse.Namespace) -> int:
        import importlib

        return int(getattr(importlib.import_module(f"engine.cli.{module}"), name)(options))

    return run


def _positive(text: str) -> int:
    number = _whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {text}")
    return number


def _above_zero(text: str) -> float:
    number = _number(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return number


def _memory(text: str) -> float:
    number = _number(text)
    if not 0 <= number <= 0.999999:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 0.999999, got {text}")
    return number


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError as e:
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}") from e
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"expected a finite number, got {text}")
    return number


def _whole(text: str) -> int:
    try:
        number = int(text)
    except ValueError as e:
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}") from e
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 2^63 - 1, got {text}")
    return number
