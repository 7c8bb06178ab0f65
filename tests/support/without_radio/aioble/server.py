"""Services of one's own."""

import asyncio

from .core import ble, ensure_active, register_irq_handler
from .device import DeviceConnection

_registered_characteristics = {}


def _server_irq(event, data):
    if event == 3:
        characteristic = _registered_characteristics.get(data[1])
        if characteristic:
            characteristic._write_data = DeviceConnection._connected.get(data[0])
            characteristic._write_event.set()


def _server_shutdown():
    global _registered_characteristics
    _registered_characteristics = {}


register_irq_handler(_server_irq, _server_shutdown)


class Service:
    """What has characteristics."""

    def __init__(self, uuid):
        self.uuid = uuid
        self.characteristics = []

    def _tuple(self):
        return (self.uuid, tuple([each._tuple() for each in self.characteristics]))


class BaseCharacteristic:
    """What has a value."""

    def _register(self, value_handle):
        self._value_handle = value_handle
        _registered_characteristics[value_handle] = self

    def read(self):
        """The value."""
        return ble.gatts_read(self._value_handle)


class Characteristic(BaseCharacteristic):
    """A value that is written or notified."""

    def __init__(
        self,
        service,
        uuid,
        read=False,
        write=False,
        write_no_response=False,
        notify=False,
        indicate=False,
        initial=None,
        capture=False,
    ):
        service.characteristics.append(self)
        self.descriptors = []
        self.uuid = uuid
        self.flags = 2 * read + 4 * write_no_response + 8 * write + 16 * notify + 32 * indicate
        self._value_handle = None
        if write or write_no_response:
            self._write_event = asyncio.ThreadSafeFlag()
            self._write_data = None

    def _tuple(self):
        return (self.uuid, self.flags)

    def notify(self, connection, data=None):
        """Send ``data`` to one central."""
        if not self.flags & 16:
            raise ValueError("Not supported")
        ble.gatts_notify(connection._conn_handle, self._value_handle, data)


class BufferedCharacteristic(Characteristic):
    """One that holds more than 20 bytes."""

    def __init__(self, *args, max_len=20, append=False, **kwargs):
        super().__init__(*args, **kwargs)
        self._max_len = max_len
        self._append = append

    def _register(self, value_handle):
        super()._register(value_handle)
        ble.gatts_set_buffer(value_handle, self._max_len, self._append)


def register_services(*services):
    """Give the stack all there is, and learn the numbers of the values."""
    ensure_active()
    _registered_characteristics.clear()
    handles = ble.gatts_register_services(tuple([each._tuple() for each in services]))
    for service, of_service in zip(services, handles):
        for characteristic, handle in zip(service.characteristics, of_service):
            characteristic._register(handle)
