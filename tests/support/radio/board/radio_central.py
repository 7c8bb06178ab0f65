"""The other half of MicroPython's `bluetooth` module: a central and GATT client, as NimBLE's.

Only for aioble's own tests, in which a board meets another. A reader is no central.
"""

import struct

import radio_frames as frames
from radio_uuid import UUID

_ENOTCONN = 107


class Central:
    """What a BLE can do besides being a peripheral."""

    def gap_scan(self, duration_ms=0, interval_us=1280000, window_us=11250, active=False):
        """Scan for so long, 0 for ever; None stops it."""
        self._on().send(frames.SCAN, 0 if duration_ms is None else 1, duration_ms or 0)

    def gap_connect(self, addr_type, addr=None, *_):
        """Connect; None cancels that. An event tells of the connection."""
        if addr_type is None:
            self._on().send(frames.CANCEL)
        else:
            self._on().send(frames.CONNECT, addr_type, 0, bytes(addr))

    def gattc_discover_services(self, conn_handle, uuid=None):
        """Find services, all of them or those with one UUID."""
        self._ask(frames.SERVICES, conn_handle, 0, uuid)

    def gattc_discover_characteristics(self, conn_handle, start_handle, end_handle, uuid=None):
        """Find characteristics within a range of handles."""
        self._ask(frames.CHARACTERISTICS, conn_handle, start_handle, uuid, end_handle)

    def gattc_discover_descriptors(self, conn_handle, start_handle, end_handle):
        """Find descriptors within a range of handles."""
        self._ask(frames.DESCRIPTORS, conn_handle, start_handle, None, end_handle)

    def gattc_read(self, conn_handle, value_handle):
        """Read a value."""
        self._ask(frames.READ, conn_handle, value_handle)

    def gattc_write(self, conn_handle, value_handle, data, mode=0):
        """Write a value, with a response in mode 1."""
        data = data.encode() if isinstance(data, str) else bytes(data)
        self._ask(frames.WRITE_VALUE, conn_handle, value_handle, bytes((mode,)) + data)

    def gattc_exchange_mtu(self, conn_handle):
        """Tell the other side of the MTU that is preferred here."""
        self._ask(frames.EXCHANGE_MTU, conn_handle, self._mtu)

    def _ask(self, kind, conn, handle, data=None, end=None):
        pipe = self._on()
        if conn not in self._connections:
            raise OSError(_ENOTCONN)
        payload = b"" if data is None else bytes(data)
        if end is not None:
            payload = struct.pack("<H", end) + payload
        pipe.send(kind, conn, handle, payload)

    def _told(self, kind, conn, handle, payload):
        """What the radio tells a central."""
        if kind in (frames.PERIPHERAL_CONNECTED, frames.PERIPHERAL_GONE):
            if kind == frames.PERIPHERAL_CONNECTED:
                self._connections[conn] = False
            else:
                self._connections.pop(conn, None)
            self._fire(kind, (conn, handle, payload))
        elif kind == frames.SCAN_RESULT:
            rssi = payload[6] - 256
            self._fire(kind, (conn, payload[:6], handle, rssi, payload[7:]))
        elif kind == frames.SCAN_DONE:
            self._fire(kind, ())
        elif kind == frames.SERVICE_RESULT:
            end = struct.unpack("<H", payload)[0]
            self._fire(kind, (conn, handle, end, UUID(payload[2:])))
        elif kind == frames.CHARACTERISTIC_RESULT:
            end, properties = struct.unpack("<HB", payload)
            self._fire(kind, (conn, end, handle, properties, UUID(payload[3:])))
        elif kind == frames.DESCRIPTOR_RESULT:
            self._fire(kind, (conn, handle, UUID(payload)))
        elif kind in (frames.READ_RESULT, frames.NOTIFIED, frames.INDICATED):
            self._fire(kind, (conn, handle, payload))
        elif kind in (frames.READ_DONE, frames.WRITE_DONE):
            self._fire(kind, (conn, handle, payload[0]))
        elif kind in (frames.SERVICE_DONE, frames.CHARACTERISTIC_DONE, frames.DESCRIPTOR_DONE):
            self._fire(kind, (conn, handle))
