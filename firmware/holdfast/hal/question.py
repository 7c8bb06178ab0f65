"""One datagram to somebody and one back, as a client of UDP has it; the same on every platform."""

import asyncio
import errno
import socket
import time

from micropython import const

_LOOK_MS = const(20)


class Question:
    """To the ``port`` of the IPv4 address ``host``, text; ``wait_ms`` is how long an answer may
    take. No name: to look one up holds up the
    whole interpreter for as long as no server answers. Raises ValueError for what is no address.
    """

    def __init__(self, host: str, port: int, wait_ms: int = 3000):
        if not is_ipv4(host):
            raise ValueError("no IPv4 address: %s" % str(host)[:20])
        self._host = host
        self._port = port
        self._wait_ms = wait_ms

    async def ask(self, data: bytes, longest: int):
        """The first datagram that comes back in time, cut at ``longest`` bytes; None
        if none does. Raises OSError.

        The socket is made for this, so that its port is another each time, and connected, so that
        nobody else's datagrams are taken.
        """
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.connect(socket.getaddrinfo(self._host, self._port)[0][-1])
            made.send(data)
            begun = time.ticks_ms()
            while time.ticks_diff(time.ticks_ms(), begun) < self._wait_ms:
                try:
                    return made.recv(longest)
                except OSError as error:
                    if error.errno != errno.EAGAIN:
                        raise
                await asyncio.sleep_ms(_LOOK_MS)
            return None
        finally:
            made.close()


def is_ipv4(text) -> bool:
    """Whether it is four numbers of 0 to 255 with dots between them."""
    if not isinstance(text, str) or len(text) > 15:
        return False
    parts = text.split(".")
    return len(parts) == 4 and all([part.isdigit() and int(part) <= 255 for part in parts])
