"""JSON from a file or a console, of which only a whole object counts."""

import json


def parse(raw: bytes, longest: int):
    """The dict that ``raw``, of at most ``longest`` bytes, says; None if it is no JSON object."""
    try:
        said = json.loads(raw.decode()) if len(raw) <= longest else None
    except ValueError:
        return None
    # MicroPython up to 1.24 takes an object whose end is missing, as of a file half copied.
    return said if isinstance(said, dict) and raw.rstrip().endswith(b"}") else None
