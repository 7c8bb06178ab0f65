"""Joins the modules of a MicroPython program into few, one a moment of loading: README.md."""
