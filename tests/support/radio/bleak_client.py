"""bleak's client over a Bumble device."""

import asyncio

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError, BleakGATTProtocolError
from bumble.att import ATT_Error
from bumble.core import ProtocolError
from bumble.device import Peer
from bumble.gatt import Characteristic
from bumble.hci import Address

from radio.air import FAILED_TO_BE_ESTABLISHED
from radio.bleak_scanner import uuid_text

_DEFAULT_MTU = 23
_ATT_HEADER = 3


class BumbleClient(BaseBleakClient):
    """The backend of one phone, named by the class of it that the phone makes.

    Like a phone it exchanges the MTU by itself, and connects again when another was faster.
    """

    phone = None

    def __init__(self, device, *, disconnected_callback=None, timeout=10.0, **kwargs):
        super().__init__(
            device, disconnected_callback=disconnected_callback, timeout=timeout, **kwargs
        )
        self._connection = None
        self._reason = None
        self._subscribed = {}

    @property
    def name(self):
        return self.address

    @property
    def mtu_size(self):
        return self._connection.att_mtu if self._connection else _DEFAULT_MTU

    @property
    def is_connected(self):
        return self._connection is not None

    async def connect(self, pair, **_):
        if pair:
            raise NotImplementedError("a door is not paired with")
        try:
            await asyncio.wait_for(self._connect(), self._timeout)
        except (TimeoutError, BleakError):
            await self._abandon()
            raise

    async def _connect(self):
        while True:
            if not await self._establish():
                continue
            try:
                await self._passed("connected")
                peer = Peer(self._connection)
                await self._ask(self._discover(peer))
                return
            except BleakError:
                if self._reason != FAILED_TO_BE_ESTABLISHED:
                    raise

    async def _establish(self) -> bool:
        self._reason = None
        address = Address(self.address, Address.RANDOM_DEVICE_ADDRESS)
        connection = await self.phone.device.connect(address, timeout=None)
        if self.phone.device.connections.get(connection.handle) is not connection:
            return False  # it ended before anybody could be told that it stood
        self._connection = connection
        connection.on("disconnection", self._gone)
        return True

    async def _discover(self, peer):
        if self.phone.mtu > _DEFAULT_MTU:
            await peer.request_mtu(self.phone.mtu)
            await self._passed("mtu")
        await peer.discover_services()
        found = BleakGATTServiceCollection()
        for service in peer.services:
            bleak_service = BleakGATTService(service, service.handle, uuid_text(service.uuid))
            found.add_service(bleak_service)
            for characteristic in await service.discover_characteristics():
                await self._add(found, bleak_service, characteristic)
        self.services = found
        await self._passed("services")

    async def _add(self, found, service, characteristic):
        properties = [
            flag.name.lower().replace("_", "-")
            for flag in Characteristic.Properties
            if characteristic.properties & flag
        ]
        made = BleakGATTCharacteristic(
            characteristic,
            characteristic.handle,
            uuid_text(characteristic.uuid),
            properties,
            lambda: self.mtu_size - _ATT_HEADER,
            service,
        )
        found.add_characteristic(made)
        for descriptor in await characteristic.discover_descriptors():
            kind = uuid_text(descriptor.type)
            found.add_descriptor(BleakGATTDescriptor(descriptor, descriptor.handle, kind, made))

    async def _passed(self, step):
        await self.phone.passed(step)
        if not self._connection:
            raise BleakError("disconnected")

    async def _abandon(self):
        if self._connection:
            await self.disconnect()

    def _gone(self, reason):
        self._connection = None
        self._reason = reason
        self._subscribed.clear()
        # Of a connection that never stood nobody is told that it ended.
        if self.services and self._disconnected_callback:
            self._disconnected_callback()

    async def disconnect(self):
        connection = self._connection
        if connection:
            ended = asyncio.Event()
            connection.on("disconnection", lambda _: ended.set())
            try:
                await connection.disconnect()
            except ProtocolError:
                pass  # the other side was faster
            await ended.wait()
        self.services = None

    async def pair(self, *_, **__):
        raise NotImplementedError("a door is not paired with")

    async def unpair(self):
        raise NotImplementedError("a door is not paired with")

    async def _ask(self, question):
        """Await an ATT procedure; BleakError if it is refused or the connection ends."""
        if not self._connection:
            question.close()
            raise BleakError("Not connected")
        try:
            return await self._connection.cancel_on_disconnection(question)
        except ATT_Error as error:
            raise BleakGATTProtocolError(error.error_code) from error
        except ProtocolError as error:
            raise BleakError(str(error)) from error
        except asyncio.CancelledError:
            if self._connection:
                raise  # it is the caller who was cancelled
            raise BleakError("disconnected") from None

    async def read_gatt_char(self, characteristic, *, use_cached=False, **_):
        return bytearray(await self._ask(characteristic.obj.read_value()))

    async def read_gatt_descriptor(self, descriptor, *, use_cached=False, **_):
        return bytearray(await self._ask(descriptor.obj.read_value()))

    async def write_gatt_char(self, characteristic, data, response):
        data = bytes(data)
        if not response and len(data) > self.mtu_size - _ATT_HEADER:
            raise BleakError("longer than the MTU allows")
        await self._ask(characteristic.obj.write_value(data, with_response=response))
        await self.phone.passed("written")

    async def write_gatt_descriptor(self, descriptor, data):
        await self._ask(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(self, characteristic, callback, **_):
        def notified(value):
            callback(bytearray(value))
            self._later("notified")

        self._subscribed[characteristic.handle] = notified
        await self._ask(characteristic.obj.subscribe(notified))
        await self.phone.passed("subscribed")

    async def stop_notify(self, characteristic):
        notified = self._subscribed.pop(characteristic.handle, None)
        await self._ask(characteristic.obj.unsubscribe(notified))

    def _later(self, step):
        self._steps = asyncio.ensure_future(self.phone.passed(step))
