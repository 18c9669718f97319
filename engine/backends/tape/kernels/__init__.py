"""Compiled kernels, one family a file. Importing any of them imports Numba and compiles or loads machine code."""
