"""What a board keeps: its key and its settings."""

import sys

_known = 0  # modules that were there when it was looked last


def let_go(module):
    """Forget a module that a start needs and hardly anything after it: it is loaded again if it is
    asked for. Whatever of it somebody holds, a function or a class, keeps all of it.
    """
    name = module.__name__
    sys.modules.pop(name, None)
    package, _, last = name.rpartition(".")
    if hasattr(sys.modules.get(package), last):
        delattr(sys.modules[package], last)


def let_go_late():
    """Forget what a joined image has loaded late of other modules (boards/late.toml): it is loaded
    again when it is asked for. Where nothing is joined no module is called so.
    """
    global _known
    if len(sys.modules) == _known:
        return
    for name in list(sys.modules):
        if name.endswith("__start") or name.endswith("__rare"):
            sys.modules.pop(name)
    _known = len(sys.modules)
