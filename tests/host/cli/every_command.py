"""Every command there is, found by walking the application: a new one is found, too."""

import functools
import typing

from holdfast_host.cli import commands

Found = dict[tuple[str, ...], typing.Any]


@functools.cache
def every() -> Found:
    """``{("policy", "card"): command}`` of all commands, groups of them not among them."""
    return {path: one for path, one in everything().items() if not hasattr(one, "commands")}


@functools.cache
def everything() -> Found:
    """The same with the groups and the root, whose path is ``()``."""
    found: Found = {(): commands.root()}
    for name in commands.COMMANDS:
        _walk(commands.load(name), (name,), found)
    return found


def options(command):
    """What may be given to a ``command`` by name."""
    said = [one for one in command.params if one.param_type_name == "option"]
    return {name for one in said for name in (*one.opts, *one.secondary_opts)}


def parameters(command):
    """Names of what a ``command`` takes, as its function has them."""
    return {one.name for one in command.params}


def _walk(command, path, found):
    found[path] = command
    for name, below in getattr(command, "commands", {}).items():
        _walk(below, (*path, name), found)
