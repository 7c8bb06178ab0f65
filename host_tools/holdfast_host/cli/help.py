"""How the help of each command looks: plain text of 60 columns, with an example and a table of
how the command can end.

Boxes and colours would be loaded for it and, in a narrow terminal, leave the words no room.
"""

import inspect
import textwrap
from collections.abc import Mapping

import typer
from typer import _click
from typer.core import TyperCommand, TyperGroup

from .examples import EXAMPLES

DONE = 0
FAILED = 1
MISUSED = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
NOBODY_READS = 141  # 128 + SIGPIPE

ENDS = {
    DONE: "done",
    FAILED: "failed: standard error says why, and what to do",
    MISUSED: "misused: no such command, option or value",
    INTERRUPTED: "stopped by Ctrl-C",
    NOBODY_READS: "nobody read what it wrote to the end",
}

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 62}

_EXAMPLE = "Example:"
_INDENT = 2
_SENTENCE = 300  # characters: longer than any


class Plain:
    """What commands and groups of them have in common."""

    ends: Mapping[int, str] = ENDS

    def format_help(self, ctx, formatter) -> None:
        """Usage, what it does, what it takes, an example, how it ends."""
        _click.Command.format_help(self, ctx, formatter)  # type: ignore[arg-type]
        examples = _examples(self, ctx.command_path)
        if examples:
            with formatter.section("Example" if len(examples) == 1 else "Examples"):
                for one in examples:
                    formatter.write(_shell(one, formatter.width) + "\n")
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), text) for code, text in sorted(self.ends.items())])

    def format_help_text(self, ctx, formatter) -> None:
        """What it does; the example is shown by itself."""
        texts = [one for one in _paragraphs(self) if not one.startswith(_EXAMPLE)]
        if texts:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text("\n\n".join(texts))


class Command(Plain, TyperCommand):
    """A command."""


class Group(Plain, TyperGroup):
    """Commands below a name."""

    def format_commands(self, ctx, formatter) -> None:
        """Their names, and what each does in one sentence, whole."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, one.get_short_help_str(_SENTENCE)) for name, one in found if one]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def fit(commands: typer.Typer, others: Mapping[str, Mapping[int, str]]) -> None:
    """Let all ``commands`` have such a help; ``others`` end otherwise, by name."""
    commands.info.cls = Group
    for command in commands.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "").replace("_", "-")
        ends = {**ENDS, **others.get(name, {})}
        command.cls = type("Ended", (Command,), {"ends": ends})
    for group in commands.registered_groups:
        if group.typer_instance is not None:
            group.cls = Group
            fit(group.typer_instance, others)


def _paragraphs(command) -> list[str]:
    text = inspect.cleandoc(command.help or "")
    return [one for one in text.split("\n\n") if one.strip()]


def _examples(command, path: str) -> list[str]:
    """Those of the docstring, or of the list, if it has none."""
    said = [one for one in _paragraphs(command) if one.startswith(_EXAMPLE)]
    found = [" ".join(one.removeprefix(_EXAMPLE).split()) for one in said]
    return found or list(EXAMPLES.get(path.removeprefix("holdfast").strip(), ()))


def _shell(line: str, width: int) -> str:
    """``line`` as it can be pasted, in lines that end with a backslash where it is too long."""
    pad = " " * _INDENT
    lines = textwrap.wrap(
        line,
        width - 2,
        initial_indent=pad,
        subsequent_indent=pad * 2,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return " \\\n".join(lines)
