"""BlueZ on D-Bus, without a radio: one adapter and one reader, which is a socket on this machine.

Chromium's own code for BlueZ talks to it, so connections, writes and notifications are the
browser's real ones. A process of its own, on the bus that DBUS_SYSTEM_BUS_ADDRESS names. Lines in
say what is to be: ``port N`` where the reader is, ``mtu N``, ``cut N`` that the connection is lost
after so many writes and notifications, 0 that it is not. Lines out say what has happened.
"""

# dbus-fast reads the signatures of D-Bus from annotations: they are no types of Python's.
# ruff: noqa: F722, F821
# pyright: basic, reportInvalidTypeForm=false, reportUndefinedVariable=false
# pyright: reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportCallIssue=false

import asyncio
import contextlib
import inspect
import os
import sys

from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

ADAPTER = "/org/bluez/hci0"
DEVICE = ADAPTER + "/dev_09_09_09_09_09_09"
SERVICE = DEVICE + "/service0001"
UUID = "3c05000{}-0b31-4d39-bb98-49479f5e9cf9"
GATT = "org.bluez.GattCharacteristic1"


def say(*words):
    """Tell the test."""
    print(*words, flush=True)


class Thing(ServiceInterface):
    """An object of BlueZ's whose properties are kept in ``values``."""

    def __init__(self, name, **values):
        super().__init__(name)
        self.values = values

    def change(self, **values):
        """Set properties and tell of it."""
        self.values.update(values)
        self.emit_properties_changed(values)


def with_properties(**table):
    """A class decorator: properties by name, each a signature and what it is at first."""

    def add(kind):
        own = {name: _property(name, *described) for name, described in table.items()}
        return type(kind.__name__, (kind,), own)

    return add


def _property(name, signature, first):
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    value = inspect.Parameter(
        "value", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=signature
    )

    def get(self):
        return self.values.get(name, first)

    def put(self, value):
        self.values[name] = value

    get.__name__ = put.__name__ = name
    get.__annotations__, put.__annotations__ = {"return": signature}, {"value": signature}
    get.__signature__ = inspect.Signature([own], return_annotation=signature)
    put.__signature__ = inspect.Signature([own, value])
    return dbus_property(name=name)(get).setter(put)


@with_properties(
    Address=("s", "01:02:03:04:05:06"),
    AddressType=("s", "public"),
    Name=("s", "test"),
    Alias=("s", "test"),
    Class=("u", 0),
    Powered=("b", True),
    Discoverable=("b", False),
    Pairable=("b", True),
    PairableTimeout=("u", 0),
    DiscoverableTimeout=("u", 0),
    Discovering=("b", False),
    UUIDs=("as", []),
    Modalias=("s", "usb:v1D6Bp0246d0540"),
    Roles=("as", ["central", "peripheral"]),
)
class Adapter(Thing):
    """The computer's radio."""

    device = None

    @dbus_method()
    def SetDiscoveryFilter(self, wanted: "a{sv}"):  # pyright: ignore
        pass

    @dbus_method()
    def StartDiscovery(self):
        self.change(Discovering=True)
        asyncio.get_running_loop().call_later(0.1, lambda: self.device.change(RSSI=-50))

    @dbus_method()
    def StopDiscovery(self):
        self.change(Discovering=False)

    @dbus_method()
    def RemoveDevice(self, device: "o"):
        pass


