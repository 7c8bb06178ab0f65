"""Safe mode: nothing opens but for who wants out, and the console is somebody's."""

from micropython import const

_LOOK_MS = const(50)
_TELL_MS = const(60000)
AGAIN_S = 1800

# What to do, by what it is about. A person's hand is what ends the first two.
_NEXT = {
    "button": "let go of it, then reset",
    "unprovisioned": "put settings.cbor beside device.key, then reset",
    "settings_refused": "enrol it anew, then reset",
    "storage_refused": "flash an image for this board, or erase its flash and enrol it anew",
    "pins_refused": "put pins.json right, then reset",
    "image_refused": "flash an image for this board",
    "crashes": "see what ended it, then reset",
}
_LASTING = ("button", "unprovisioned")


def run(board, why: dict):
    """Secure the strikes of ``board`` (hal), release them for who wants out, and say ``why``: its
    ``event`` and ``reason``. It ends by itself after half an hour, for another attempt, but for
    the button's and a board's that was never enrolled.

    Nothing here needs an event loop, a policy, a log or a radio. What fails leaves the rest.
    """
    for _, door in board.all_doors:
        door.strike.end()
    ways_out = board.ways_out
    for way_out in ways_out:
        way_out.start()
    event = why["event"]
    fields = dict(
        why,
        event="safe_mode",
        why=event,
        next=_NEXT.get(event, "reset"),
        exit=len(ways_out) > 0,
    )
    try:
        board.show()
        board.led.show("magenta", "steady")
    except Exception:
        pass  # nobody sees it: the console says it
    left = 0
    for _ in range(AGAIN_S * 1000 // _LOOK_MS) if event not in _LASTING else _for_ever():
        if left <= 0:
            left = _TELL_MS
            try:
                board.console.line(fields)
            except OSError:
                pass
        left -= _LOOK_MS
        board.wait(_LOOK_MS)
        for way_out in ways_out:
            way_out.look(_LOOK_MS)


def _for_ever():
    while True:
        yield
