"""A phone on the virtual radio: backends for plain bleak, and an accident at any step.

    phone = await stage.phone()
    device = await BleakScanner.find_device_by_filter(..., backend=phone.scanner)
    async with BleakClient(device, backend=phone.client) as client: ...
"""

from radio.bleak_client import BumbleClient
from radio.bleak_scanner import BumbleScanner

# What a phone goes through, in this order; the last three each time.
STEPS = ("connected", "mtu", "services", "subscribed", "written", "notified")


class Phone:
    """One central. ``mtu`` is what it asks for, 23 to 517 bytes; 23 asks for nothing.

    ``scanner`` and ``client`` are classes for bleak's ``backend=``.
    """

    def __init__(self, air, device, mtu: int):
        self.air = air
        self.device = device
        self.mtu = mtu
        self._accident = None
        self.scanner = type("PhoneScanner", (BumbleScanner,), {"phone": self})
        self.client = type("PhoneClient", (BumbleClient,), {"phone": self})

    @property
    def address(self):
        """Its address in the air."""
        return self.device.random_address

    def cut(self, step: str, times: int = 1, is_lost: bool = False):
        """Lose the connection when ``step`` has come ``times`` times.

        The phone ends it itself, or else it ``is_lost``, and both sides see a timeout.
        """
        if step not in STEPS:
            raise ValueError(step)
        self._accident = [step, times, is_lost]

    def spare(self):
        """Nothing is to happen after all."""
        self._accident = None

    def lose(self):
        """Lose every connection now, as behind a wall."""
        for connection in list(self.device.connections.values()):
            self.air.drop(self.address, connection.peer_address)

    async def passed(self, step: str):
        """A backend says how far it is."""
        accident = self._accident
        if accident is None or accident[0] != step:
            return
        accident[1] -= 1
        if accident[1]:
            return
        self._accident = None
        if accident[2]:
            self.lose()
            return
        for connection in list(self.device.connections.values()):
            await connection.disconnect()
