"""MicroPython's `bluetooth` module where there is no radio, over Google's Bumble: a GATT server.

It does what extmod/modbluetooth.c does with NimBLE on the ESP32 port, its limits and its errors,
as far as aioble can see; what it says to the radio is in `radio_frames`.
"""

import struct
import sys

import radio_frames as frames
from radio_attribute import Attribute
from radio_pipe import Pipe
from radio_uuid import UUID

try:
    from radio_central import Central
except ImportError:  # a board that is no central has no memory to spare for one
    Central = object

FLAG_READ = 0x0002
FLAG_WRITE_NO_RESPONSE = 0x0004
FLAG_WRITE = 0x0008
FLAG_NOTIFY = 0x0010
FLAG_INDICATE = 0x0020

_ENOMEM = 12
_EBUSY = 16
_ENODEV = 19  # the radio is off
_EINVAL = 22
_ENOTCONN = 107
_EALREADY = 114

_FIRST_HANDLE = 16  # what the Generic Access and Generic Attribute services leave
_MAX_ADVERTISEMENT = 31
_MIN_MTU = 23
_MAX_MTU = 527
_DEFAULT_MTU = 256
_MAX_NAME = 31
_MAX_INDICATIONS = 4  # NimBLE's procedures at once
_SETTINGS = ("addr_mode", "bond", "mitm", "io", "le_secure")


def _bytes(data) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)


