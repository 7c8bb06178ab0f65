"""The phone's link over Bluetooth: a GATT service that carries the byte stream, on aioble."""
