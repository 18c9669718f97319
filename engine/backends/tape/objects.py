"""From a family's Python to an object file: Numba infers types and writes LLVM, machine code is made at the end."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from engine.backends.tape import library

_PACKAGE = "engine.backends.tape.kernels"


@cache
def _hasten() -> None:
    """Have what Numba does in vain left out, in this process.

    It optimizes each helper by itself and makes machine code of it, only to put them all into the entry and begin anew;
    a helper that is called with a number once and with a variable another time is compiled twice, though both become
    the same code; and its own settings are asked one by one, thousands of times.
    """
    from numba import types
    from numba.core import registry

    from engine.backends.tape.kernels.native import REORDERED

    target: Any = registry.cpu_target.target_context.codegen()
    optimize = target._library_class._optimize_final_module

    def reordered(library: Any) -> None:
        """Where sums may be reordered, their bits depend on how much is seen at a time: first by itself, as ever."""
        if library.name in REORDERED:
            optimize(library)

    def nowhere(library: Any, name: str) -> int:
        """The address of a function: it has none."""
        library._ensure_finalized()
        return 0

    def whole(library: Any) -> None:
        """Nobody else calls the helpers: what all their calls say of their arguments may be put in."""
        from llvmlite.binding import Linkage

        for function in library._final_module.functions:
            if not function.is_declaration and function.linkage in (Linkage.linkonce_odr, Linkage.linkonce_any):
                function.linkage = Linkage.internal
        optimize(library)

    without = {
        "_optimize_final_module": reordered, "_finalize_specific": lambda library: None,
        "get_pointer_to_function": nowhere, "finish": whole,
    }  # fmt: skip
    target._library_class = type("Draft", (target._library_class,), without)
    target.set_env = lambda name, environment: None
    calls: Any = importlib.import_module("numba.core.dispatcher").Dispatcher
    template = calls.get_call_template

    def plain(self: Any, args: Any, kws: Any) -> Any:
        """For any numbers of these types."""
        return template(self, tuple(types.unliteral(a) for a in args), {k: types.unliteral(v) for k, v in kws.items()})

    calls.get_call_template = plain
    settings: Any = importlib.import_module("numba.core.targetconfig").TargetConfig
    if hasattr(settings(), "_values"):
        settings.values = _settings


def _settings(of: Any) -> dict[str, Any]:
    """Those that were set, and what the others are without."""
    kind: Any = type(of)
    return {**_defaults(kind), **of._values}


@cache
def _defaults(settings: Any) -> dict[str, Any]:
    return {name: option.default for name, option in settings.options.items()}


def _wrapped(text: str, native: str, name: str, signature: Any) -> str:
    """The module with a C function around Numba's own, which returns by address and has room for an exception."""
    returns = str(signature.return_type) != "none"
    kind = "i64" if returns else "void"
    takes = ", ".join(f"i64 %a{k}" for k in range(len(signature.args)))
    return f"""{text}
define {kind} @{library.symbol(name)}({takes}) {{
    %value = alloca i64
    %raised = alloca ptr
    %status = call i32 @{native}(ptr %value, ptr %raised, {takes})
    %result = load i64, ptr %value
    ret {"i64 %result" if returns else "void"}
}}
"""


def compile_family(name: str) -> None:
    """Compile one family into the cache. RuntimeError where it uses what only Numba's runtime has."""
    from llvmlite import binding
    from numba import njit

    _hasten()
    module = importlib.import_module(f"{_PACKAGE}.{name}")
    from engine.backends.tape.kernels.native import PLAIN

    entry = getattr(module, name)
    (made,) = njit(entry.signature, **PLAIN)(entry.function).overloads.values()
    made.library.finish()
    text = _wrapped(made.library.get_llvm_str(), made.fndesc.mangled_name, name, entry.signature)
    code = binding.parse_assembly(text)
    code.verify()
    missing = _unresolved(code)
    if missing:
        raise RuntimeError(f"kernels {name!r} call {', '.join(missing)}, which is not there without Numba")
    library.store(name, library.machine().emit_object(code))


def _unresolved(code: Any) -> list[str]:
    """Names outside the module that this process would have only because Numba is loaded."""
    from llvmlite import binding

    names = [f.name for f in code.functions if f.is_declaration and not f.name.startswith("llvm.")]
    return [n for n in names if n.startswith(("NRT_", "numba_", "Py")) or not binding.address_of_symbol(n)]
