"""Each wall of .importlinter is kicked: a bad import planted behind it must turn that contract red."""

from __future__ import annotations

import configparser
import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# contract -> (module that gets the line, the line). Every arrow of the engine's order has a kick of its own below.
KICKS = [
    ("house", "engine/graph/planted.py", "import widgets.tokens"),
    ("house", "widgets/planted.py", "import designer"),
    ("widgets", "widgets/planted.py", "from engine import graph"),
    ("widgets", "widgets/planted.py", "import designer.document"),
    ("engine-no-window", "engine/training/planted.py", "def late():\n    from PySide6.QtCore import QObject"),
    ("engine-no-window", "engine/probes/planted.py", "import pyqtgraph"),
    ("document", "designer/document/planted.py", "from PySide6.QtGui import QUndoStack"),
    ("document", "designer/document/planted.py", "import widgets.i18n"),
    ("document", "designer/document/planted.py", "from designer.session import store"),
    ("plots", "designer/panels/planted.py", "import pyqtgraph as pg"),
    ("data", "engine/data/planted.py", "import engine.primitives"),
    ("data", "engine/data/planted.py", "def late():\n    import engine.training"),
    ("engine", "engine/new_room/__init__.py", ""),
]
ORDER = (
    ("cli",), ("training",), ("probes", "files"), ("backends",), ("plan",), ("analysis",),
    ("layers", "losses", "optimizers", "initializers", "regularizers", "schedules", "metrics"),
    ("primitives",), ("graph",), ("declare",),
)  # fmt: skip
KICKS += [
    ("engine", f"engine/{low}/planted.py", f"import engine.{upper[0]}")
    for upper, lower in itertools.pairwise(ORDER)
    for low in lower
]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contracts over an empty house: every room that they name, nothing in them (the real one: test_lint)."""
    top = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / ".importlinter", top)
    rooms = [f"engine/{name}" for group in ORDER[1:] for name in group]
    rooms += ["engine", "engine/data", "widgets", "designer"]
    rooms += ["designer/" + part for part in ("document", "panels", "session")]
    for room in rooms:
        (top / room).mkdir(parents=True, exist_ok=True)
        (top / room / "__init__.py").touch()
    for module in ("engine/cli.py", "widgets/tokens.py", "widgets/i18n.py", "designer/session/store.py"):
        (top / module).touch()
    return top


def contracts() -> dict[str, configparser.SectionProxy]:
    """Id -> section of each contract."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    return {name.rsplit(":", 1)[-1]: parser[name] for name in parser.sections() if ":contract:" in name}


def broken(top: Path) -> tuple[set[str], str]:
    """The ids of the contracts that import-linter finds broken, and what it printed."""
    titles = {section["name"]: contract for contract, section in contracts().items()}
    code = f"import sys; sys.path.insert(0, {str(top)!r}); {LINT_IMPORTS}"
    done = subprocess.run([sys.executable, "-P", "-c", code, "--no-cache"], cwd=top, capture_output=True, text=True)
    output = done.stdout + done.stderr
    found = {titles[line.removesuffix(" BROKEN")] for line in output.splitlines() if line.endswith(" BROKEN")}
    assert done.returncode == (1 if found else 0), output
    return found, output


def test_an_empty_house_keeps_all_contracts(clean: Path) -> None:
    found, output = broken(clean)
    assert found == set(), output


@pytest.mark.parametrize(("contract", "file", "line"), KICKS, ids=[f"{c}-{f}-{n}" for n, (c, f, _) in enumerate(KICKS)])
def test_kick(clean: Path, contract: str, file: str, line: str) -> None:
    planted = clean / file
    new_room = not planted.parent.exists()
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(line + "\n")
    try:
        found, output = broken(clean)
    finally:
        planted.unlink()
        if new_room:
            planted.parent.rmdir()
    assert contract in found, output


def test_every_contract_is_kicked() -> None:
    assert set(contracts()) == {contract for contract, *_ in KICKS}


def test_order_and_contract_say_the_same() -> None:
    lines = contracts()["engine"]["layers"].split("\n")
    written = [tuple(name.strip(" ()") for name in line.split(":")) for line in lines if line.strip()]
    assert tuple(written) == ORDER