class BLE(Central):  # pyright: ignore[reportGeneralTypeIssues]
    """The one radio of a board: ``BLE()`` is the same object each time."""

    _one = None

    def __new__(cls):
        if cls._one is None:
            cls._one = object.__new__(cls)
            cls._one._handler = None
            cls._one._reset()
        return cls._one

    def _reset(self):
        self._pipe = None
        self._attributes = {}
        self._connections = {}  # by handle: is it being closed
        self._mtu = _DEFAULT_MTU
        self._name = b"MPY ESP32"
        self._notified = self._left = self._indicated = self._confirmed = 0

    def active(self, on=None):
        """Turn the radio on or off; returns whether it is on."""
        if on and self._pipe is None:
            pipe = Pipe()
            _, self._most, self._slots, address = pipe.open()
            self._address = (address[0], bytes(address[1:]))
            self._pipe = pipe
            pipe.start(self._deliver)
        elif on is not None and not on and self._pipe is not None:
            pipe, self._pipe = self._pipe, None
            pipe.close()
            self._reset()
        return self._pipe is not None

    def irq(self, handler):
        """Set who is told of events: ``handler(event, data)``."""
        if handler is not None and not callable(handler):
            raise ValueError("invalid handler")
        self._handler = handler

    def config(self, *names, **settings):
        """Ask for one setting by name, or change some. Raises ValueError for an unknown one."""
        if not settings:
            if len(names) != 1:
                raise TypeError("must query one param")
            pipe = self._on()
            if names[0] == "mac":
                return self._address
            if names[0] == "mtu":
                return self._mtu
            if names[0] == "gap_name":
                return self._name
            raise ValueError("unknown config param")
        if names:
            raise TypeError("can't specify pos and kw args")
        for name, value in settings.items():
            pipe = self._on()
            if name == "mtu":
                if not _MIN_MTU <= value <= _MAX_MTU:
                    raise OSError(_EINVAL)
                self._mtu = value
                pipe.send(frames.PREFER_MTU, 0, value)
            elif name == "gap_name":
                value = _bytes(value)
                if len(value) > _MAX_NAME:
                    raise OSError(_EINVAL)
                self._name = value
                pipe.send(frames.NAME, 0, 0, value)
            elif name not in _SETTINGS:
                raise ValueError("unknown config param")

    def gap_advertise(
        self, interval_us=500_000, adv_data=None, *, resp_data=None, connectable=True
    ):
        """Advertise, or stop with None. What is None is said as it was before."""
        if interval_us is None:
            if self._pipe:
                self._pipe.send(frames.STOP_ADVERTISING)
            return
        pipe = self._on()
        pipe.send(frames.STOP_ADVERTISING)
        flags = frames.CONNECTABLE if connectable else 0
        data = response = b""
        if adv_data is not None:
            flags, data = flags | frames.HAS_DATA, bytes(adv_data)
        if resp_data is not None:
            flags, response = flags | frames.HAS_RESPONSE, bytes(resp_data)
        if len(data) > _MAX_ADVERTISEMENT or len(response) > _MAX_ADVERTISEMENT:
            raise OSError(_EINVAL)
        if connectable and len(self._connections) >= self._most:
            raise OSError(_ENOMEM)
        payload = bytes((len(data),)) + data + response
        pipe.send(frames.ADVERTISE, interval_us // 1000, flags, payload)

    def gap_disconnect(self, conn_handle) -> bool:
        """Close a connection; False if there is none. EALREADY while it is being closed."""
        pipe = self._on()
        closing = self._connections.get(conn_handle)
        if closing is None:
            return False
        if closing:
            raise OSError(_EALREADY)
        self._connections[conn_handle] = True
        pipe.send(frames.DISCONNECT, conn_handle)
        return True

    def gatts_register_services(self, services):
        """Replace all services; a tuple a service of the handles of what it holds."""
        pipe = self._on()
        if self._connections:
            raise OSError(_EBUSY)
        self._attributes = {}
        self._handle = _FIRST_HANDLE
        entries = []
        found = []
        for uuid, characteristics in services:
            self._handle += 1  # the service's declaration
            self._entry(entries, frames.SERVICE, 0, 0, uuid)
            handles = []
            for characteristic in characteristics:
                self._handle += 1  # the characteristic's declaration
                flags = characteristic[1]
                handles.append(self._add(entries, frames.CHARACTERISTIC, flags, characteristic[0]))
                for descriptor in characteristic[2] if len(characteristic) > 2 else ():
                    handles.append(
                        self._add(entries, frames.DESCRIPTOR, descriptor[1], descriptor[0])
                    )
                if flags & (FLAG_NOTIFY | FLAG_INDICATE):
                    self._handle += 1  # its client characteristic configuration
            found.append(tuple(handles))
        # One service a frame would do as well; a frame takes what a reader has, twice.
        pipe.send(frames.REGISTER, 0, 0, b"".join(entries))
        return tuple(found)

    def _add(self, entries, kind, flags, uuid) -> int:
        handle = self._handle
        self._handle += 1
        self._attributes[handle] = Attribute()
        self._entry(entries, kind, flags & 0xFFFF, handle, uuid)
        return handle

    def _entry(self, entries, kind, flags, handle, uuid):
        if not isinstance(uuid, UUID):
            raise ValueError("invalid UUID")
        value = bytes(uuid)
        entries.append(struct.pack(frames.ENTRY, kind, flags, handle, len(value)) + value)

    def gatts_read(self, value_handle) -> bytes:
        """What an attribute holds; a buffer that gathers is empty after it."""
        return self._attribute(value_handle).take()

    def gatts_write(self, value_handle, data, send_update=False) -> int:
        """Set what an attribute holds, and tell those who subscribed if asked to."""
        pipe = self._on()
        attribute = self._attribute(value_handle)
        data = _bytes(data)
        attribute.write(data)
        if send_update:
            pipe.send(frames.UPDATED, 0, value_handle, data)
        return len(data)

    def gatts_set_buffer(self, value_handle, length, append=False):
        """Hold up to ``length`` bytes, and add what is written to what is there if ``append``."""
        self._attribute(value_handle).resize(length, append)

    def gatts_notify(self, conn_handle, value_handle, data=None):
        """Send a notification, subscribed or not, cut to the MTU less 3. ENOMEM if many wait."""
        if self._notified - self._left >= self._slots:
            self._on()
            raise OSError(_ENOMEM)
        self._tell(frames.NOTIFY, conn_handle, value_handle, data)
        self._notified += 1

    def gatts_indicate(self, conn_handle, value_handle, data=None):
        """Send an indication; an event tells how it ended. ENOMEM if too many are on their way."""
        if self._indicated - self._confirmed >= _MAX_INDICATIONS:
            self._on()
            raise OSError(_ENOMEM)
        self._tell(frames.INDICATE, conn_handle, value_handle, data)
        self._indicated += 1

    def _tell(self, kind, conn_handle, value_handle, data):
        pipe = self._on()
        if conn_handle not in self._connections:
            raise OSError(_ENOTCONN)
        if data is None:
            data = self._attribute(value_handle).peek()
        pipe.send(kind, conn_handle, value_handle, _bytes(data))

    def _on(self):
        if self._pipe is None:
            raise OSError(_ENODEV)
        return self._pipe

    def _attribute(self, handle):
        self._on()
        if handle not in self._attributes:
            raise OSError(_EINVAL)
        return self._attributes[handle]

    def _deliver(self, kind, conn, handle, payload):
        """What the radio tells. Runs in the radio's thread."""
        pipe = self._pipe
        if pipe is None:  # it is being turned off, and tells nothing any more
            return
        if kind == frames.LEFT:
            self._left += 1
        elif kind == frames.CONNECTED:
            self._connections[conn] = False
            self._fire(kind, (conn, handle, payload))
        elif kind == frames.DISCONNECTED:
            self._connections.pop(conn, None)
            self._fire(kind, (conn, handle, payload))
        elif kind == frames.WRITE:
            attribute = self._attributes.get(handle)
            if attribute is not None:
                attribute.written(payload)
                self._fire(kind, (conn, handle))
            self._answer(0, b"")
        elif kind == frames.READ_REQUEST:
            error = self._fire(kind, (conn, handle))
            attribute = self._attributes.get(handle)
            error = error if isinstance(error, int) else 0
            self._answer(error, attribute.peek() if attribute is not None else b"")
        elif kind == frames.INDICATE_DONE:
            self._confirmed += 1
            self._fire(kind, (conn, handle, payload[0]))
        elif kind == frames.MTU_EXCHANGED:
            self._fire(kind, (conn, handle))
        else:
            self._told(kind, conn, handle, payload)

    def _answer(self, error, value):
        pipe = self._pipe  # the handler may have turned the radio off
        if pipe is not None:
            pipe.send(frames.ACK, 0, error, value)

    def _fire(self, event, data):
        if self._handler is None:
            return None
        try:
            return self._handler(event, data)
        except Exception as error:  # as the port does: said, and the handler is gone
            print("Unhandled exception in IRQ callback handler")
            sys.print_exception(error)
            self._handler = None
            return None
