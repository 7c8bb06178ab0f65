"""A door whose reader is the board in qemu, with real aioble, and phones that come by radio."""

import asyncio
import json
import pathlib
import struct

import small_site as site
from board.lan_door import lines_of
from board.qemu_board import ROOT, Board, BoardError, compiled
from radio.board import radio_frames as frames
from radio.gatt_door import AirDoor
from radio.gatt_stage import Radio, aioble_path

_RADIO = ROOT / "tests" / "support" / "radio"
_MODULES = (
    ROOT / "tests" / "board" / "gatt_reader_on_board.py",
    _RADIO / "qemu" / "radio_pipe.py",
    _RADIO / "board" / "bluetooth.py",
    _RADIO / "board" / "radio_attribute.py",
    _RADIO / "board" / "radio_frames.py",
    _RADIO / "board" / "radio_uuid.py",
)
_START = """
import gc
gc.threshold(2048)
import gatt_reader_on_board
gatt_reader_on_board.serve(%d, %s, %s)
"""


def add_radio(tree: pathlib.Path) -> None:
    """Compile aioble, the `bluetooth` module and what serves with them below ``tree``."""
    for source in _MODULES:
        compiled(source, source.name, tree / source.with_suffix(".mpy").name)
    for source in sorted((pathlib.Path(aioble_path() or "") / "aioble").glob("*.py")):
        target = tree / "lib" / "aioble" / source.with_suffix(".mpy").name
        compiled(source, "aioble/" + source.name, target)


class RadioBoardDoor(AirDoor):
    """The reader runs on ``board``, its radio is ``radio``; an asynchronous context.

    ``events`` are all lines of its console, ``loaded`` the live bytes of its heap once it serves;
    ``lan`` is the Lan that it is on, if it is on one (lan_door.py).
    """

    def __init__(self, board: Board, radio: Radio, *, looks_at_heap=False, lan=None):
        super().__init__(lambda: site.NOW)
        self._board, self._radio = board, radio
        self._looks_at_heap = looks_at_heap
        self._lan = lan
        self._writer = None
        self._told = asyncio.Queue()
        self._tasks = []
        self.events = []
        self.loaded = 0

    async def __aenter__(self):
        own = self._lan and self._lan.own
        await asyncio.to_thread(self._board.start, _START % (site.NOW, self._looks_at_heap, own))
        self._tasks.append(asyncio.create_task(self._listen()))
        self.loaded = (await self._next("ready"))["heap"]
        if self._lan is not None:
            self._tasks.append(asyncio.create_task(self._hear()))
        return self

    async def __aexit__(self, *exception):
        self._board.write(b"stop\n")
        if not any(exception):
            await self._tasks[0]
            await asyncio.to_thread(self._board.ended)
        else:
            self._board.power_off()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._writer:
            self._writer.close()  # its radio goes with it

    async def told(self, kind: str) -> dict:
        """Wait for an event of that kind, unless there was one.

        Raises BoardError if a fault is told of first: what found no memory may never come.
        """
        while not (found := [one for one in self.events if one.get("event") == kind]):
            faults = [one for one in self.events if one.get("event") == "fault"]
            if faults:
                raise BoardError(f"no {kind}: {faults}")
            await asyncio.sleep(0.2)
        return found[0]

    async def figures(self) -> tuple:
        """Live bytes of the heap now, and at the most at any look since the last time; how many
        nodes it knows.
        """
        self._board.write(b"figures\n")
        return tuple(json.loads((await self._next("="))[1:]))

    async def _next(self, kind):
        while True:
            told = await self._told.get()
            if isinstance(told, BaseException):
                raise told
            if isinstance(told, str) and kind == "=":
                return told
            if isinstance(told, dict) and told.get("event") == kind:
                return told

    async def _listen(self):
        try:
            while (line := await asyncio.to_thread(self._board.line)) != "!stopped":
                await self._heard(line)
        except Exception as error:  # the board's own, for who waits
            self._told.put_nowait(error)

    async def _heard(self, line):
        if line == "!on":
            reader, self._writer = await asyncio.open_connection("127.0.0.1", self._radio.port)
            self._tasks.append(asyncio.create_task(self._relay(reader)))
        elif line.startswith("~"):
            self._writer.write(bytes.fromhex(line[1:]))
        elif line.startswith(">"):
            self._lan.send(line)
        elif line.startswith("="):
            self._told.put_nowait(line)
        elif line.startswith("{"):
            self.events.append(json.loads(line))
            self._told.put_nowait(self.events[-1])

    async def _hear(self):
        while True:
            came = await asyncio.to_thread(self._lan.receive)
            if came is not None:
                for line in lines_of(*came):
                    self._board.write(line.encode() + b"\n")

    async def _relay(self, reader):
        while True:
            try:
                head = await reader.readexactly(frames.HEADER_LENGTH)
            except asyncio.IncompleteReadError:
                self._board.write(b"off\n")
                return
            length = struct.unpack(frames.HEADER, head)[3]
            payload = await reader.readexactly(length)
            self._board.write(b"~" + (head + payload).hex().encode() + b"\n")
