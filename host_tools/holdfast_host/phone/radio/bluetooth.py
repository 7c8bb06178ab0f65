"""Bluetooth as this computer has it, by bleak: its only importer, and where its errors end.

What concerns one reader ends as LinkClosed, so that the same or another may be tried; what
concerns this computer as NoBluetooth: there is no use in trying again before it is put right.
"""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
)

from holdfast.access import advert

from ...errors import LinkClosed, UsageProblem
from ..link import SMALLEST_CHUNK, closed

CONNECT_SECONDS = 10.0  # with the discovery of services, which costs seconds on some systems
WRITE_SECONDS = 5.0
CLOSE_SECONDS = 2.0
_MOST_UNREAD = 8192  # bytes that a reader may say before anybody reads them
_MOST_SEEN = 512  # addresses that bleak may remember; it forgets none by itself

_LONGEST_SCAN_SECONDS = 300.0  # after which an adapter that was taken out is noticed

_OFF = ("Bluetooth is off on this computer", "turn it on, on Linux: bluetoothctl power on")
_DENIED = (
    "this computer does not let you use Bluetooth",
    "allow it in the system's settings; on Linux, be in the group bluetooth or ask root",
)
_ABSENT = (
    "there is no Bluetooth service on this computer: BlueZ or the system's D-Bus does not run",
    "install BlueZ and start it: systemctl start bluetooth",
)
_NO_ADAPTER = (
    "this computer has no Bluetooth adapter",
    "plug one in that can do Bluetooth Low Energy; rfkill list shows one that is blocked",
)
_UNAVAILABLE = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: _NO_ADAPTER,
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: (
        "this computer's Bluetooth adapter cannot connect to readers: it is no central",
        "use another, one for Bluetooth Low Energy",
    ),
    BleakBluetoothNotAvailableReason.POWERED_OFF: _OFF,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: _DENIED,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: _DENIED,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: _DENIED,
}
_DBUS = {
    "org.freedesktop.DBus.Error.ServiceUnknown": _ABSENT,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _ABSENT,
    "org.freedesktop.DBus.Error.NoReply": _ABSENT,
    "org.freedesktop.DBus.Error.AccessDenied": _DENIED,
    "org.bluez.Error.NotAuthorized": _DENIED,
    "org.bluez.Error.NotReady": _OFF,
}


class NoBluetooth(UsageProblem):
    """This computer's Bluetooth is not there, off, not allowed, or fails."""


@dataclasses.dataclass(frozen=True)
class Heard:
    """One advertisement with the service of a reader: its address (on some systems a UUID in the
    place of one), its strength in dBm, its service data, None if none came with it.
    """

    address: str
    rssi: int | None
    data: bytes | None
    device: Any = dataclasses.field(repr=False, compare=False, default=None)


class Bluetooth:
    """What this computer can do by radio. ``scanner`` and ``client`` are bleak's, or stand for
    them.
    """

    def __init__(
        self, scanner: Callable[..., Any] = BleakScanner, client: Callable[..., Any] = BleakClient
    ):
        self._scanner = scanner
        self._client = client

    @contextlib.asynccontextmanager
    async def scanning(
        self, hear: Callable[[Heard], None]
    ) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """Within it ``hear`` is called with what readers say.

        It gives a function to await now and then, which begins anew where addresses that are heard
        once fill the memory, or after a while. Raises NoBluetooth.
        """

        def detected(device: Any, said: Any) -> None:
            data = said.service_data.get(advert.SERVICE)
            rssi = said.rssi if -127 < said.rssi < 20 else None
            hear(Heard(device.address, rssi, None if data is None else bytes(data), device))

        # Without duplicates BlueZ is silent about whom it has heard before.
        scanner = self._scanner(
            detected, [advert.SERVICE], bluez={"filters": {"DuplicateData": True}}
        )

        loop = asyncio.get_running_loop()
        began = loop.time()

        async def tidy() -> None:
            nonlocal began
            too_long = loop.time() - began > _LONGEST_SCAN_SECONDS
            if too_long or len(scanner.discovered_devices) > _MOST_SEEN:
                with _this_computer():
                    await scanner.stop()
                    await scanner.start()
                began = loop.time()

        with _this_computer():
            await scanner.start()
        try:
            yield tidy
        finally:
            with _this_computer():
                await scanner.stop()

    async def connect(
        self, heard: Heard, reached: Callable[[str], None] = lambda phase: None
    ) -> "Connection":
        """A connection to who was ``heard``, subscribed to what it says.

        ``reached`` is told of ``connected`` and ``ready``. Raises LinkClosed, or
        NoBluetooth.
        """
        connection = Connection(self._client, heard, reached)
        try:
            await connection.open()
        except BaseException:
            with contextlib.suppress(LinkClosed, UsageProblem):
                await connection.close()
            raise
        return connection


