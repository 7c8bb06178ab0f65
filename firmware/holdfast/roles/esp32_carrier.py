"""Who carries, on an ESP32. An image that is made of this alone has nothing that decides."""

from ..access import advert
from ..hal.esp32 import flash
from ..link.limits import Limits
from . import carrier_start, esp32_start
from .identity import NotReady


def main(arguments=()):
    """Be it for ever, whatever the settings say, as of ``esp32_start``."""
    return esp32_start.main(_choose)


def make(board, ble, lan, begin) -> tuple:
    """As of ``esp32_start.main``."""
    settings, private_key = carrier_start.identity(
        flash.HOME, board.random_bytes, board, flash.prepare
    )
    wiegand = _wiegand(board)
    begin()
    limits = Limits(connections=ble.CONNECTIONS - 1)
    carrier = None
    own = advert.node_tag(settings.site, settings.node)

    def advertisement():
        # Which door it is for stands in the policy, which it does not have: its controller says.
        door = carrier and carrier.handover.door
        return advert.of_tags(own, door or b"", carrier is None or not carrier.is_present)

    radio = esp32_start.radio_of(board, ble, limits, advertisement)
    carrier = carrier_start.make(
        settings,
        private_key,
        board,
        flash.STATE,
        _socket(board, lan),
        limits=limits,
        pause=wiegand and wiegand.pause,
    )
    carrier.supervisor.add("radio", lambda: radio.run(carrier.connected))
    if board.led.is_there:
        carrier.supervisor.add("lamp", board.led.run)
    return carrier, lambda: _started(carrier, wiegand)


def _choose(board):
    return make


def _started(carrier, wiegand) -> dict:
    if wiegand is not None:
        wiegand.add(carrier, carrier)
    carrier_start.watch(carrier, carrier.hardware.inputs)
    return carrier_start.describe(carrier.settings)


def _wiegand(board):
    """What listens to the board's card reader; None, and not loaded, without one."""
    form, port, panel, _ = board.wiegand()
    why = None
    if board.of_doors:
        why = "doors are a controller's, and this one carries"
    elif panel is not None:
        why = "a panel is for who decides, and this one carries"
    if form is not None and why is None:
        from untrusted import InvalidInput

        from .wiegand import Wiegand

        try:
            return Wiegand(board, form, port)
        except InvalidInput as error:
            why = str(error)
    if why is not None:
        raise NotReady({"event": "pins_refused", "reason": "pins: " + why})
    return None


def _socket(board, lan):
    if lan is None:
        esp32_start.lan_refused(board.console, "it carries, and has no network to do so")
        return None
    from ..hal.esp32.udp import Udp
    from ..lan.endpoint import GROUP, PORT

    try:
        return Udp(PORT, GROUP, lan)
    except OSError as error:
        esp32_start.lan_refused(board.console, error)
        return None
