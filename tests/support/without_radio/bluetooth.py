"""MicroPython's `bluetooth` without a radio: the peripheral's half, as NimBLE does it, and an air
full of centrals for a test to play.

Written after what extmod/modbluetooth.c and extmod/nimble/modbluetooth_nimble.c do: values are cut
at 20 bytes unless a buffer was set, an advertisement ends with a connection, a handler that raises
is never called again, a stack that is switched off tells nobody of its connections.
"""

import asyncio
import errno

_CENTRAL_CONNECT = 1
_CENTRAL_DISCONNECT = 2
_GATTS_WRITE = 3
_MTU_EXCHANGED = 21

_DEFAULT_LENGTH = 20
_BUFFERS = 12
MAX_CONNECTIONS = 4
FIRST_HANDLE = 8
INTERVAL_MS = 30  # of each connection


class UUID:
    """A UUID of 16 or 128 bits; ``bytes(uuid)`` begins with its end."""

    def __init__(self, value):
        if isinstance(value, UUID):
            self._bytes = value._bytes
        elif isinstance(value, int):
            self._bytes = value.to_bytes(2, "little")
        elif isinstance(value, str):
            self._bytes = bytes(reversed(bytes.fromhex(value.replace("-", ""))))
        else:
            self._bytes = bytes(value)
        if len(self._bytes) not in (2, 4, 16):
            raise ValueError("UUID must be 16, 32 or 128 bit")

    def __iter__(self):
        return iter(self._bytes)

    def __len__(self):
        return len(self._bytes)

    def __eq__(self, other):
        return isinstance(other, UUID) and self._bytes == other._bytes

    def __hash__(self):
        return hash(self._bytes)


class Central:
    """Who has connected. ``chunks`` are the notifications that it got, once it has subscribed.

    Before that, and with ``is_deaf``, what is notified is lost, or keeps a buffer of the stack for
    as long as it is there. One that ``lingers`` is gone only then after it was dropped.
    """

    def __init__(self, ble, handle, address):
        self._ble = ble
        self.handle = handle
        self.address = address
        self.mtu = 23
        self.chunks = []
        self.is_connected = True
        self.is_deaf = False
        self.lingers_ms = INTERVAL_MS
        self.held = 0  # buffers

    @property
    def received(self):
        """All that it was notified of."""
        return b"".join(self.chunks)

    def exchange_mtu(self, mtu):
        """Agree on the smaller one of both sides' wishes."""
        self.mtu = max(23, min(mtu, self._ble.config("mtu")))
        self._ble.tell(_MTU_EXCHANGED, (self.handle, self.mtu))

    def write(self, data, handle=None):
        """Write to the first characteristic: as much as one message takes."""
        if not self.is_connected:
            raise OSError(errno.ENOTCONN)
        if len(data) > self.mtu - 3:
            raise ValueError("more than the MTU takes")
        self._ble.written(self, FIRST_HANDLE + 2 if handle is None else handle, data)

    def send(self, data):
        """Write all of it, in as many messages as it takes."""
        for start in range(0, len(data), self.mtu - 3):
            self.write(data[start : start + self.mtu - 3])

    def leave(self):
        """Disconnect."""
        if self.is_connected:
            self.is_connected = False
            self._ble.gone(self)


