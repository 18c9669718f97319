"""Tests: they mirror the tree; tests/house is about the repository itself."""
