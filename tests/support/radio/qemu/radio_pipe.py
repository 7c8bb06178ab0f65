"""The way from a board's `bluetooth` module to the virtual radio, over the board's serial line.

Lines to the host begin with ``~`` (a frame in hexadecimal digits) or are ``!on``; lines from it
with ``~`` likewise, or are ``off``, or begin with a word of ``commands``. What comes is told by a
task of asyncio, between the steps of the others.
"""

import asyncio
import binascii
import struct
import sys

import radio_frames as frames

commands = {}  # word: what is called with what follows it in the line


class Pipe:
    """The one radio behind the serial line."""

    def __init__(self):
        self._task = None

    def open(self) -> tuple:
        """Ask for the radio; returns what it says first."""
        print("!on")
        while True:
            line = sys.stdin.buffer.readline().strip()
            if line.startswith(b"~"):
                return _parsed(line)
            _command(line)

    def start(self, deliver):
        """Call ``deliver(kind, connection, handle, payload)`` for whatever comes from now on."""
        self._task = asyncio.create_task(self._run(deliver))

    def send(self, kind: int, connection: int = 0, handle: int = 0, payload=b""):
        """Send one frame."""
        head = struct.pack(frames.HEADER, kind, connection, handle, len(payload))
        sys.stdout.write("~")
        sys.stdout.write(binascii.hexlify(head))
        print(binascii.hexlify(payload).decode())

    def close(self):
        """Tell the radio to go, and wait until it went."""
        self._task.cancel()
        self.send(frames.OFF)
        while sys.stdin.buffer.readline().strip() != b"off":
            pass

    async def _run(self, deliver):
        lines = asyncio.StreamReader(sys.stdin.buffer)
        while True:
            line = (await lines.readline()).strip()
            if line.startswith(b"~"):
                deliver(*_parsed(line))
            else:
                _command(line)


def _command(line):
    word, _, rest = line.partition(b" ")
    if word in commands:
        commands[word](rest)


def _parsed(line):
    data = memoryview(binascii.unhexlify(memoryview(line)[1:]))
    kind, connection, handle, _ = struct.unpack(frames.HEADER, data)
    return kind, connection, handle, data[frames.HEADER_LENGTH :]
