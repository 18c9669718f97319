"""Readers: bytes on disk to arrays or tables. They trust nothing: sizes are checked before memory is taken."""
