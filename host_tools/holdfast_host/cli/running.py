"""``holdfast reader run``: a reader as a process on this machine, until Ctrl-C."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from .. import folders
from ..boards.process import INPUTS, ReaderProcess
from ..errors import UsageProblem
from . import lan
from .output import AsJson, say, say_json

_PIECE = 4096

Folder = Annotated[Path, typer.Argument(metavar="STATE_DIR", help="The reader's folder.")]


def _inputs(text: str) -> str:
    if not set(text.split(",")) <= set(INPUTS):
        raise UsageProblem(
            f"a door has no inputs {text!r}",
            f"name some of {', '.join(INPUTS)}, with commas between",
        )
    return text


def run(
    folder: Folder,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="TCP port on 127.0.0.1 (else a free one).")
    ] = None,
    chunk: Annotated[
        int | None, typer.Option(min=20, max=1024, help="Write at most so many bytes at a time.")
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            parser=_inputs,
            help="Its door has these of contact, rex, tamper, fire: standard input plays them.",
        ),
    ] = None,
    wiegand: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="It has a Wiegand reader, such as 26 or 34,keypad8."),
    ] = None,
    panel: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="A panel hears the card of whom it lets in, by 26."),
    ] = None,
    on_lan: lan.Joined = None,
    as_json: AsJson = False,
) -> None:
    """Run an enrolled reader until Ctrl-C, and show what happens at its door.

    With --json its events are printed as they come, one JSON object a line. With --inputs lines of
    JSON on standard input are what happens to it: {"contact": true} opens the door,
    {"rex": true} presses the exit button, {"card": "04a1b2c3"} holds a card to it; with --wiegand
    {"wiegand": "0110..."} is what the Wiegand reader there sends.
    """
    if not folder.is_dir():
        raise UsageProblem(
            f"there is no reader in {folder}",
            f"holdfast reader enroll {folder} --site DIR --door DOOR",
        )
    other = folders.instead(folder, folders.READER)
    if other:
        raise UsageProblem(f"there is no reader in {folder}{other}", "give a reader's folder")
    show = say_json if as_json else _show
    shown = 0
    has = inputs.split(",") if inputs else []
    at = None if on_lan is None else lan.joined(on_lan)
    process = ReaderProcess(
        folder, port, chunk=chunk, inputs=has, wiegand=wiegand, panel=panel, lan=at
    )
    with _ended_in_order(), process as reader:
        if has or wiegand:
            threading.Thread(target=_play, args=(reader,), daemon=True).start()
        while True:
            event = reader.wait(lambda event: True, since=shown, timeout=1.0)
            if event is not None:
                show(event)
                shown += 1
            elif not reader.running:
                raise reader.failure(0)


def _play(reader: ReaderProcess) -> None:
    # Not through the stream: this thread may wait in it when the program ends.
    with contextlib.suppress(UsageProblem, OSError, ValueError):  # it has ended, or nobody plays
        while data := os.read(sys.stdin.fileno(), _PIECE):
            reader.put_bytes(data)


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let a service manager, or a terminal that closes, stop the command as Ctrl-C does."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        for number, handler in before.items():
            if handler is signal.SIG_DFL:  # nohup ignores one of them
                signal.signal(number, signal.default_int_handler)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(event: dict) -> None:
    kind = event.get("event")
    at = time.strftime("%H:%M:%S")
    if kind == "ready" and "carries_to" in event:
        say(f"{at} ready: it carries to {event['carries_to']} of site {event.get('site')}")
        if "lan" not in event:
            say("         it is on no LAN, and so carries nothing: add --lan PORT", "yellow")
    elif kind == "ready":
        say(f"{at} ready: door {_doors(event)} of site {event.get('site')}")
        say(
            f"         holdfast phone unlock PHONE_DIR --reader 127.0.0.1:{event.get('port')}"
            f" --door {_doors(event)}"
        )
        if event.get("suites") == [0]:
            say(
                "         it was enrolled with one key, and P-256 phones need two: holdfast reader"
                " enroll --replace",
                "yellow",
            )
    elif kind == "access":
        who = event.get("holder") or (
            f"card {event.get('card')}" if event.get("card") else "somebody"
        )
        if event.get("granted"):
            say(f"{at} granted: {who} at {event.get('door')}", "green")
        else:
            why = str(event.get("reason")).replace("_", " ")
            say(f"{at} refused: {who} at {event.get('door')}: {why}", "red")
    elif kind == "disconnected":
        say(
            f"{at} connection {event.get('connection')} ended: {event.get('round_trips')} round"
            f" trips, {event.get('bytes_in')} bytes in, {event.get('bytes_out')} bytes out"
        )
    elif "hal" in event:
        rest = " ".join(f"{key}={value}" for key, value in event.items() if key != "hal")
        say(f"{at} {event['hal']}: {rest}", "dim")
    else:
        say(f"{at} " + " ".join(f"{key}={value}" for key, value in event.items()))


def _doors(event: dict) -> str:
    return ", ".join(map(str, event.get("doors") or ["none"]))
