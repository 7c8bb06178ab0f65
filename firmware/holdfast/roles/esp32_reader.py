"""The reader on an ESP32: first the strike, then the radio, then machine code, then the rest.

In this order: a pin that nobody drives moves a lock, and once Python's heap has grown there is no
memory left for a radio or for machine code. So what is needed later is imported later.
"""

import asyncio
import gc

from micropython import const

from ..access import status
from ..door.exit import Exit
from ..hal.esp32 import flash, reset
from ..hal.esp32.board import Board
from ..storage import files, let_go
from ..storage.last_run import LastRun
from ..storage.starts import LASTS_S, Starts
from . import safe_mode

# Bytes allocated between collections: by itself, the port takes another piece of the system's
# memory first.
_COLLECT_EVERY = 16384

_MAX_LAN = const(1024)  # bytes that are read of lan.json

_OUT_MS = const(5000)  # for which a request to exit releases, where no reader says otherwise

# Somebody at the power switch or at the console is no crash.
_DELIBERATE = (reset.POWER, "soft reset", "deep sleep")


def main(arguments=()):
    """Be a reader for ever, or in safe mode what can be (safe_mode.py). Returns only to somebody
    at the console who stopped it: then who wants out gets out, still.
    """
    # From here on the strike is secured, and who wants out gets out.
    board = Board(flash.HOME + "/pins.json")
    if "rex" in board.inputs and board.strike is not None:
        way_out = Exit(board.inputs["rex"], board.strike, board.ticks, _OUT_MS)
        board.way_out = way_out  # pyright: ignore[reportAttributeAccessIssue]
        way_out.start()
    gc.threshold(_COLLECT_EVERY)
    cause = reset.cause()
    starts = Starts(flash.HOME + "/starts")
    starts.begin(cause in _DELIBERATE)
    last_run = LastRun(flash.HOME + LastRun.FILE)
    try:
        try:
            refusal = _refusal(board, starts, last_run)
            if refusal is None:
                refusal = _be_reader(board, cause, starts, last_run)
            safe_mode.run(board, refusal)
        except Exception as error:
            _crashed(board, last_run, error)
    except KeyboardInterrupt:
        # The door is secured, the exit button works, and the board is somebody's for an hour.
        _secure(board)
        if board.watchdog is not None:
            board.watchdog.leave()
        starts.lasted()
        last_run.end("stopped")
        board.console.line({"event": "stopped"})
        return
    reset.restart()


def _refusal(board, starts, last_run):
    """What safe mode says of why it must not be tried at all to be a reader; None: try."""
    if board.is_safe_asked:
        return {"event": "button", "reason": "the button SAFE is held"}
    if board.refusal is not None:
        return {"event": "pins_refused", "reason": board.refusal}
    if board.strike is None:
        return {"event": "pins_refused", "reason": "no pin is STRIKE: copy a pins.json that says"}
    if starts.is_enough:
        ended_by = last_run.told().get(status.ENDED_BY)
        return {"event": "crashes", "reason": "no start lasted; the last: %s" % ended_by}
    return None


def _be_reader(board, cause, starts, last_run):
    """Be a reader for ever; what safe mode says, as above, of why it cannot be one."""
    from ..hal.esp32.ble import Ble
    from ..hal.esp32.rng import Entropy

    ble = Ble("Holdfast")
    ble.start(None)
    lan = _network(board)
    board.random_bytes = Entropy(lambda: ble.is_active).random_bytes
    import crypto

    crypto.load(False)
    board.build()
    from . import start

    try:
        identity = start.identity(
            flash.HOME, flash.STATE, board.random_bytes, board, flash.prepare
        )
        crypto.load(identity[2] is not None)
        board.life = last_run.told()
        board.life[status.RESET_CAUSE] = cause
        if board.strike.is_timed:
            board.life[status.TIMED] = "strike"
        wiegand = _wiegand(board)
        reader = _reader(board, ble, identity, wiegand and wiegand.pause)
    except start.NotReady as error:
        board.console.line(error.fields)
        return error.fields
    except ImportError as error:
        return {"event": "image_refused", "reason": "this image has no aioble: %s" % error}
    board.watchdog = reset.Watchdog()
    last_run.begin()
    reader.start()
    if lan is not None:
        _join(reader, lan)
    if wiegand is not None:
        wiegand.add(reader, reader.doors[reader.settings.doors[0][0]])
    start.follow_policy(reader, flash.HOME + "/policy.cbor")
    from .reader import describe

    description = describe(reader.settings)
    description["reset"] = cause
    start.add_state(reader, description)
    let_go(start)
    board.forget_pins()
    reader.supervisor.add("lasting", lambda: _last(starts))
    board.console.line(description)
    asyncio.run(reader.run())
    return {"event": "crashes", "reason": "the reader came to an end"}


