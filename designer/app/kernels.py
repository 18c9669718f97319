"""The fast backend's kernels, compiled beside the open window where they are not there yet: half a minute, once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment

from widgets.i18n import tr

#: a shell's way of lower priority; elsewhere the process runs as any other
GENTLY = ("nice", "-n", "19") if sys.platform.startswith("linux") else ()


class KernelCompiler(QObject):
    """A process of its own, so that neither the interpreter nor the window waits; training uses NumPy until then.

    ``say`` gets a sentence after each family of kernels. Closing the window ends it: what is compiled is kept.
    """

    def __init__(self, say: Callable[[str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._say, self._done = say, 0
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._progress)
        self._process.finished.connect(self._ended)
        self._process.errorOccurred.connect(lambda error: self._ended(-1))

    @property
    def busy(self) -> bool:
        """Whether it compiles now."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    def start(self, command: Sequence[str] | None = None) -> None:
        """Does nothing where the kernels are there or can't be had."""
        from engine.backends import available
        from engine.backends.tape import cache

        if self.busy or "tape" not in available() or cache.is_ready():
            return
        compiler, environ = cache.compiler()
        words = [*GENTLY, *compiler] if command is None else [*command]
        around = QProcessEnvironment()
        for name, value in environ.items():
            around.insert(name, value)
        self._process.setProcessEnvironment(around)
        self._done = len(cache.NAMES) - len(cache.missing())
        self._say(tr("Compiling the fast kernels, once; until then training uses NumPy"))
        self._process.start(words[0], words[1:])

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self.busy:
            self._process.blockSignals(True)
            self._process.kill()
            self._process.waitForFinished(2000)

    def _progress(self) -> None:
        from engine.backends.tape.cache import NAMES

        self._done += bytes(self._process.readAllStandardOutput().data()).count(b"\n")
        self._say(tr("Compiling the fast kernels: {done} of {all}", done=self._done, all=len(NAMES)))

    def _ended(self, code: int) -> None:
        if code:
            self._say(tr("The fast kernels could not be compiled; training uses NumPy"))
        else:
            self._say(tr("The fast kernels are ready: the next run uses them"))