class Connection:
    """One GATT connection, as two streams of bytes. ``largest`` is how much one write may have."""

    def __init__(self, client: Callable[..., Any], heard: Heard, reached: Callable[[str], None]):
        self.largest = SMALLEST_CHUNK
        self._address = heard.address
        self._reached = reached
        self._inbox = bytearray()
        self._news = asyncio.Event()
        self._end: LinkClosed | None = None
        self._rx: BleakGATTCharacteristic | None = None
        self._with_response = False
        self._client = client(
            heard.address if heard.device is None else heard.device,
            disconnected_callback=self._disconnected,
            services=[advert.SERVICE],
            timeout=CONNECT_SECONDS,
        )

    async def open(self) -> None:
        """Connect and subscribe."""
        with _one_reader(self._address):
            async with asyncio.timeout(2 * CONNECT_SECONDS):
                await self._client.connect()
                self._reached("connected")
                service = self._client.services.get_service(advert.SERVICE)
                tx = service and service.get_characteristic(advert.TX)
                self._rx = service and service.get_characteristic(advert.RX)
                if not tx or not self._rx:
                    raise LinkClosed(
                        f"what is at {self._address} is no reader: it lacks the service of one",
                        "choose another: holdfast phone scan",
                    )
                self._with_response = "write-without-response" not in self._rx.properties
                size = self._rx.max_write_without_response_size
                self.largest = max(SMALLEST_CHUNK, min(size, 512))
                await self._client.start_notify(tx, self._notified)
        self._reached("ready")

    async def write(self, data: bytes) -> None:
        """Send at most ``largest`` bytes. Raises LinkClosed."""
        if self._end is not None:
            raise self._end
        with _one_reader(self._address):
            async with asyncio.timeout(WRITE_SECONDS):
                await self._client.write_gatt_char(
                    self._rx, data, response=self._with_response
                )

    async def read(self, seconds: float) -> bytes:
        """What has come, at least a byte. Raises TimeoutError after ``seconds``, LinkClosed."""
        if not self._inbox and self._end is None:
            self._news.clear()
            async with asyncio.timeout(seconds):
                await self._news.wait()
        if not self._inbox and self._end is not None:
            raise self._end
        data = bytes(self._inbox)
        self._inbox.clear()
        return data

    async def close(self) -> None:
        """Disconnect, also if it is over already."""
        with _one_reader(self._address):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._client.disconnect()

    def _notified(self, characteristic: Any, data: bytearray) -> None:
        if len(self._inbox) + len(data) > _MOST_UNREAD:
            self._ended(
                LinkClosed("the reader says more than it was asked for", "report this reader")
            )
        if self._end is None:
            self._inbox += data
            self._news.set()

    def _disconnected(self, client: Any) -> None:
        self._ended(closed("disconnected"))

    def _ended(self, end: LinkClosed) -> None:
        if self._end is None:
            self._end = end
        self._news.set()


@contextlib.contextmanager
def _this_computer() -> Iterator[None]:
    try:
        yield
    except (BleakError, OSError, EOFError) as error:
        raise _problem(error) or NoBluetooth(
            f"this computer's Bluetooth fails: {_words(error)}",
            "turn it off and on again, and see what the system's log says",
        ) from error


@contextlib.contextmanager
def _one_reader(address: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise LinkClosed(
            f"the reader at {address} does not answer: it is too far away, or busy with others",
            "go nearer to the door, and try again",
        ) from error
    except BleakDeviceNotFoundError as error:
        raise LinkClosed(
            f"the reader at {address} is gone", "go nearer to the door, and try again"
        ) from error
    except (BleakError, OSError, EOFError) as error:
        raise _problem(error) or closed(_words(error)) from error


def _problem(error: Exception) -> NoBluetooth | None:
    """What is wrong with this computer, if that is what ``error`` says."""
    said = None
    if isinstance(error, BleakBluetoothNotAvailableError):
        said = _UNAVAILABLE.get(error.reason)
    elif isinstance(error, BleakDBusError):
        said = _DBUS.get(error.dbus_error)
    elif isinstance(error, PermissionError):
        said = _DENIED
    elif isinstance(error, FileNotFoundError | ConnectionRefusedError):
        said = _ABSENT  # of the D-Bus socket, which is all that is opened by its name
    return said and NoBluetooth(*said)


def _words(error: Exception) -> str:
    """What ``error`` says; bleak's own may have their reason beside their words."""
    if isinstance(error, BleakBluetoothNotAvailableError):
        return str(error.args[0])
    return str(error) or type(error).__name__
