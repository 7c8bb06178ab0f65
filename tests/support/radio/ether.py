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
        self._keepers = []

    async def phone(self):
        """The phone of the loop that runs."""
        loop = asyncio.get_running_loop()
        if loop not in self._phones:
            ready = loop.create_future()
            self._keepers.append(loop.create_task(self._keep(ready)))
            self._phones[loop] = await ready
        return self._phones[loop]

    async def _keep(self, ready):
        # Until the loop ends, which cancels all that is in it.
        async with Stage() as stage:
            try:
                await self._furnish(stage)
                phone = await stage.phone(self.mtu)
                self.prepare(phone)
                ready.set_result(phone)
            except Exception as error:
                ready.set_exception(error)
            await asyncio.Event().wait()

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
