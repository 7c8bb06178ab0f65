"""What a device on the unix port is started with, and what it ends with: one table each."""

from untrusted import InvalidInput

EXIT_USAGE = 2
EXIT_PORT = 5
EXITS = {"unprovisioned": 3, "settings_refused": 4, "storage_refused": 6}  # by what is said of it

_INPUTS = ("contact", "rex", "tamper", "fire")


class UsageError(InvalidInput):
    """An option that is not understood; the text names it."""


def _whole(least, most):
    def read(text):
        if not text.isdigit() or not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return read


def _lan(text):
    """(port, IPv4 address) of PORT[,ADDRESS]; all addresses of the machine without one."""
    port, comma, address = text.partition(",")
    return _whole(1, 65535)(port), _ipv4(address if comma else "0.0.0.0")


def _ipv4(text):
    numbers = [_whole(0, 255)(part) for part in text.split(".")]
    if len(numbers) != 4:
        raise ValueError
    return text


def _server(text):
    """(IPv4 address, port) of ADDRESS[:PORT]; port 123 without one."""
    address, colon, port = text.partition(":")
    return _ipv4(address), _whole(1, 65535)(port) if colon else 123


def _clock(text):
    return None if text == "lost" else int(text)


def _names(text):
    names = text.split(",")
    if not all([name in _INPUTS and names.count(name) == 1 for name in names]):
        raise ValueError
    return names


# Name: what it is without being given, what is understood of it, and how that is read. Wiegand's
# formats are read where they are gone by.
_TABLE = {
    "--port": (None, "1..65535", _whole(1, 65535)),
    "--chunk": (244, "20..1024", _whole(20, 1024)),
    "--clock": (0, "lost|SECONDS", _clock),
    "--inputs": ((), ",".join(_INPUTS), _names),
    "--held": (0, "MILLISECONDS", _whole(1, 3600000)),
    "--wiegand": (None, "FORMAT", str),
    "--panel": (None, "FORMAT", str),
    "--lan": (None, "PORT[,ADDRESS]", _lan),
    "--ntp": (None, "ADDRESS[:PORT]", _server),
}


def parse(arguments) -> tuple:
    """``(directory, values)`` of what main.py was called with, values by the names of the options
    without their dashes: ``clock`` is None for a lost one, ``wiegand``, ``panel``, ``lan``, which
    is (port, address), and ``ntp``, which is (address, port), None without.

    Raises UsageError.
    """
    if not arguments or arguments[0].startswith("--"):
        raise UsageError("usage: main.py STATE_DIR --port 1..65535 [OPTION VALUE]...")
    values = {name[2:]: entry[0] for name, entry in _TABLE.items()}
    seen = []
    for place in range(1, len(arguments), 2):
        name = arguments[place]
        if name not in _TABLE:
            raise UsageError("%s is none of %s" % (name[:40], " ".join(sorted(_TABLE))))
        if name in seen:
            raise UsageError("%s is there twice" % name)
        seen.append(name)
        _, understood, read = _TABLE[name]
        try:
            values[name[2:]] = read(arguments[place + 1])
        except (IndexError, ValueError):
            raise UsageError("%s takes %s" % (name, understood))
    if values["port"] is None:
        raise UsageError("--port is missing: --port %s" % _TABLE["--port"][1])
    return arguments[0], values
