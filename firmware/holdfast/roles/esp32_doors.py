"""Who decides, on an ESP32: a reader, or a controller where its certificate says so."""

from untrusted import InvalidInput

from ..access import advert, status
from ..hal.esp32 import flash
from ..link.limits import Limits
from ..storage import let_go
from . import start
from .esp32_start import lan_refused, radio_of
from .identity import NotReady

_POLICY = "/policy.cbor"


def make(board, ble, lan, begin) -> tuple:
    """As of ``esp32_start.main``."""
    import crypto

    settings, private_key, p256_private_key = start.identity(
        flash.HOME, flash.STATE, board.random_bytes, board, flash.prepare
    )
    crypto.load(p256_private_key is not None)
    is_a_controller = start.is_controller(settings)
    _have_doors(board, settings, is_a_controller)
    timed = [name for name, door in board.all_doors if door.strike.is_timed]
    if timed:
        named = ["strike of " + one if one else "strike" for one in timed]
        board.life[status.TIMED] = ", ".join(named)
    if settings.wiring != "decides":
        board.life[status.WIRING] = settings.wiring
    wiegands = _wiegands(board, settings)
    begin()
    limits = Limits(connections=ble.CONNECTIONS - 1)
    more = {"p256_private_key": p256_private_key}
    if wiegands:
        more["pause"] = wiegands[0][1].pause
    if is_a_controller:
        from .controller import Controller as role

        if lan is not None and lan.ntp is not None:
            more["ask_time"] = _hint(board, lan.ntp)
    else:
        from .reader import Reader as role
    node = None
    doors = [door for door, _ in settings.doors]

    said = [advert.encode(settings.site, settings.node, doors, bit) for bit in (False, True)]

    def advertisement():
        return said[node is not None and node.is_offline]

    radio = radio_of(board, ble, limits, advertisement)
    try:
        node = role(settings, private_key, board, flash.STATE, limits, **more)
    except InvalidInput as error:
        raise start.refused(error)
    if lan is not None:
        _have_snapshots(node.stores, flash.HOME + _POLICY)
    node.supervisor.add("radio", lambda: radio.run(node.connected))
    for name, door in board.all_doors:
        if door.led.is_there:
            node.supervisor.add("lights of " + name if name else "lights", door.led.run)
    return node, lambda: _started(node, lan, wiegands)


def _have_snapshots(stores, brought):
    # Others can have the snapshot that it took, or was brought.
    from ..storage.policy.parts import ROOM

    stores.snapshot_room = ROOM
    stores.snapshot_brought = brought


def _started(node, lan, wiegands) -> dict:
    """Join the LAN, listen to card readers, follow what was brought; what the ready line says."""
    if lan is not None:
        _join(node, lan)
    for door, wiegand in wiegands:
        wiegand.add(node, node.doors[door], "" if len(node.doors) == 1 else door)
    start.follow_policy(node, flash.HOME + _POLICY)
    from .doors import describe

    description = describe(node.settings)
    start.add_state(node, description)
    let_go(start)
    return description


def _have_doors(board, settings, may_have_more):
    """That each door of ``settings`` has a strike, and a reader's is the board's own. A door at
    pins that the settings do not name is secured, and lets out.
    """
    names = [name for name, _ in settings.doors]
    why = None
    if board.of_doors:
        missing = [name for name in names if name not in board.of_doors]
        if not may_have_more:
            why = "doors are a controller's, and its certificate is a reader's"
        elif missing:
            why = "no pins of the door %s" % missing[0]
    elif names and board.strike is None:
        why = "no pin is STRIKE: copy a pins.json that says"
    elif len(names) > 1:
        why = "it has several doors: put the pins of each under its name in doors"
    elif names:
        board.of_doors[names[0]] = board
    if why is not None:
        raise NotReady({"event": "pins_refused", "reason": "pins: " + why})


def _wiegands(board, settings) -> list:
    """(door, Wiegand) of each door with a Wiegand reader, or a panel behind it; nothing of it is
    loaded where there is none.
    """
    found = []
    is_heard = False
    for name, _ in settings.doors:
        form, port, panel, lines = board.of_doors[name].wiegand()
        if form is None and panel is None:
            continue
        from .wiegand import Wiegand

        is_heard = is_heard or form is not None
        try:
            first = found[0][1] if found else None
            found.append((name, Wiegand(board, form, port, panel, lines, first)))
        except InvalidInput as error:
            raise NotReady({"event": "pins_refused", "reason": "pins: %s" % error})
    if settings.wiring == "wiegand" and not is_heard:
        why = "pins: by its settings a Wiegand reader is there: say its format"
        raise NotReady({"event": "pins_refused", "reason": why})
    return found


def _hint(board, server):
    from ..hal.question import Question
    from ..lan.sntp import PORT, Sntp

    return Sntp(Question(server, PORT), board.ticks, board.random_bytes).ask


def _join(node, lan):
    """Be among the nodes of the LAN."""
    from ..hal.esp32.udp import Udp
    from ..lan.endpoint import PORT
    from ..node.neighbours import GROUP, Neighbours

    try:
        neighbours = Neighbours(node, Udp(PORT, GROUP, lan))
        neighbours.snapshot = node.stores.snapshot_number
        neighbours.start()
    except OSError as error:
        lan_refused(node.hardware.console, error)
