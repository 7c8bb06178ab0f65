"""The way from a board's `bluetooth` module to the virtual radio, on MicroPython's unix port.

A thread of its own stands for NimBLE's task: it takes what the radio tells and calls into Python
while the program is anywhere, as on the ESP32 port, whose callbacks hold the interpreter's lock.
"""

import _thread
import os
import socket
import struct

import radio_frames as frames

_SOL_TCP = 6
_TCP_NODELAY = 1


class Pipe:
    """One connection to the radio that listens at HOLDFAST_RADIO, a port of this machine.

    Nothing is open before ``open``. Raises OSError where no radio listens.
    """

    def __init__(self):
        self._socket = socket.socket()
        self._payload = memoryview(bytearray(frames.MAX_PAYLOAD))
        self._header = bytearray(frames.HEADER_LENGTH)
        self._sending = _thread.allocate_lock()
        self._over = _thread.allocate_lock()

    def open(self) -> tuple:
        """Connect; returns what the radio says first."""
        port = int(os.getenv("HOLDFAST_RADIO") or "0")
        self._socket.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
        self._socket.setsockopt(_SOL_TCP, _TCP_NODELAY, 1)
        first = self._take()
        if first is None:
            raise OSError("the radio is gone")
        return first

    def start(self, deliver):
        """Call ``deliver(kind, connection, handle, payload)`` for whatever comes from now on.

        The payload is a view that holds only until ``deliver`` returns.
        """
        self._over.acquire()
        _thread.start_new_thread(self._run, (deliver,))

    def send(self, kind: int, connection: int = 0, handle: int = 0, payload=b""):
        """Send one frame; waits until it is on its way."""
        head = struct.pack(frames.HEADER, kind, connection, handle, len(payload))
        with self._sending:
            self._socket.write(head + payload)

    def close(self):
        """Tell the radio to go, and wait until the thread has seen that it went."""
        self.send(frames.OFF)
        self._over.acquire()
        self._over.release()
        self._socket.close()

    def _run(self, deliver):
        try:
            while True:
                frame = self._take()
                if frame is None:
                    return
                deliver(*frame)
        finally:
            self._over.release()

    def _take(self):
        if not self._fill(self._header):
            return None
        kind, connection, handle, length = struct.unpack(frames.HEADER, self._header)
        payload = self._payload[:length]
        if not self._fill(payload):
            return None
        return kind, connection, handle, payload

    def _fill(self, buffer) -> bool:
        at = 0
        view = memoryview(buffer)
        while at < len(view):
            count = self._socket.readinto(view[at:])
            if not count:
                return False
            at += count
        return True
