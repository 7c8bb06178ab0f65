"""Which commands there are; each is loaded when it is called, or its own help is wanted.

So `holdfast --help` costs little more than the library that reads command lines: no cryptography,
no database, no radio.
"""

import functools
from typing import Annotated

import typer
from typer import _click
from typer.core import _typer_format_options
from typer.main import get_command, get_group

from . import help as helping

FAILED, MISUSED = helping.FAILED, helping.MISUSED
INTERRUPTED, NOBODY_READS = helping.INTERRUPTED, helping.NOBODY_READS
REFUSED = 3  # by the door
DIFFERENT = 3  # a list from the register
WRONG = 3  # with a phone that was tried

HELP = "Doors that decide by themselves: the site's authority and policy, phones and readers."
COMMANDS = {
    "site": "Make and show a site: its keys and its zones.",
    "policy": "Schedules, groups, cards, revocations: signed changes that readers follow.",
    "people": "Who has access: people with their cards, PINs and phones; lists of them.",
    "credential": "Issue credentials, and look at them.",
    "phone": "Play a phone: keys, credentials, and doors that it opens.",
    "reader": "Enrol readers and controllers, and run them on this machine.",
    "board": "Show boards at this computer's cables.",
    "events": "Check and show what readers recorded.",
    "nodes": "Show the nodes of a site: what each is and has.",
    "clear-tamper": "Say that somebody has looked at a reader that was torn off.",
    "doctor": "Look for what is wrong with a site's nodes.",
    "demo": "Show what a door decides, on this machine.",
}

# How commands end that end otherwise than all.
_OTHERS = {
    "unlock": {0: "granted", FAILED: "failed: no answer", REFUSED: "refused by the door"},
    "compare": {0: "equal", DIFFERENT: "different"},
    "check-phone": {0: "the phone did all right", WRONG: "the phone did something wrong"},
    "replay": {0: "none differs, or sent", DIFFERENT: "some differ"},
}


class Commands(helping.Group):
    """The root: it knows its commands by name, and loads the one that is called."""

    def list_commands(self, ctx):
        """Their names, as the help lists them."""
        return list(COMMANDS)

    def get_command(self, ctx, cmd_name):
        """The command of that name, loaded now; None if there is none."""
        return load(cmd_name) if cmd_name in COMMANDS else None

    def format_options(self, ctx, formatter):
        """The options, then the commands; none of them is loaded for it."""
        _typer_format_options(self, ctx=ctx, formatter=formatter)
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def root() -> _click.Command:
    """The command ``holdfast``."""
    app = typer.Typer(
        name="holdfast",
        cls=Commands,
        help=HELP,
        context_settings=helping.SETTINGS,
        **{**_LIKE, "add_completion": True},
    )
    app.callback()(_options)
    return get_command(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        from .output import say_plain

        say_plain(f"holdfast {metadata.version('holdfast')}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show which holdfast this is.",
            callback=_show_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Nothing to do: each option does its own."""


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
    from . import signing, writing

    app = _GROUPS[name]() if name in _GROUPS else _single(name)
    helping.fit(app, _OTHERS)
    writing.offer(app)
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


def _board() -> typer.Typer:
    from .board import app

    return app


def _events() -> typer.Typer:
    from . import events
    from .events_export import export
    from .events_replay import replay
    from .events_report import report
    from .events_show import show
    from .pull import pull

    return _with(events.app, show, export, report, replay, pull)


def _with(app: typer.Typer, *commands) -> typer.Typer:
    for command in commands:
        app.command()(command)
    return app


_LIKE = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
}

_GROUPS = {
    "site": _site,
    "policy": _policy,
    "people": _people,
    "credential": _credential,
    "phone": _phone,
    "reader": _reader,
    "board": _board,
    "events": _events,
}
