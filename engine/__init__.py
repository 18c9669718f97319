"""Gradloom's network engine: a drawn graph in, trained weights and everything worth seeing out.

Importing it loads NumPy and nothing heavier; it never imports Qt.
"""
