"""Figures, not tests: nothing here is judged, everything here is measured by a command that its docstring names."""
