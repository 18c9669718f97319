"""The CPU engine: a plan becomes an int64 tape over one float32 arena, run by compiled kernels without Python.

Importing this package loads no compiler. ``executable`` makes tapes, ``cache`` knows where the compiled kernels are and
has them compiled, ``kernels`` holds them; whatever needs Numba is imported only when a tape is about to run.
"""