@with_properties(
    Address=("s", "09:09:09:09:09:09"),
    AddressType=("s", "public"),
    Name=("s", "reader"),
    Alias=("s", "reader"),
    Class=("u", 0),
    Appearance=("q", 0),
    UUIDs=("as", [UUID.format(1)]),
    Paired=("b", False),
    Bonded=("b", False),
    Connected=("b", False),
    Trusted=("b", False),
    Blocked=("b", False),
    LegacyPairing=("b", False),
    RSSI=("n", -60),
    ServicesResolved=("b", False),
    Adapter=("o", ADAPTER),
    Modalias=("s", ""),
)
class Device(Thing):
    """A reader; what is written and notified goes to and comes from a socket."""

    port = 0
    mtu = 23
    cut_after = 0
    writer = None
    tx = None

    @dbus_method()
    async def Connect(self):
        reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        say("connected")
        self.change(Connected=True)
        self.change(ServicesResolved=True)
        self._pump = asyncio.ensure_future(self._notify(reader, self.writer))

    @dbus_method()
    def Disconnect(self):
        say("disconnected")
        self.gone()

    @dbus_method()
    def Pair(self):
        pass

    def written(self, data):
        """The browser wrote to ``rx``."""
        say("written", len(data))
        if self.writer is not None:
            self.writer.write(data)
            self._passed()

    def _passed(self):
        """Something went over the air; it may have been the last."""
        if self.cut_after == 0:
            return
        self.cut_after -= 1
        if self.cut_after == 0:
            say("cut")
            self.gone()

    async def _notify(self, reader, writer):
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(self.mtu - 3):
                while not self.tx.values.get("Notifying") and self.writer is writer:
                    await asyncio.sleep(0.01)
                if self.writer is not writer:
                    return
                say("notified", len(data))
                self.tx.change(Value=bytes(data))
                self._passed()
        if self.writer is writer:
            self.gone()

    def gone(self):
        """The connection is over, whoever ended it."""
        if self.writer is None:
            return
        self.writer.close()
        self.writer = None
        if self.tx.values.get("Notifying"):
            self.tx.change(Notifying=False)
        self.change(ServicesResolved=False)
        self.change(Connected=False)


@with_properties(
    UUID=("s", UUID.format(1)), Primary=("b", True), Device=("o", DEVICE), Includes=("ao", [])
)
class Service(Thing):
    """The GATT service."""


@with_properties(
    UUID=("s", ""),
    Service=("o", SERVICE),
    Value=("ay", b""),
    Notifying=("b", False),
    Flags=("as", []),
    MTU=("q", 23),
)
class Characteristic(Thing):
    """``rx`` or ``tx``."""

    device = None

    @dbus_method()
    def ReadValue(self, options: "a{sv}") -> "ay":  # pyright: ignore
        return b""

    @dbus_method()
    def WriteValue(self, value: "ay", options: "a{sv}"):  # pyright: ignore
        self.device.written(bytes(value))

    @dbus_method()
    def StartNotify(self):
        self.change(Notifying=True)

    @dbus_method()
    def StopNotify(self):
        self.change(Notifying=False)


@with_properties(
    UUID=("s", "00002902-0000-1000-8000-00805f9b34fb"),
    Characteristic=("o", SERVICE + "/char0003"),
    Value=("ay", b""),
)
class Descriptor(Thing):
    """Without it Chromium says that notifications are not supported."""

    @dbus_method()
    def ReadValue(self, options: "a{sv}") -> "ay":  # pyright: ignore
        return b""


class AgentManager(Thing):
    """What asks a person for a PIN; nobody does here."""

    @dbus_method()
    def RegisterAgent(self, agent: "o", capability: "s"):
        pass

    @dbus_method()
    def UnregisterAgent(self, agent: "o"):
        pass

    @dbus_method()
    def RequestDefaultAgent(self, agent: "o"):
        pass


async def _heed(device):
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().split():
        setattr(device, {"cut": "cut_after"}.get(line[0], line[0]), int(line[1]))
        say("done", *line)


async def main():
    """Until the test's end of standard input."""
    bus = await MessageBus(bus_address=os.environ["DBUS_SYSTEM_BUS_ADDRESS"]).connect()
    adapter, device = Adapter("org.bluez.Adapter1"), Device("org.bluez.Device1")
    rx = Characteristic(GATT, UUID=UUID.format(2), Flags=["write", "write-without-response"])
    tx = Characteristic(GATT, UUID=UUID.format(3), Flags=["notify"])
    adapter.device = rx.device = tx.device = device
    device.tx = tx
    bus.export("/org/bluez", AgentManager("org.bluez.AgentManager1"))
    bus.export(ADAPTER, adapter)
    bus.export(DEVICE, device)
    bus.export(SERVICE, Service("org.bluez.GattService1"))
    bus.export(SERVICE + "/char0002", rx)
    bus.export(SERVICE + "/char0003", tx)
    bus.export(SERVICE + "/char0003/desc0004", Descriptor("org.bluez.GattDescriptor1"))
    await bus.request_name("org.bluez")
    say("ready")
    await _heed(device)


if __name__ == "__main__":
    asyncio.run(main())
