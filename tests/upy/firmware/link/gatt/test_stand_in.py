"""The stand-in for aioble is held against aioble: the same is done to both, and looks the same.

What link/gatt relies on, public or not, is in here; a newer aioble that does it otherwise is seen.
"""

INTERPRETERS = ("micropython",)

import asyncio
import errno
import sys

from harness import skip
from simulated_time import SimulatedTime

_HERE = __file__.rsplit("/", 1)[0]
_STAND_IN = _HERE + "/../../../../support/without_radio"
_RX, _TX = 10, 12  # the stack's numbers of the two values


def _load(folder):
    """Modules core, device, peripheral and server of the aioble in ``folder``, loaded anew."""
    for name in list(sys.modules):
        if name.split(".")[0] == "aioble":
            del sys.modules[name]
    sys.path.insert(0, folder)
    try:
        package = __import__("aioble.server")
        __import__("aioble.peripheral")
        return package.core, package.device, package.peripheral, package.server
    finally:
        sys.path.pop(0)


async def _conversation(folder):
    """What is seen while everything is done that link/gatt does, a list."""
    sys.path.insert(0, _STAND_IN)
    import bluetooth

    SimulatedTime.install()
    ble = bluetooth.BLE()
    ble.active(False)
    ble.fails = {}
    core, device, peripheral, server = _load(folder)
    of_all = device.DeviceConnection._connected
    seen = []

    def irq(event, data):
        try:
            return core.ble_irq(event, data)
        except Exception as error:
            seen.append((event, type(error).__name__))

    seen.append((core.ble is ble, issubclass(core.GattError, OSError)))
    ble.active(True)
    ble.config(mtu=515)
    ble.irq(irq)
    service = server.Service(bluetooth.UUID("3c050001-0b31-4d39-bb98-49479f5e9cf9"))
    rx = server.BufferedCharacteristic(
        service, bluetooth.UUID(1), write=True, write_no_response=True, max_len=512
    )
    tx = server.Characteristic(service, bluetooth.UUID(2), notify=True)
    server.register_services(service)
    seen.append((rx._value_handle, tx._value_handle, rx.flags, tx.flags))

    async def advertise():
        try:
            seen.append(type(await peripheral.advertise(60000, adv_data=b"a", resp_data=b"b")))
        except OSError as error:
            seen.append(error.errno)

    async def begin():
        task = asyncio.create_task(advertise())
        await asyncio.sleep_ms(1)
        seen.append(ble.advertised)
        return task

    async def state():
        await asyncio.sleep_ms(1)
        seen.append(sorted(of_all))
        return [of_all[handle] for handle in sorted(of_all)]

    # A connection before anybody has ever advertised, by somebody else's advertisement
    ble.gap_advertise(1, b"", b"")
    stray = ble.connect(b"stray_")
    stray.leave()
    await state()
    of_all.clear()

    # Found, written to, notified, left
    await begin()
    central = ble.connect(b"first_")
    (connection,) = await state()
    seen.append((connection.device.addr, connection._conn_handle, connection._task is not None))
    central.exchange_mtu(517)
    central.write(bytes(512))
    seen.append((connection.mtu, len(rx.read()), rx.read() == bytes(512)))
    tx.notify(connection, memoryview(b"hello"))

    class Other:
        _conn_handle = connection._conn_handle

    tx.notify(Other, b" you")
    seen.append(central.received)
    ble.fails["gatts_notify"] = [OSError(errno.ENOMEM)]
    for called in (lambda: tx.notify(Other, b"full"), lambda: rx.notify(Other, b"no")):
        try:
            called()
        except (OSError, ValueError) as error:
            seen.append(type(error).__name__)
    central.leave()
    await state()
    seen.append((connection._conn_handle, connection.is_connected(), ble.advertised))

    # A cancellation is taken for the end, and the advertisement with it
    task = await begin()
    task.cancel()
    await asyncio.sleep_ms(1)
    seen.append((task.done(), ble.advertised))

    # Who connects in the moment of a cancellation is there at the next call
    task = await begin()
    late = ble.connect(b"late__")
    task.cancel()
    await state()
    await begin()
    (connection,) = await state()
    seen.append((connection.device.addr, connection._task is not None))
    late.leave()
    await state()
    ble.gap_advertise(None)

    # A number that is given away before aioble has looked: the later one is forgotten
    await begin()
    first = ble.connect(b"first_")
    await state()
    await begin()
    first.leave()
    second = ble.connect(b"second")
    await state()
    second.leave()
    await state()

    # ... unless the one that has passed is given another number in time
    await begin()
    first = ble.connect(b"first_")
    (passed,) = await state()
    await begin()
    first.leave()
    passed._conn_handle = -1
    of_all[-1] = passed
    second = ble.connect(b"second")
    passed._event.set()
    (connection,) = await state()
    seen.append((passed.is_connected(), connection.device.addr))
    second.leave()
    await state()

    # Refusals of the stack, and its end
    ble.fails["gap_advertise"] = [OSError(errno.ENOMEM)]
    await advertise()
    task = await begin()
    ble.connect(b"stays_")
    await state()
    core.stop()
    seen.append((ble.active(), sorted(of_all), peripheral._connect_event))
    irq(2, (0, 0, None))
    await state()
    ble.active(True)
    server.register_services(service)
    await begin()
    ble.connect(b"again_").leave()
    await state()
    seen.append(rx._value_handle)
    return [str(each) for each in seen]


async def test_the_stand_in_does_what_aioble_does():
    """Otherwise what is tried on it would say nothing of a board."""
    import os

    real = os.getenv("AIOBLE_PATH") or "build/mip"
    try:
        os.stat(real + "/aioble")
    except OSError:
        skip("no aioble: set AIOBLE_PATH to the folder that holds it")
    ours = await _conversation(_STAND_IN)
    theirs = await _conversation(real)
    for number, (one, other) in enumerate(zip(ours, theirs)):
        assert one == other, (number, one, other, ours[:number])
    assert len(ours) == len(theirs)


async def test_the_conversation_is_as_it_was_with_aioble():
    """Without aioble at hand: what the stand-in did when both were last compared."""
    seen = await _conversation(_STAND_IN)
    assert "b'hello you'" in seen and seen[-1] == str(_RX)
    assert str((_RX, _TX, 12, 16)) in seen
