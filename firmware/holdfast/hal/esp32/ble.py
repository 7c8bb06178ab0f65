"""The board's Bluetooth, set up for a GATT server; what is said over it is for ``link/gatt``."""

import bluetooth

from micropython import const

# A write of 512 bytes, the most that an attribute holds, and 3 in front of it.
_MTU = const(515)
_MAX_NAME = const(29)  # bytes


class Ble:
    """The one Bluetooth controller and the stack on it. All of it raises OSError while it is off.

    ``name`` is what phones show where they list devices. ``addr_mode`` is MicroPython's, None for
    the address that the chip was made with: a door stays where it is, and a phone that knows the
    address need not ask anew which services there are.
    """

    # That the ports' images are built for (CONFIG_BT_NIMBLE_MAX_CONNECTIONS). One of them is for
    # who comes, so that Limits.connections is one less.
    CONNECTIONS = 4

    def __init__(self, name: str, addr_mode=None):
        self._name = name.encode()[:_MAX_NAME]
        self._addr_mode = addr_mode
        self._ble = bluetooth.BLE()

    @property
    def is_active(self) -> bool:
        """Whether the stack is on."""
        return self._ble.active()

    def start(self, handler):
        """Switch the stack on; ``handler(event, data)`` is told of all that happens from then on.

        The ESP32's port calls it at once, in the stack's own task, and never again once it has
        raised anything. Raises OSError.
        """
        ble = self._ble
        if not ble.active():
            ble.active(True)
        ble.config(mtu=_MTU, gap_name=self._name)
        if self._addr_mode is not None:
            ble.config(addr_mode=self._addr_mode)
        ble.irq(handler)

    def uuid(self, text: str):
        """A UUID as the stack takes it."""
        return bluetooth.UUID(text)

    def advertise(self, interval_us: int, adv_data: bytes, resp_data: bytes):
        """Advertise, or go on with other data. Raises OSError."""
        self._ble.gap_advertise(interval_us, adv_data, resp_data=resp_data)

    def disconnect(self, handle: int) -> bool:
        """Drop a central; False if it has gone already. Raises OSError."""
        return self._ble.gap_disconnect(handle)  # pyright: ignore[reportArgumentType]
