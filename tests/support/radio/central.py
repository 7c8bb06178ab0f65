"""A board that connects to another: its central and GATT client, for aioble's own tests."""

import asyncio
import struct

from bumble.att import ATT_Error
from bumble.core import UUID, ProtocolError
from bumble.gatt_client import ServiceProxy
from bumble.hci import Address, AddressType

from radio.board import radio_frames as frames

_FAILED = 1
_ADV_IND = 0
_ATT_HEADER = 3
# Two connection intervals: ble_write_capture counts on it that a response takes that long.
_THERE_AND_BACK_S = 0.06


class Central:
    """What a Peripheral does besides; ``tell`` is its way to the board."""

    def __init__(self, device, tell):
        self._device, self._tell = device, tell
        self._connecting = self._scanning = None

    def connected(self, connection):
        """A connection that this side made."""
        peer = connection.peer_address
        who = (connection.handle, int(peer.is_random), bytes(peer)[::-1])
        connection.on("disconnection", lambda _: self._tell(frames.PERIPHERAL_GONE, *who))
        client = connection.gatt_client
        confirm = client.on_att_handle_value_indication

        def notified(pdu):
            self._tell(
                frames.NOTIFIED, connection.handle, pdu.attribute_handle, pdu.attribute_value
            )

        def indicated(pdu):
            confirm(pdu)
            self._tell(
                frames.INDICATED, connection.handle, pdu.attribute_handle, pdu.attribute_value
            )

        client.on_att_handle_value_notification = notified
        client.on_att_handle_value_indication = indicated
        self._tell(frames.PERIPHERAL_CONNECTED, *who)

    async def scan(self, is_on, ms, _):
        if not is_on:
            await self._stop_scanning()
            return
        self._device.on("advertisement", self._seen)
        await self._device.start_scanning()
        if ms:
            self._scanning = asyncio.get_running_loop().call_later(
                ms / 1000, lambda: asyncio.ensure_future(self._stop_scanning())
            )

    async def _stop_scanning(self):
        if self._scanning:
            self._scanning.cancel()
            self._scanning = None
        if self._device.is_scanning:
            self._device.remove_listener("advertisement", self._seen)
            await self._device.stop_scanning()
            self._tell(frames.SCAN_DONE)

    def _seen(self, advertisement):
        address = advertisement.address
        payload = bytes(address)[::-1] + bytes((advertisement.rssi & 0xFF,))
        payload += bytes(advertisement.data)  # with the scan response, as Bumble gives it
        self._tell(frames.SCAN_RESULT, int(address.is_random), _ADV_IND, payload)

    async def connect(self, kind, _, payload):
        await self._stop_scanning()
        address = Address(payload[::-1], AddressType(kind))
        self._connecting = asyncio.ensure_future(self._device.connect(address, timeout=None))

    async def cancel(self, *_):
        if self._connecting:
            self._connecting.cancel()

    async def ask(self, kind, conn, handle, payload):
        """One procedure of a GATT client, from the asking to its end."""
        connection = self._device.connections.get(conn)
        if connection is None:
            return
        status = 0
        try:
            await connection.cancel_on_disconnection(
                _DOES[kind](self, connection, handle, payload)
            )
        except ATT_Error as error:
            status = error.error_code
        except (ProtocolError, TimeoutError, asyncio.CancelledError):
            status = _FAILED
        if kind in _DONE_WITH_STATUS_AS_HANDLE:
            self._tell(_DONE_WITH_STATUS_AS_HANDLE[kind], conn, status)
        elif kind in _DONE:
            self._tell(_DONE[kind], conn, handle, bytes((status,)))

    async def _services(self, connection, _, payload):
        client = connection.gatt_client
        if payload:
            found = await client.discover_service(UUID.from_bytes(payload))
        else:
            found = await client.discover_services()
        for one in found:
            about = struct.pack("<H", one.end_group_handle) + one.uuid.to_bytes()
            self._tell(frames.SERVICE_RESULT, connection.handle, one.handle, about)

    async def _characteristics(self, connection, start, payload):
        (end,) = struct.unpack_from("<H", payload)
        uuids = [UUID.from_bytes(payload[2:])] if payload[2:] else []
        client = connection.gatt_client
        service = ServiceProxy(client, start, end, UUID("1800"), True)
        for one in await client.discover_characteristics(uuids, service):
            about = struct.pack("<HB", one.end_group_handle, int(one.properties))
            about += one.uuid.to_bytes()
            self._tell(frames.CHARACTERISTIC_RESULT, connection.handle, one.handle, about)

    async def _descriptors(self, connection, start, payload):
        (end,) = struct.unpack_from("<H", payload)
        client = connection.gatt_client
        if start >= end:  # the first handle is the value's
            return
        for one in await client.discover_descriptors(start_handle=start + 1, end_handle=end):
            about = one.type.to_bytes()
            self._tell(frames.DESCRIPTOR_RESULT, connection.handle, one.handle, about)

    async def _read(self, connection, handle, _):
        value = await connection.gatt_client.read_value(handle)
        self._tell(frames.READ_RESULT, connection.handle, handle, value)

    async def _write(self, connection, handle, payload):
        # As NimBLE, which cuts what is longer, and begins no long write.
        value = payload[1 : 1 + connection.att_mtu - _ATT_HEADER]
        await connection.gatt_client.write_value(handle, value, bool(payload[0]))
        if payload[0]:
            await asyncio.sleep(_THERE_AND_BACK_S)

    async def _exchange(self, connection, mtu, _):
        await connection.gatt_client.request_mtu(mtu)


_DOES = {
    frames.SERVICES: Central._services,
    frames.CHARACTERISTICS: Central._characteristics,
    frames.DESCRIPTORS: Central._descriptors,
    frames.READ: Central._read,
    frames.WRITE_VALUE: Central._write,
    frames.EXCHANGE_MTU: Central._exchange,
}
_DONE_WITH_STATUS_AS_HANDLE = {
    frames.SERVICES: frames.SERVICE_DONE,
    frames.CHARACTERISTICS: frames.CHARACTERISTIC_DONE,
    frames.DESCRIPTORS: frames.DESCRIPTOR_DONE,
}
_DONE = {frames.READ: frames.READ_DONE, frames.WRITE_VALUE: frames.WRITE_DONE}
PROCEDURES = frozenset(_DOES)
