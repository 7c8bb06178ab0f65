"""Which commands there are; each is loaded when it is called, or its own help is wanted.

So `holdfast --help` costs little more than the library that reads command lines: no cryptography,
no database, no radio.
"""

import functools

import typer
from typer import _click
from typer.core import TyperGroup
from typer.main import get_command, get_group

FAILED = 1
MISUSED = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
NOBODY_READS = 141  # 128 + SIGPIPE
REFUSED = 3  # by the door
DIFFERENT = 3  # a list from the register

HELP = "Doors that decide by themselves: the site's authority and policy, phones and readers."
COMMANDS = {
    "site": "Make and show a site: its keys and its zones.",
    "policy": "Schedules, groups, cards, revocations: signed changes that readers follow.",
    "people": "Who has access: people with their cards, PINs and phones; lists of them.",
    "credential": "Issue credentials, and look at them.",
    "phone": "Play a phone: keys, credentials, and doors that it opens.",
    "reader": "Enrol readers and controllers, and run them on this machine.",
    "events": "Check and show what readers recorded.",
    "nodes": "Show the nodes of a site: what each is and has.",
    "clear-tamper": "Say that somebody has looked at a reader that was torn off.",
    "doctor": "Look for what is wrong with a site's nodes.",
    "demo": "Show what a door decides, on this machine.",
}

_ENDS = "Exit codes: 0 {}, {} failed, {} misused, {}."
_USUAL = _ENDS.format("done", FAILED, MISUSED, f"{INTERRUPTED} stopped")
_OTHERS = {
    "unlock": f"Exit codes: 0 granted, {FAILED} no answer, {MISUSED} misused, {REFUSED} refused.",
    "compare": _ENDS.format("equal", FAILED, MISUSED, f"{DIFFERENT} different"),
}


class Commands(TyperGroup):
    """The root: it knows its commands by name, and loads the one that is called."""

    def list_commands(self, ctx):
        """Their names, as the help lists them."""
        return list(COMMANDS)

    def get_command(self, ctx, cmd_name):
        """The command of that name, loaded now; None if there is none."""
        return load(cmd_name) if cmd_name in COMMANDS else None

    def format_help(self, ctx, formatter):
        """Plain: what colours and boxes need is loaded for no list of eleven lines."""
        _click.Command.format_help(self, ctx, formatter)

    def format_options(self, ctx, formatter):
        """The options, then the commands; none of them is loaded for it."""
        _click.Command.format_options(self, ctx, formatter)
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def root() -> _click.Command:
    """The command ``holdfast``."""
    app = typer.Typer(name="holdfast", cls=Commands, help=HELP, **_LIKE)
    return get_group(app)


@functools.cache
def load(name: str) -> _click.Command:
    """The command of that ``name``, with all that is below it."""
    app = application(name)
    loaded = get_group(app) if app.registered_callback or name in _GROUPS else get_command(app)
    loaded.name = name
    return loaded


@functools.cache
def application(name: str) -> typer.Typer:
    """The same as typer has it."""
    from . import signing

    app = _GROUPS[name]() if name in _GROUPS else _single(name)
    _tell_exit_codes(app)
    signing.offer(app)
    return app


def _single(name: str) -> typer.Typer:
    if name == "nodes":
        from .nodes import nodes as command
    elif name == "doctor":
        from .doctor import doctor as command
    elif name == "clear-tamper":
        from .tamper import clear_tamper as command
    else:
        from .demo import demo as command
    app = typer.Typer(**_LIKE)
    app.command(name)(command)
    return app


def _site() -> typer.Typer:
    from .site import app

    return app


def _policy() -> typer.Typer:
    from .policy.command import app

    return app


def _people() -> typer.Typer:
    from .people.command import app

    return app


def _credential() -> typer.Typer:
    from .credential import app

    return app


def _phone() -> typer.Typer:
    from . import phone, radio
    from .carry import carry
    from .page import page
    from .status import status
    from .stranger import coap_credentials

    return _with(phone.app, carry, status, coap_credentials, radio.scan, radio.watch, page)


def _reader() -> typer.Typer:
    from .reader import app

    return app


def _events() -> typer.Typer:
    from . import events
    from .events_show import show
    from .pull import pull

    return _with(events.app, show, pull)


def _with(app: typer.Typer, *commands) -> typer.Typer:
    for command in commands:
        app.command()(command)
    return app


def _tell_exit_codes(commands: typer.Typer) -> None:
    for command in commands.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "")
        command.epilog = _OTHERS.get(name, _USUAL)


_LIKE = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": "markdown",
}

_GROUPS = {
    "site": _site,
    "policy": _policy,
    "people": _people,
    "credential": _credential,
    "phone": _phone,
    "reader": _reader,
    "events": _events,
}