def _network(board):
    """The board's network, asked for; None, and not loaded, where no file says which. One that
    cannot be had is told and stops no door.
    """
    raw = files.read(flash.HOME + "/lan.json", _MAX_LAN)
    if raw is None:
        return None
    from untrusted import InvalidInput

    from ..hal.esp32 import lan

    def tell(is_up):
        board.console.line({"event": "network", "up": is_up, "address": made.address})

    try:
        made = lan.from_json(raw, tell)
        made.start()
        return made
    except (InvalidInput, OSError) as error:
        board.console.line({"event": "lan_refused", "reason": str(error)})
        return None


def _join(reader, lan):
    """Be among the nodes of the LAN."""
    from ..hal.esp32.udp import Udp
    from ..lan.endpoint import PORT
    from ..node.neighbours import GROUP, Neighbours

    try:
        Neighbours(reader, Udp(PORT, GROUP, lambda: lan.address)).start()
        reader.supervisor.add("network", lan.run)
    except OSError as error:
        reader.hardware.console.line({"event": "lan_refused", "reason": str(error)})


def _wiegand(board):
    """What listens to the board's Wiegand reader, and sends to the panel behind it; None, and not
    loaded, without either.
    """
    found = board.wiegand()
    if found[0] is None and found[2] is None:
        return None
    from untrusted import InvalidInput

    from .start import NotReady
    from .wiegand import Wiegand

    try:
        return Wiegand(board, *found)
    except InvalidInput as error:
        raise NotReady({"event": "pins_refused", "reason": "pins: %s" % error})


def _reader(board, ble, identity, pause):
    """The Reader whom ``identity`` names, with its jobs; ``pause`` is the Node's, or None."""
    from untrusted import InvalidInput

    from ..access import advert
    from ..link.gatt.radio import Radio
    from ..link.limits import Limits
    from .reader import Reader
    from .start import refused

    settings, private_key, p256_private_key = identity
    limits = Limits(connections=ble.CONNECTIONS - 1)
    doors = [door for door, _ in settings.doors]
    said = [advert.encode(settings.site, settings.node, doors, bit) for bit in (False, True)]
    reader = None

    def advertisement():
        return said[1 if reader is not None and reader.is_offline else 0]

    radio = Radio(ble, board.ticks, limits, advertisement, board.console)
    try:
        reader = Reader(
            settings,
            private_key,
            board,
            flash.STATE,
            limits,
            p256_private_key=p256_private_key,
            pause=pause,
        )
    except InvalidInput as error:
        raise refused(error)
    reader.supervisor.add("radio", lambda: radio.run(reader.connected))
    reader.supervisor.add("lights", board.led.run)
    return reader


async def _last(starts):
    """Once it has run for a while: the start was a good one, and so is the image."""
    await asyncio.sleep(LASTS_S)
    starts.lasted()
    reset.keep_image()


def _crashed(board, last_run, error):
    """Leave word of the ``error`` that ends this run; raises nothing."""
    _secure(board)
    try:
        from ..node.traceback import place

        where = place(error)
        last_run.crash(type(error).__name__, where)
        fields = {"event": "fault", "piece": "run", "error": type(error).__name__, "place": where}
        board.console.line(fields)
    except Exception:
        pass  # there was no memory or no flash to say it with; to start again comes first


def _secure(board):
    if board.strike is not None:
        board.strike.end()
    if board.way_out is not None:
        board.way_out.start()
