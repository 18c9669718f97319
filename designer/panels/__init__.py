"""Panels: each a small widget that is fed plain values and arrays and tells by signals what a person did."""
