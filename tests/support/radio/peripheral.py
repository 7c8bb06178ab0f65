"""The radio of one board: a Bumble device whose GATT server asks the board what to say.

A board's `bluetooth` module connects when it turns its radio on. While it is connected there is a
device in the air; when the connection ends, for whatever reason, its centrals lose it.
"""

import asyncio
import collections
import struct

from bumble.att import (
    ATT_READ_NOT_PERMITTED_ERROR,
    ATT_WRITE_NOT_PERMITTED_ERROR,
    ATT_Error,
    Attribute,
    AttributeValue,
)
from bumble.core import UUID
from bumble.device import AdvertisingType
from bumble.gatt import Characteristic, Descriptor, Service
from bumble.gatt_server import Server
from bumble.hci import Role

from radio.board import radio_frames as frames
from radio.central import PROCEDURES, Central

_LEGACY_FLAGS = 0xFF  # what goes into a characteristic's declaration
_READ = 0x02
_WRITES = 0x0C


class Peripheral:
    """What one board's radio does, from hello to the end. ``run`` it once."""

    def __init__(self, air, device, reader, writer, most: int, slots: int):
        self._air = air
        self._device = device
        self._reader, self._writer = reader, writer
        self._most, self._slots = most, slots
        self._characteristics = {}
        self._answers = collections.deque()
        self._tasks = set()
        self._congested = asyncio.Event()
        self._congested.set()
        self._data = self._response = b""
        self._central = Central(device, self._tell)
        self.address = device.random_address

    async def run(self, is_ready):
        """Serve the board until it goes; calls ``is_ready(self)`` once it is in the air."""
        device = self._device
        device.on("connection", self._connected)
        await device.power_on()
        self._tell(
            frames.HELLO,
            self._most,
            self._slots,
            bytes((1,)) + bytes(self.address)[::-1],
        )
        is_ready(self)
        try:
            while True:
                head = await self._reader.readexactly(frames.HEADER_LENGTH)
                kind, conn, handle, length = struct.unpack(frames.HEADER, head)
                payload = await self._reader.readexactly(length)
                if kind == frames.OFF:
                    break
                if kind in PROCEDURES:
                    self._start(self._central.ask(kind, conn, handle, payload))
                elif kind in _CENTRAL:
                    await _CENTRAL[kind](self._central, conn, handle, payload)
                else:
                    await _DOES[kind](self, conn, handle, payload)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # a board without power says no goodbye
        finally:
            self._leave()

    def hold(self, is_held: bool):
        """While held, no notification leaves the board: its memory for them fills up."""
        if is_held:
            self._congested.clear()
        else:
            self._congested.set()

    def _leave(self):
        for task in list(self._tasks):
            task.cancel()
        for answer in self._answers:
            answer.cancel()
        self._air.remove(self.address)
        self._writer.close()

    def _tell(self, kind, conn=0, handle=0, payload=b""):
        if not self._writer.is_closing():
            self._writer.write(struct.pack(frames.HEADER, kind, conn, handle, len(payload)))
            self._writer.write(payload)

    def _connected(self, connection):
        connection.on(
            "connection_att_mtu_update",
            lambda: self._tell(frames.MTU_EXCHANGED, connection.handle, connection.att_mtu),
        )
        if connection.role == Role.CENTRAL:
            self._central.connected(connection)
            return
        peer = connection.peer_address
        who = (connection.handle, int(peer.is_random), bytes(peer)[::-1])
        connection.on("disconnection", lambda _: self._tell(frames.DISCONNECTED, *who))
        self._tell(frames.CONNECTED, *who)

    async def _ask(self, kind, connection, handle, payload=b""):
        answer = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        self._tell(kind, connection.handle, handle, payload)
        error, value = await answer
        if error:
            raise ATT_Error(error)
        return value

    async def _answer(self, _, error, payload):
        answer = self._answers.popleft()
        if not answer.done():
            answer.set_result((error, payload))

    async def _advertise(self, interval, flags, payload):
        split = 1 + payload[0]
        if flags & frames.HAS_DATA:
            self._data = payload[1:split]
        if flags & frames.HAS_RESPONSE:
            self._response = payload[split:]
        await self._device.start_advertising(
            AdvertisingType.UNDIRECTED_CONNECTABLE_SCANNABLE
            if flags & frames.CONNECTABLE
            else AdvertisingType.UNDIRECTED_SCANNABLE,
            advertising_data=self._data,
            scan_response_data=self._response,
            advertising_interval_min=interval,
            advertising_interval_max=interval,
        )

    async def _stop_advertising(self, *_):
        await self._device.stop_advertising()

    async def _register(self, _, __, payload):
        server = Server(self._device)
        server.max_mtu = self._device.gatt_server.max_mtu
        self._device.gatt_server = server
        self._device.add_default_services()
        self._characteristics = {}
        services = []
        at = 0
        while at < len(payload):
            kind, flags, handle, length = struct.unpack_from(frames.ENTRY, payload, at)
            at += frames.ENTRY_LENGTH
            uuid = UUID.from_bytes(payload[at : at + length])
            at += length
            if kind == frames.SERVICE:
                services.append((uuid, []))
            elif kind == frames.CHARACTERISTIC:
                services[-1][1].append((uuid, flags, handle, []))
            else:
                services[-1][1][-1][3].append(
                    Descriptor(uuid, _permissions(flags), self._value(handle, flags))
                )
        for uuid, characteristics in services:
            server.add_service(Service(uuid, [self._characteristic(*c) for c in characteristics]))

    def _characteristic(self, uuid, flags, handle, descriptors):
        made = Characteristic(
            uuid,
            Characteristic.Properties(flags & _LEGACY_FLAGS),
            _permissions(flags),
            self._value(handle, flags),
            descriptors,
        )
        self._characteristics[handle] = made
        return made

    def _value(self, handle, flags):
        # Bumble leaves it to the value whether it may be read and written at all.
        async def read(connection):
            if not flags & _READ:
                raise ATT_Error(ATT_READ_NOT_PERMITTED_ERROR)
            return await self._ask(frames.READ_REQUEST, connection, handle)

        async def write(connection, value):
            if not flags & _WRITES:
                raise ATT_Error(ATT_WRITE_NOT_PERMITTED_ERROR)
            await self._ask(frames.WRITE, connection, handle, value)

        return AttributeValue(read=read, write=write)

    def _start(self, work):
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self, conn, handle, payload):
        self._start(self._send(conn, handle, payload))

    async def _send(self, conn, handle, payload):
        # Whoever waits for an event is woken in the order in which it came.
        await self._congested.wait()
        connection = self._device.connections.get(conn)
        if connection and handle in self._characteristics:
            await self._device.gatt_server.notify_subscriber(
                connection, self._characteristics[handle], payload, force=True
            )
        self._tell(frames.LEFT)

    async def _indicate(self, conn, handle, payload):
        self._start(self._indicated(conn, handle, payload))

    async def _indicated(self, conn, handle, payload):
        status = 1
        connection = self._device.connections.get(conn)
        if connection and handle in self._characteristics:
            try:
                await connection.cancel_on_disconnection(
                    self._device.gatt_server.indicate_subscriber(
                        connection, self._characteristics[handle], payload, force=True
                    )
                )
                status = 0
            except (TimeoutError, asyncio.CancelledError):
                pass
        self._tell(frames.INDICATE_DONE, conn, handle, bytes((status,)))

    async def _updated(self, _, handle, payload):
        for connection in list(self._device.connections.values()):
            server = self._device.gatt_server
            await server.notify_subscriber(connection, self._characteristics[handle], payload)

    async def _disconnect(self, conn, *_):
        connection = self._device.connections.get(conn)
        if connection:
            self._start(connection.disconnect())

    async def _prefer_mtu(self, _, mtu, __):
        self._device.gatt_server.max_mtu = mtu

    async def _name(self, _, __, payload):
        self._device.name = payload.decode()


_DOES = {
    frames.ADVERTISE: Peripheral._advertise,
    frames.STOP_ADVERTISING: Peripheral._stop_advertising,
    frames.REGISTER: Peripheral._register,
    frames.NOTIFY: Peripheral._notify,
    frames.INDICATE: Peripheral._indicate,
    frames.UPDATED: Peripheral._updated,
    frames.DISCONNECT: Peripheral._disconnect,
    frames.PREFER_MTU: Peripheral._prefer_mtu,
    frames.NAME: Peripheral._name,
    frames.ACK: Peripheral._answer,
}

_CENTRAL = {
    frames.SCAN: Central.scan,
    frames.CONNECT: Central.connect,
    frames.CANCEL: Central.cancel,
}


def _permissions(flags):
    allowed = Attribute.Permissions(0)
    if flags & _READ:
        allowed |= Attribute.Permissions.READABLE
    if flags & _WRITES:
        allowed |= Attribute.Permissions.WRITEABLE
    return allowed
