"""The GATT service, and what the stack tells of the centrals that use it."""

from aioble import core, device, server  # pyright: ignore[reportMissingImports]

from micropython import const

from ...access import advert

_CONNECT = const(1)  # MicroPython's numbers of what its stack tells
_DISCONNECT = const(2)
_WRITE = const(3)
_MTU = const(21)

_MAX_WRITE = const(512)


class Service:
    """``rx`` and ``tx``, and a handler that gives ``links``, set later, what is theirs.

    ``ble`` is the hal's. There can be one Service.
    """

    def __init__(self, ble):
        self._ble = ble
        self._service = server.Service(ble.uuid(advert.SERVICE))
        # Its writes are taken as they come, where the stack tells of them: aioble's own queue
        # holds ten of all centrals together, and a wait for the next that is cancelled loses it.
        self._rx = server.BufferedCharacteristic(
            self._service,
            ble.uuid(advert.RX),
            write=True,
            write_no_response=True,
            max_len=_MAX_WRITE,
        )
        self.tx = server.Characteristic(self._service, ble.uuid(advert.TX), notify=True)
        self.links = []
        self.has_stumbled = False  # over an event that there was no memory for
        self._was_up = False
        self._passed = 0  # connections of aioble's that were followed by another of their number

    def end_all(self):
        """Let each connection be over for who uses it: neither the stack nor aioble tells of those
        that end with a stack that is switched off.
        """
        for handle in list(device.DeviceConnection._connected):
            self._irq(_DISCONNECT, (handle, 0, None))
        for link in self.links:
            link.left()

    def start(self):
        """Switch the stack on, anew if it is not for the first time. Raises OSError."""
        if self._was_up and self._ble.is_active:
            core.stop()
        self._was_up = True
        self._ble.start(self._irq)
        server.register_services(self._service)

    def _irq(self, event, data):
        # It may come between any two steps of all else that is here. MicroPython never again calls
        # a handler that has raised anything, and aioble's takes memory for each central. So
        # nothing gets out of here.
        try:
            self._happened(event, data)
        except Exception:
            self.has_stumbled = True
        try:
            return core.ble_irq(event, data)
        except Exception:
            self.has_stumbled = True

    def _happened(self, event, data):
        if event not in (_CONNECT, _DISCONNECT, _WRITE, _MTU):
            return
        link = self._of(data[0])
        if event == _CONNECT:
            if link is not None:
                link.left()
            self._arrived(data[0], data[2])
        elif link is None:
            return
        elif event == _DISCONNECT:
            link.left()
        elif event == _MTU:
            link.mtu_is(data[1])
        elif data[1] == self._rx._value_handle:
            written = None
            try:
                written = self._rx.read()
            finally:
                link.came(written)

    def _of(self, handle):
        for link in self.links:
            if link.is_of(handle):
                return link

    def _arrived(self, handle, address):
        of_aioble = device.DeviceConnection._connected
        passed = of_aioble.get(handle)
        if passed is not None:
            # The stack has given the number away before aioble's task for it saw that it ended.
            # It would let go of the new one in its place, and then wait for its end for ever.
            self._passed -= 1
            passed._conn_handle = self._passed
            of_aioble[self._passed] = passed
            passed._event.set()
        for link in self.links:
            if link.begin(handle, address):
                return
        self._ble.disconnect(handle)
