"""``holdfast phone scan`` and ``watch``: who is near, by what readers say of themselves."""

import time
from pathlib import Path
from typing import Annotated

import typer

from ..errors import LinkClosed
from ..phone.radio.listen import listen
from ..phone.radio.radio import Radio
from ..phone.radio.readers import Names, News, Reader, Readers
from ..phone.wallet import Wallet
from .output import AsJson, progress, say, say_json, say_parts, say_rows

MaybeFolder = Annotated[
    Path | None,
    typer.Argument(metavar="[PHONE_DIR]", help="The phone whose doors are told by name."),
]
_STYLES = {"appeared": "green", "changed": "yellow", "gone": "red"}


def scan(
    folder: MaybeFolder = None,
    seconds: Annotated[
        float, typer.Option(min=0.5, max=300, help="Listen for so many seconds.")
    ] = 5.0,
    as_json: AsJson = False,
) -> None:
    """List the readers that are near, by Bluetooth: address, signal strength, doors, state.

    Doors are told by name if the phone in PHONE_DIR knows them, from its credentials and from
    doors met before; others are counted. All that is shown is what readers say of themselves, and
    anybody can say the same: a door's own reader is proven when it is asked to open. "offline" is
    one that hears of no controller, and decides all the same.
    """
    names = _names(folder)
    readers = Readers(names, time.monotonic)
    with progress(f"Listening for {seconds:g} s"), Radio() as radio:
        radio.run(listen(radio.bluetooth, readers, seconds))
    near = readers.near()
    if not near:
        raise LinkClosed(
            f"no reader was heard within {seconds:g} s",
            "go nearer to a door, or listen longer: --seconds",
        )
    if as_json:
        shown = [_facts(reader, names) for reader in near]
        say_json({"readers": shown, "overflowed": readers.overflowed})
        return
    say_rows(("address", "signal", "door", "state"), [_row(reader, names) for reader in near])
    if readers.overflowed:
        say("more were heard than are shown", "yellow")


def watch(
    folder: MaybeFolder = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.5, help="End after so many seconds.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show readers as they appear, change and are gone, by Bluetooth, until Ctrl-C.

    Gone is who was not heard for 15 s. Doors are told by name as `holdfast phone scan` does. With
    --json each is one JSON object a line.
    """
    names = _names(folder)
    readers = Readers(names, time.monotonic)

    def tell(news: News) -> None:
        if as_json:
            facts = _facts(news.reader, names)
            say_json({"event": news.what, "time": round(time.time(), 3), **facts})
            return
        address, signal, door, state = _row(news.reader, names)
        at = time.strftime("%H:%M:%S")
        say_parts(
            (f"{at} ", ""),
            (news.what.ljust(9), _STYLES[news.what]),
            (f"{address}  {signal}  {door}  {state}", ""),
        )

    with Radio() as radio:
        radio.run(listen(radio.bluetooth, readers, seconds, tell))


def _names(folder: Path | None) -> Names:
    if folder is None:
        return Names("", ())
    wallet = Wallet.open(folder)
    return Names(wallet.identity().site, wallet.doors())


def _facts(reader: Reader, names: Names) -> dict[str, object]:
    said = reader.said
    return {
        "address": reader.last.address,
        "rssi": reader.last.rssi,
        "doors": names.of(said),
        "other_doors": names.unknown(said),
        "offline": said.offline if said.trouble is None else None,
        "node": said.node.hex() or None,
        "not_understood": said.trouble,
    }


def _row(reader: Reader, names: Names) -> tuple[str, str, str, str]:
    said = reader.said
    signal = "?" if reader.last.rssi is None else f"{reader.last.rssi} dBm"
    if said.trouble is not None:
        return reader.last.address, signal, "?", f"not understood: {said.trouble}"
    doors, others = names.of(said), names.unknown(said)
    if others:
        doors.append(f"{others} other{'s'[: others > 1]}" if doors else f"{others} unknown")
    state = "offline" if said.offline else "online"
    return reader.last.address, signal, ", ".join(doors) or "names none", state
