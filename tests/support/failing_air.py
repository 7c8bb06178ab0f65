"""A stand-in for bleak's two classes, for what no radio does when a test wants it: to fail.

A reader in it is the TCP port of a real one, or None for one that never accepts anybody.
"""

import asyncio
import collections
import contextlib
from types import SimpleNamespace

from holdfast.access import advert

DROP = "drop"  # the connection ends at this step
DEAF = "deaf"  # it ends in the place of what the reader says after it
FLOOD = "flood"  # the reader says much, and nothing that was asked for


class FailingAir:
    """``scanner`` and ``client`` are for Bluetooth(...); ``done`` are the steps that were taken.

    ``faults`` has what happens at which one: ``{("write", 2): DROP}`` at the second write of all.
    It is one of the above, or an exception to raise, or a function to call.
    """

    def __init__(self):
        self.readers = {}
        self.said = []  # (address, dBm, service data), told to every scanner
        self.faults = {}
        self.done = []
        self.opened = collections.Counter()  # connections, by port
        self.largest = 20
        self.properties = ["write", "write-without-response"]
        self.writes = []  # (size, whether with a response)

    def has(self, address, port, doors=("front",), rssi=-60, *, site="acme", offline=False):
        """A reader at ``address`` that says it is of ``doors``."""
        self.readers[address] = port
        self.say(address, advert.encode(site, address, list(doors), offline), rssi)

    def say(self, address, data, rssi=-60):
        """An advertisement with ``data``, None for one whose scan response did not come."""
        self.said.append((address, rssi, data))

    def scanner(self, detected, uuids, *, bluez):
        assert uuids == [advert.SERVICE]
        return _Scanner(self, detected)

    def client(self, device, *, disconnected_callback, services, timeout):
        return _Client(self, device, disconnected_callback)

    def step(self, name):
        """What else happens at the step ``name``."""
        self.done.append(name)
        fault = self.faults.get((name, self.done.count(name)))
        if isinstance(fault, BaseException):
            raise fault
        return fault() if callable(fault) else fault


class _Scanner:
    def __init__(self, air, detected):
        self._air = air
        self._detected = detected

    @property
    def discovered_devices(self):
        self._air.step("looked at")
        return [address for address, _, _ in self._air.said]

    async def start(self):
        self._air.step("start")
        for address, rssi, data in self._air.said:
            service_data = {} if data is None else {advert.SERVICE: data}
            said = SimpleNamespace(service_data=service_data, rssi=rssi)
            self._detected(SimpleNamespace(address=address), said)

    async def stop(self):
        self._air.step("stop")


class _Client:
    def __init__(self, air, device, disconnected):
        self._air = air
        self._address = device.address
        self._disconnected = disconnected
        self._reader = self._writer = self._pump = None
        self._is_deaf = False
        self.services = self

    async def connect(self):
        fault = self._air.step("connect")
        port = self._air.readers[self._address]
        if port is None:
            raise TimeoutError
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._air.opened[port] += 1
        if fault is DROP:
            self._end()

    def get_service(self, uuid):
        assert uuid == advert.SERVICE
        return None if self._air.step("services") is DROP else self

    def get_characteristic(self, uuid):
        size = self._air.largest
        return SimpleNamespace(
            uuid=uuid, properties=self._air.properties, max_write_without_response_size=size
        )

    async def start_notify(self, characteristic, callback):
        assert characteristic.uuid == advert.TX and self._reader
        fault = self._air.step("start_notify")
        if fault is DROP:
            self._end()
        elif fault is FLOOD:
            for _ in range(100):
                callback(None, bytearray(500))
        else:
            self._pump = asyncio.create_task(self._notify(self._reader, callback))

    async def _notify(self, reader, callback):
        while data := await reader.read(max(20, self._air.largest)):
            if self._air.step("notify") is DROP or self._is_deaf:
                break
            callback(None, bytearray(data))
        self._end()

    async def write_gatt_char(self, characteristic, data, *, response):
        assert characteristic.uuid == advert.RX and self._writer
        self._air.writes.append((len(data), response))
        fault = self._air.step("write")
        if fault is DROP:
            self._end()
            return
        self._is_deaf = fault is DEAF
        self._writer.write(data)
        await self._writer.drain()

    async def disconnect(self):
        self._air.step("disconnect")
        if self._pump:
            self._pump.cancel()
        if self._writer:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    def _end(self):
        if self._writer:
            self._writer.close()
        self._disconnected(self)
