"""To be found, and to be connected to."""

import asyncio

from .core import ble, ensure_active, register_irq_handler
from .device import Device, DeviceConnection

_incoming_connection = None
_connect_event = None


def _peripheral_irq(event, data):
    global _incoming_connection
    if event == 1:
        handle, addr_type, addr = data
        connection = _incoming_connection = DeviceConnection(Device(addr_type, bytes(addr)))
        connection._conn_handle = handle
        DeviceConnection._connected[handle] = connection
        _connect_event.set()
    elif event == 2:
        connection = DeviceConnection._connected.get(data[0])
        if connection:
            connection._event.set()


def _peripheral_shutdown():
    global _incoming_connection, _connect_event
    _incoming_connection = _connect_event = None


register_irq_handler(_peripheral_irq, _peripheral_shutdown)


async def advertise(
    interval_us,
    adv_data=None,
    resp_data=None,
    connectable=True,
    limited_disc=False,
    br_edr=False,
    name=None,
    services=None,
    appearance=0,
    manufacturer=None,
    timeout_ms=None,
):
    """Wait for a central. Gives its connection, or None if it was cancelled."""
    global _incoming_connection, _connect_event
    ensure_active()
    _connect_event = _connect_event or asyncio.ThreadSafeFlag()
    ble.gap_advertise(
        interval_us, adv_data=adv_data, resp_data=resp_data, connectable=connectable
    )
    try:
        await _connect_event.wait()
        connection, _incoming_connection = _incoming_connection, None
        connection._run_task()
        return connection
    except asyncio.CancelledError:
        ble.gap_advertise(None)
