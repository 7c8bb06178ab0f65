"""Joins the modules of a MicroPython program into one module a moment of loading: see README.md."""
