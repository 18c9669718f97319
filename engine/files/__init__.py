"""Project files, weights, exports: everything that is read from or written to a disk, checked and atomic."""
