"""The socket of an ESP32: addresses are pairs there, and one socket hears the group, too."""

import socket
import sys

INTERPRETERS = ("micropython",)


class _Socket:
    """As ports/esp32/modsocket.c has it: sources are (text, port)."""

    made = None

    def __init__(self, family, kind):
        self.options = []
        self.sent = []
        self.came = []
        self.fails = False
        _Socket.made = self

    def setblocking(self, on):
        assert on is False

    def bind(self, address):
        self.bound = address

    def setsockopt(self, level, option, value):
        if self.fails:
            raise OSError(98)
        self.options.append((level, option, value))

    def sendto(self, data, address):
        self.sent.append((data, address))

    def recvfrom(self, most):
        return self.came.pop(0)


class _Module:
    AF_INET, SOCK_DGRAM = socket.AF_INET, socket.SOCK_DGRAM
    IPPROTO_IP, IP_ADD_MEMBERSHIP = 0, 3
    socket = _Socket


sys.modules["socket"] = _Module

from holdfast.hal.esp32.udp import Udp


class _Lan:
    """Of which the last address is the one now."""

    def __init__(self, own):
        self._own = own

    @property
    def address(self):
        return self._own[-1] if self._own else None

    @property
    def network(self):
        return self.address and self.address + "/255.0.0.0"


def test_the_group_is_joined_once_for_each_address_that_the_board_gets():
    """Before there is a network nothing goes to all; a new address is a new membership."""
    own = []
    udp = Udp(62435, "239.255.243.227", _Lan(own))
    made = _Socket.made
    assert made.bound == ("0.0.0.0", 62435) and udp.to_all is None and made.options == []
    own.append("10.0.0.7")
    for _ in range(3):
        assert udp.to_all == ("239.255.243.227", 62435)
    assert made.options == [(0, 3, b"\xef\xff\xf3\xe3\0\0\0\0")]
    own.append("10.0.0.8")
    made.fails = True  # lwIP says that it is a member already
    assert udp.to_all == ("239.255.243.227", 62435)


async def test_what_comes_and_goes():
    udp = Udp(5, "239.255.243.227", _Lan(["10.0.0.7"]))
    assert udp.network == "10.0.0.7/255.0.0.0"
    made = _Socket.made
    made.came.append((b"data", ("10.0.0.9", 5)))
    (receiver,) = udp.receivers
    source, data = await receiver.receive()
    assert (source, data) == (udp.address_of("10.0.0.9", 5), b"data")
    assert udp.is_own(("10.0.0.7", 5)) and not udp.is_own(source)
    udp.send(source, b"answer")
    assert made.sent == [(b"answer", ("10.0.0.9", 5))]
