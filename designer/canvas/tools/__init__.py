"""One gesture, one class: press to release, one document verb at the end, Escape cancels at any time."""
