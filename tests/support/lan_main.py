"""main.py of a reader on the unix port that is on a LAN, too: UDP beside TCP, on the same port.

micropython lan_main.py STATE_DIR --port PORT ...
"""

import sys

import crypto
from holdfast.hal.unix.rng import random_bytes
from holdfast.hal.unix.udp import Udp
from holdfast.lan.endpoint import LanEndpoint
from holdfast.link.origin import Origin
from holdfast.roles import unix_reader

_serve = unix_reader._serve
_key = random_bytes(16)


def _mac(data):
    return crypto.hmac_sha256(_key, data)


async def _serve_on_lan(reader, radio, bench, description, console, port):
    lan = LanEndpoint(
        Udp("127.0.0.1", port),
        reader.hardware.ticks,
        random_bytes,
        _mac,
        reader.exchanger,
        lambda: Origin(0, False, True),
    )
    reader.supervisor.add("lan", lan.run)
    reader.supervisor.add("lan time", lan.keep_time)
    return await _serve(reader, radio, bench, description, console, port)


unix_reader._serve = _serve_on_lan
sys.exit(unix_reader.main(sys.argv[1:]))
