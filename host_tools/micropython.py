"""The few names of MicroPython's ``micropython`` module that ``lib`` uses, for CPython.

MicroPython's compiler folds ``const(...)`` away; here it is the identity.
"""


def const(value):
    """Return ``value``; on MicroPython the compiler inlines it instead."""
    return value
