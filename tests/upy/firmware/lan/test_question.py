"""A datagram there and back over real sockets, and a controller that asks for the time so."""

INTERPRETERS = ("micropython",)

import asyncio
import socket

import small_controller as small
from harness import raises
from holdfast.hal import question
from holdfast.lan.sntp import Sntp
from holdfast.node.time_hint import TimeHint

_1970 = 2208988800


class _Server:
    """At a port of this machine; ``answer(asked)`` gives the datagrams that it sends back."""

    def __init__(self, answer):
        self._answer = answer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        for self.port in range(40123, 40223):
            try:
                self._socket.bind(socket.getaddrinfo("127.0.0.1", self.port)[0][-1])
                break
            except OSError:
                pass
        self.heard = []

    async def run(self):
        while True:
            try:
                data, source = self._socket.recvfrom(100)
                self.heard.append(data)
                for datagram in self._answer(data):
                    self._socket.sendto(datagram, source)
            except OSError:
                pass
            await asyncio.sleep(0)

    async def __aenter__(self):
        self._task = asyncio.create_task(self.run())
        return self

    async def __aexit__(self, *exception):
        self._task.cancel()
        self._socket.close()


async def test_the_first_answer_is_taken_and_bounded():
    async with _Server(lambda asked: [asked + b"!" * 90, b"later"]) as server:
        asked = question.Question("127.0.0.1", server.port)
        assert await asked.ask(b"hello", 10) == b"hello!!!!!"
        assert await asked.ask(b"again", 10) == b"again!!!!!"  # and not what came too late
        assert server.heard == [b"hello", b"again"]


async def test_silence_is_none_and_a_closed_port_is_an_error():
    """Nobody's time, either way; and the doors go on meanwhile."""
    async with _Server(lambda asked: []) as server:
        asked = question.Question("127.0.0.1", server.port, 50)
        assert await asked.ask(b"hello", 10) is None
        assert server.heard == [b"hello"]
    try:
        assert await asked.ask(b"hello", 10) is None
    except OSError:
        pass  # where the system tells it


def test_a_name_is_no_address():
    for host in ("time.example", "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.x", None, 4):
        raises(ValueError, question.Question, host, 123)
    assert question.is_ipv4("192.168.1.1") and not question.is_ipv4("0001.1.1.1.1.1.1")


async def test_a_controller_is_made_surer_by_a_server_within_what_it_knows():
    """From the socket to the clock; a server that lies by a day moves nothing."""
    node = small.controller()
    clock = node.timekeeper.read()
    told = [clock.now]

    def answer(asked):
        stamp = (told[0] + _1970).to_bytes(4, "big") + bytes(4)
        return [bytes((0x24, 1)) + bytes(22) + asked[40:] + stamp + stamp]

    async with _Server(answer) as server:
        asking = question.Question("127.0.0.1", server.port)
        client = Sntp(asking, node.hardware.ticks, node.hardware.random_bytes)
        hint = TimeHint(node, client.ask)
        found = await client.ask()
        assert found is not None and found[0] == clock.now and 1 <= found[1] <= 4
        assert hint.heard(*found)
        told[0] += 86400
        assert hint.heard(*await client.ask()) is False
        after = node.timekeeper.read()
        assert abs(after.now - clock.now) <= 4
