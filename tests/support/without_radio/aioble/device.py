"""Connections as aioble sees them, each with a task that waits for its end."""

import asyncio

from .core import ble, register_irq_handler


class DeviceDisconnectedError(Exception):
    """What was waited for can no longer come."""


class Device:
    """Who is at the other end."""

    def __init__(self, addr_type, addr):
        self.addr_type = addr_type
        self.addr = addr
        self._connection = None


class DeviceConnection:
    """A connection; all that are open, by the stack's number, in ``_connected``."""

    _connected = {}

    def __init__(self, device):
        self.device = device
        device._connection = self
        self.mtu = None
        self._conn_handle = None
        self._event = asyncio.ThreadSafeFlag()
        self._task = None
        self._timeouts = []

    async def device_task(self):
        """Forget the connection at its end."""
        await self._event.wait()
        del DeviceConnection._connected[self._conn_handle]
        self._conn_handle = None
        self.device._connection = None

    def _run_task(self):
        self._task = asyncio.create_task(self.device_task())

    def is_connected(self):
        """Whether it has a number."""
        return self._conn_handle is not None

    async def disconnect(self, timeout_ms=2000):
        """End it, and wait for that."""
        if self.is_connected():
            ble.gap_disconnect(self._conn_handle)
            await asyncio.wait_for_ms(self._task, timeout_ms)


def _device_irq(event, data):
    if event == 21:
        connection = DeviceConnection._connected.get(data[0])
        if connection:
            connection.mtu = data[1]


register_irq_handler(_device_irq, None)
