"""A board and phones on a virtual radio, for one test: start them, and all is gone at its end.

    async with Stage() as stage:
        board = await stage.board(script)
        await board.said("ready")
        phone = await stage.phone(mtu=185)
"""

import asyncio
import os
import pathlib

import conftest
from radio.air import Air
from radio.peripheral import Peripheral
from radio.phone import Phone

_HERE = pathlib.Path(__file__).parent
CONNECTIONS = 4  # at once, as boards/sdkconfig.ble of the ESP32 port says
NOTIFICATIONS = 12  # in flight: the blocks of NimBLE's pool in ESP-IDF's defaults
LARGEST_MTU = 517


def aioble_path() -> str | None:
    """The folder that holds the package aioble, or None."""
    named = os.environ.get("AIOBLE_PATH") or str(conftest.ROOT / "build" / "mip")
    return os.path.abspath(named) if (pathlib.Path(named) / "aioble").is_dir() else None


class Stage:
    """What is in the air of one test. Use it as an asynchronous context."""

    def __init__(self, connections: int = CONNECTIONS, notifications: int = NOTIFICATIONS):
        self.air = Air()
        self._connections, self._notifications = connections, notifications
        self._boards = []
        self._phones = []
        self._radios = []

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        for board in self._boards:
            await board.stop()
        for radio in self._radios:
            await radio.close()
        for phone in self._phones:
            self.air.remove(phone.address)

    async def board(self, script, *arguments, heap: str = "16M", **variables):
        """A MicroPython process that runs ``script``; its radio is on when it turns it on."""
        board = Board(await self.radio("board"))
        await board.start(script, arguments, heap, variables)
        self._boards.append(board)
        return board

    async def radio(self, name: str):
        """A port of this machine where a board's `bluetooth` module finds its radio."""
        radio = Radio(self.air, name, self._connections, self._notifications)
        await radio.listen()
        self._radios.append(radio)
        return radio

    async def phone(self, mtu: int = LARGEST_MTU) -> Phone:
        """A central of its own."""
        device = self.air.device("phone")
        await device.power_on()
        phone = Phone(self.air, device, mtu)
        self._phones.append(phone)
        return phone


class Radio:
    """The radio of one board, on as long as the board is connected to ``port``."""

    def __init__(self, air, name, connections, notifications):
        self._air, self._name = air, name
        self._limits = connections, notifications
        self._is_on = asyncio.Event()
        self._serving = set()
        self.port = 0
        self.peripheral = None

    async def listen(self):
        """Wait for the board from now on."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self):
        """Wait for no board any more, and until the one that has gone is gone from the air."""
        self._server.close()
        await asyncio.gather(*self._serving)

    def _connected(self, reader, writer):
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader, writer):
        device = self._air.device(self._name)
        peripheral = Peripheral(self._air, device, reader, writer, *self._limits)
        await peripheral.run(self._ready)
        self._is_on.clear()

    def _ready(self, peripheral):
        self.peripheral = peripheral
        self._is_on.set()

    async def on(self):
        """Wait until the board has turned its radio on; the Peripheral that does its part."""
        await self._is_on.wait()
        return self.peripheral


class Board:
    """A MicroPython process with a radio, and what it printed."""

    _process: asyncio.subprocess.Process
    _reading: asyncio.Task

    def __init__(self, radio: Radio):
        self.radio = radio
        self.lines = []
        self._printed = asyncio.Condition()

    async def start(self, script, arguments, heap, variables):
        """Start it. Modules are found beside the script, in the sources, and in AIOBLE_PATH."""
        environment = {**conftest.environment("micropython"), **variables}
        extra = [str(_HERE / "board")]
        if aioble_path():
            extra.append(aioble_path())
        environment["MICROPYPATH"] = ":".join([*extra, environment["MICROPYPATH"]])
        environment["HOLDFAST_RADIO"] = str(self.radio.port)
        self._process = await asyncio.create_subprocess_exec(
            conftest.micropython(),
            "-X",
            f"heapsize={heap}",
            str(script),
            *[str(argument) for argument in arguments],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
        )
        self._reading = asyncio.create_task(self._read())

    async def said(self, text: str, after: int = 0) -> str:
        """Wait for a line with ``text`` in it, not counting the first ``after`` lines; that line.

        Raises EOFError with all that was printed if the process ends before.
        """
        async with self._printed:
            while True:
                for line in self.lines[after:]:
                    if text in line:
                        return line
                if self._reading.done() or self._process.stdout.at_eof():
                    raise EOFError("\n".join(self.lines))
                await self._printed.wait()

    async def tell(self, line: str):
        """Write a line to its standard input."""
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def ended(self) -> int:
        """Wait until the process has ended by itself; its exit code."""
        await self._reading
        return await self._process.wait()

    async def stop(self):
        """Take its power away."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self):
        async for line in self._process.stdout:
            async with self._printed:
                self.lines.append(line.decode(errors="replace").rstrip("\r\n"))
                self._printed.notify_all()
        async with self._printed:
            self._printed.notify_all()
