"""The virtual radio for whole commands: each has an event loop of its own, and so a radio."""

import asyncio

from bleak import BleakClient, BleakScanner

from radio.gatt_stage import LARGEST_MTU, Stage


class Ether:
    """``scanner`` and ``client`` are for Bluetooth(...): bleak's own, over a phone of each loop.

    ``furnish(stage)`` is awaited first: it puts into the air who is to be found there. ``prepare``
    is called with the phone.
    """

    def __init__(self, furnish, mtu: int = LARGEST_MTU, prepare=lambda phone: None):
        self.mtu = mtu
        self.prepare = prepare
        self._furnish = furnish
        self._phones = {}

    async def phone(self):
        """The phone of the loop that runs."""
        loop = asyncio.get_running_loop()
        if loop not in self._phones:
            stage = Stage()
            await self._furnish(stage)
            self._phones[loop] = await stage.phone(self.mtu)
            self.prepare(self._phones[loop])
        return self._phones[loop]

    def scanner(self, detected, uuids, **options):
        return _Scanner(self, detected, uuids, options)

    def client(self, device, **options):
        phone = self._phones[asyncio.get_running_loop()]
        return BleakClient(device, backend=phone.client, **options)


class _Scanner:
    def __init__(self, ether, detected, uuids, options):
        self._ether = ether
        self._asked = detected, uuids
        self._options = options

    @property
    def discovered_devices(self):
        return self._scanner.discovered_devices

    async def start(self):
        phone = await self._ether.phone()
        self._scanner = BleakScanner(*self._asked, backend=phone.scanner, **self._options)
        await self._scanner.start()

    async def stop(self):
        await self._scanner.stop()
