"""Where the passphrase of the authority's key comes from."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import files, processes
from ..errors import UsageProblem
from .output import ask_secret

ENVIRONMENT = "HOLDFAST_PASSPHRASE"
_LIMIT = 4096

_taken: str | None = None

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        help=f"File whose first line is the passphrase of the authority's key. Without it,"
        f" {ENVIRONMENT} is used if set, else you are asked."
    ),
]


def take() -> None:
    """Take the passphrase out of this process's environment, which others can see, and keep it."""
    global _taken
    if ENVIRONMENT in os.environ:
        _taken = os.environ[ENVIRONMENT]
        processes.erase(ENVIRONMENT)


def given(file: Path | None) -> str | None:
    """The passphrase in ``file`` or in the environment; None if neither is given."""
    if file is None:
        found = os.environ.get(ENVIRONMENT, _taken)
        if found == "":
            raise _empty(f"the passphrase in {ENVIRONMENT}", f"set {ENVIRONMENT}, or unset it")
        return found
    data = files.read(file, _LIMIT, "passphrase file", "check --passphrase-file")
    try:
        found = data.decode().split("\n", 1)[0].removesuffix("\r")
    except UnicodeDecodeError as error:
        raise UsageProblem(f"{file} is no text file", "check --passphrase-file") from error
    if not found:
        raise _empty(f"the passphrase in {file}", "write it into the first line of the file")
    return found


def existing(file: Path | None) -> str:
    """The passphrase of a key that there is."""
    passphrase = given(file)
    return _ask("Passphrase of the authority's key: ") if passphrase is None else passphrase


def new(file: Path | None) -> str:
    """A passphrase for a new key, typed twice if typed."""
    from ..credentials.authority import check_passphrase

    passphrase = given(file)
    if passphrase is not None:
        check_passphrase(passphrase)
        return passphrase
    passphrase = _ask("New passphrase for the authority's key: ")
    check_passphrase(passphrase)
    if _ask("The same again: ") != passphrase:
        raise UsageProblem("the two passphrases differ", "run the command again")
    return passphrase


def _ask(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise UsageProblem(
            "the passphrase of the authority's key is needed, and nobody is there to type it",
            f"give --passphrase-file FILE, or set {ENVIRONMENT}",
        )
    try:
        typed = ask_secret(prompt)
    except EOFError as error:
        raise UsageProblem("no passphrase was typed", "run the command again") from error
    if not typed:
        raise _empty("the passphrase that was typed", "run the command again, and type it")
    return typed


def _empty(which: str, advice: str) -> UsageProblem:
    return UsageProblem(f"{which} is empty", advice)
