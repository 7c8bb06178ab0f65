"""A reader's GATT service on the virtual radio, and behind it a reader's port on this machine.

What a phone writes goes to the port, what comes from there is notified: so the phone's side by
radio meets the firmware's decisions also where there is no aioble.
"""

import asyncio

from bumble.att import Attribute, AttributeValue
from bumble.core import UUID
from bumble.device import AdvertisingType
from bumble.gatt import Characteristic, Service
from bumble.gatt_server import Server

from holdfast.access import advert
from holdfast.link.gatt import payload

_ATT_HEADER = 3
_INTERVAL_MS = 60


class Bridge:
    """One reader at ``port`` that says ``said`` of itself (access.advert.encode), at ``address``.

    ``properties`` are those of rx; ``mtu`` is the most it agrees to.
    """

    def __init__(self, air, port: int, said: bytes, mtu: int = 517, properties: int | None = None):
        self._port = port
        self._device = air.device("reader")
        self.address = self._device.random_address
        self._streams = {}
        self._tasks = set()
        self._said = said
        kinds = Characteristic.Properties
        write = kinds.WRITE | kinds.WRITE_WITHOUT_RESPONSE if properties is None else properties
        rx = Characteristic(
            UUID(advert.RX),
            kinds(write),
            Attribute.Permissions.WRITEABLE,
            AttributeValue(write=self._written),
        )
        self._tx = Characteristic(UUID(advert.TX), kinds.NOTIFY, Attribute.Permissions(0))
        server = Server(self._device)
        server.max_mtu = mtu
        self._device.gatt_server = server
        self._device.add_default_services()
        self._device.add_service(Service(UUID(advert.SERVICE), [rx, self._tx]))
        self._device.on("connection", self._connected)

    async def start(self) -> "Bridge":
        """Be in the air."""
        await self._device.power_on()
        await self._advertise()
        return self

    async def say(self, said: bytes):
        """Advertise something else."""
        self._said = said
        await self._device.stop_advertising()
        await self._advertise()

    async def _advertise(self):
        await self._device.start_advertising(
            AdvertisingType.UNDIRECTED_CONNECTABLE_SCANNABLE,
            advertising_data=payload.advertisement(advert.SERVICE),
            scan_response_data=payload.scan_response(advert.SERVICE, self._said),
            advertising_interval_min=_INTERVAL_MS,
            advertising_interval_max=_INTERVAL_MS,
        )

    def _connected(self, connection):
        stream = self._streams[connection.handle] = asyncio.Queue()
        connection.on("disconnection", lambda _: stream.put_nowait(b""))
        self._start(self._carry(connection, stream))
        self._start(self._advertise())

    def _written(self, connection, value):
        self._streams[connection.handle].put_nowait(bytes(value))

    async def _carry(self, connection, stream):
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        back = self._start(self._notify(connection, reader))
        try:
            while data := await stream.get():
                writer.write(data)
        finally:
            back.cancel()
            writer.close()

    async def _notify(self, connection, reader):
        while data := await reader.read(connection.att_mtu - _ATT_HEADER):
            await self._device.gatt_server.notify_subscriber(
                connection, self._tx, data, force=True
            )
        await connection.disconnect()

    def _start(self, work):
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
