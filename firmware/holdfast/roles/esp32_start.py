"""How every device starts on an ESP32: first the strikes, then the radio, then machine code, then
its role.

In this order: a pin that nobody drives moves a lock, and once Python's heap has grown there is no
memory left for a radio or for machine code. So what is needed later is imported later. Nothing
here decides: who carries starts so, too.
"""

import asyncio
import gc

from micropython import const

from ..access import status
from ..door.exit import Exit
from ..hal.esp32 import flash, reset
from ..hal.esp32.board import Board
from ..storage import files
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


def main(choose):
    """Be what ``choose(board)`` says for ever, or in safe mode what can be (safe_mode.py). Returns
    only to somebody at the console who stopped it: then who wants out gets out, still.

    It gives the role's ``make(board, ble, lan, begin)``, which calls ``begin()`` once it knows who
    it is and has something to lose, and gives a node that is not started and what is to be called
    once it is: that gives what the ready line says. It raises NotReady (roles/identity.py), and
    ImportError where the image lacks something.
    """
    # From here on the strikes are secured, and who wants out gets out.
    board = Board(flash.HOME + "/pins.json")
    for _, door in board.all_doors:
        if "rex" in door.inputs:
            way_out = Exit(door.inputs["rex"], door.strike, board.ticks, _OUT_MS)
            board.ways_out.append(way_out)
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
                refusal = _be(board, cause, starts, last_run, choose)
            if board.watchdog is not None:
                board.watchdog.leave()
            safe_mode.run(board, refusal)
        except Exception as error:
            _crashed(board, last_run, error)
    except KeyboardInterrupt:
        # The doors are secured, exit buttons work, and the board is somebody's for an hour.
        _secure(board)
        if board.watchdog is not None:
            board.watchdog.leave()
        starts.lasted()
        last_run.end("stopped")
        board.console.line({"event": "stopped"})
        return
    reset.restart()


def _refusal(board, starts, last_run):
    """What safe mode says of why it must not be tried at all; None: try."""
    if board.is_safe_asked:
        return {"event": "button", "reason": "the button SAFE is held"}
    if board.refusal is not None:
        return {"event": "pins_refused", "reason": board.refusal}
    if starts.is_enough:
        ended_by = last_run.told().get(status.ENDED_BY)
        return {"event": "crashes", "reason": "no start lasted; the last: %s" % ended_by}
    return None


def _be(board, cause, starts, last_run, choose):
    """Be it for ever; what safe mode says, as above, of why it cannot be."""
    from ..hal.esp32.ble import Ble
    from ..hal.esp32.rng import Entropy

    ble = Ble("Holdfast")
    ble.start(None)
    lan = _network(board)
    board.random_bytes = Entropy(lambda: ble.is_active).random_bytes
    import crypto

    crypto.load(False)
    board.build()
    board.life = last_run.told()
    board.life[status.RESET_CAUSE] = cause
    from .identity import NotReady

    def begin():
        board.watchdog = reset.Watchdog()
        last_run.begin()

    try:
        node, started = choose(board)(board, ble, lan, begin)
    except NotReady as error:
        board.console.line(error.fields)
        return error.fields
    except ImportError as error:
        return {"event": "image_refused", "reason": "this image lacks: %s" % error}
    node.start()
    description = started()
    description["reset"] = cause
    if lan is not None:
        node.supervisor.add("network", lan.run)
    board.forget_pins()
    node.supervisor.add("lasting", lambda: _last(starts))
    board.console.line(description)
    asyncio.run(node.run())
    return {"event": "crashes", "reason": "it came to an end"}


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
        lan_refused(board.console, error)
        return None


def lan_refused(console, error):
    """Say that there is no LAN, and go on."""
    console.line({"event": "lan_refused", "reason": str(error)})


def radio_of(board, ble, limits, advertisement):
    """The Radio by which phones come, and ``advertisement()`` what it says of itself at this
    moment (access/advert.py). Raises ImportError where there is no aioble.
    """
    from ..link.gatt.radio import Radio

    return Radio(ble, board.ticks, limits, advertisement, board.console)


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
    for _, door in board.all_doors:
        door.strike.end()
    for way_out in board.ways_out:
        way_out.start()
