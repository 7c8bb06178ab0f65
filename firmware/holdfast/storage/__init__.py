"""What a board keeps: its key and its settings."""

import sys


def let_go(module):
    """Forget a module that a start needs and hardly anything after it: it is loaded again if it is
    asked for. Whatever of it somebody holds, a function or a class, keeps all of it.
    """
    name = module.__name__
    sys.modules.pop(name, None)
    package, _, last = name.rpartition(".")
    if hasattr(sys.modules.get(package), last):
        delattr(sys.modules[package], last)