class BLE:
    """The one stack. ``fails`` names methods and the errors that their next calls raise."""

    _one = None

    def __new__(cls):
        if cls._one is None:
            cls._one = object.__new__(cls)
            cls._one._handler = None
            cls._one._is_active = False
            cls._one.fails = {}
            cls._one.starts = 0
            cls._one._reset()
        return cls._one

    def _reset(self):
        self._config = {"mtu": 256, "gap_name": b"MPY"}
        self._values = {}
        self.centrals = {}
        self.advertised = None  # (interval_us, adv_data, resp_data) while it can be connected to

    def _check(self, name):
        errors = self.fails.get(name)
        if errors:
            error = errors.pop(0)
            if error is not None:
                raise error
        if not self._is_active:
            raise OSError(errno.ENODEV)

    # As a program has it

    def active(self, on=None):
        """Switch it on or off, or say which it is."""
        if on is not None:
            errors = self.fails.get("active")
            if errors:
                error = errors.pop(0)
                if error is not None:
                    raise error
            self._is_active = bool(on)
            self.starts += bool(on)
            for central in self.centrals.values():
                central.is_connected = False
            self._reset()
        return self._is_active

    def config(self, *names, **values):
        """Ask for one value, or set some."""
        if names:
            return self._config[names[0]]
        self._check("config")
        self._config.update(values)

    def irq(self, handler):
        """Who is told."""
        self._handler = handler

    def gap_advertise(self, interval_us, adv_data=None, resp_data=None, connectable=True):
        """Advertise; None ends it."""
        self._check("gap_advertise")
        self.advertised = None
        if interval_us is None:
            return
        if len(adv_data or b"") > 31 or len(resp_data or b"") > 31:
            raise OSError(errno.EINVAL)
        if len(self.centrals) >= MAX_CONNECTIONS:
            raise OSError(errno.ENOMEM)
        self.advertised = interval_us, bytes(adv_data), bytes(resp_data)

    def gap_disconnect(self, handle):
        """Ask a central to go: False if there is none."""
        self._check("gap_disconnect")
        central = self.centrals.get(handle)
        if central is None:
            return False
        central.is_connected = False
        asyncio.create_task(self._part(central))
        return True

    async def _part(self, central):
        await asyncio.sleep_ms(central.lingers_ms)
        self.gone(central)

    def gatts_register_services(self, services):
        """Handles of the values, as NimBLE gives them out."""
        self._check("gatts_register_services")
        if self.advertised or self.centrals:
            raise OSError(errno.EBUSY)
        self._values = {}
        handle = FIRST_HANDLE
        found = []
        for _, characteristics in services:
            handle += 1  # the service's own
            handles = []
            for characteristic in characteristics:
                handle += 1  # its declaration
                self._values[handle] = [b"", _DEFAULT_LENGTH, False]
                handles.append(handle)
                handle += 1
                if characteristic[1] & 0x30:
                    handle += 1  # 2902
            found.append(tuple(handles))
        return tuple(found)

    def gatts_read(self, handle):
        """What was written last; with ``append``, since the last look."""
        self._check("gatts_read")
        value = self._values[handle]
        data = value[0]
        if value[2]:
            value[0] = b""
        return data

    def gatts_write(self, handle, data, send_update=False):
        """Set a value."""
        self._check("gatts_write")
        self._values[handle][0] = bytes(data)

    def gatts_set_buffer(self, handle, length, append=False):
        """How much a value holds."""
        self._check("gatts_set_buffer")
        self._values[handle] = [b"", length, append]

    def gatts_notify(self, handle, value_handle, data=None):
        """All of it or, without a buffer, nothing."""
        self._check("gatts_notify")
        if not isinstance(handle, int):
            raise TypeError("can't convert to int")
        central = self.centrals.get(handle)
        if central is None or not central.is_connected:
            raise OSError(errno.ENOTCONN)
        held = 0
        for other in self.centrals.values():
            held += other.held
        if held >= _BUFFERS:
            raise OSError(errno.ENOMEM)
        if len(data) > central.mtu - 3:
            raise ValueError("a notification that the MTU cuts")
        central.held += 1
        if not central.is_deaf:
            central.chunks.append(bytes(data))
            asyncio.create_task(self._take(central))

    async def _take(self, central):
        await asyncio.sleep_ms(INTERVAL_MS)
        central.held -= 1

    # As the air has it

    def tell(self, event, data):
        """Call the handler, if it was never in error."""
        if self._handler is None:
            return
        try:
            self._handler(event, data)
        except Exception as error:
            self._handler = None
            print("Unhandled exception in IRQ callback handler", repr(error))

    def connect(self, address):
        """A Central; None while the stack cannot be connected to."""
        if self.advertised is None or len(self.centrals) >= MAX_CONNECTIONS:
            return None
        self.advertised = None
        handle = 0
        while handle in self.centrals:
            handle += 1
        central = self.centrals[handle] = Central(self, handle, address)
        self.tell(_CENTRAL_CONNECT, (handle, 1, memoryview(address)))
        return central

    def fail_to_connect(self):
        """A connection that fails while it is made ends the advertisement and is none."""
        self.advertised = None
        self.tell(_CENTRAL_DISCONNECT, (0xFFFF, 0xFF, memoryview(bytes(6))))

    def written(self, central, handle, data):
        value = self._values.get(handle)
        if value is not None:
            value[0] = ((value[0] if value[2] else b"") + bytes(data))[: value[1]]
            self.tell(_GATTS_WRITE, (central.handle, handle))

    def gone(self, central):
        """The stack sees that it has left."""
        if self.centrals.get(central.handle) is central:
            del self.centrals[central.handle]
            central.is_connected = False
            self.tell(
                _CENTRAL_DISCONNECT, (central.handle, 1, memoryview(central.address))
            )
