"""aioble's own tests for two devices, by themselves and beside our service.

They are taken from the checkout that AIOBLE_PATH belongs to, or from the folder that
AIOBLE_MULTITESTS names. What each side is to print lies beside them.
"""

import asyncio
import os
import pathlib

import pytest

import radio
from radio.gatt_stage import Stage, aioble_path

SCRIPT = pathlib.Path(radio.__file__).parent / "board" / "multitest_instance.py"
_WANTS_L2CAP = "ble_shutdown"


def _folder():
    named = os.environ.get("AIOBLE_MULTITESTS")
    if named:
        return pathlib.Path(named)
    path = aioble_path()
    return pathlib.Path(path) / "multitests" if path else None


def _tests():
    folder = _folder()
    return sorted(folder.glob("ble_*.py")) if folder and folder.is_dir() else []


pytestmark = pytest.mark.skipif(
    not _tests(), reason="no tests of aioble's: set AIOBLE_MULTITESTS to their folder"
)


def _expected(test):
    """What the file beside a test says that each of its two sides prints."""
    sides = {}
    said = None
    for line in test.with_suffix(".py.exp").read_text().splitlines():
        if line.startswith("--- instance"):
            said = sides.setdefault(int(line.split("instance")[1].split()[0]), [])
        elif said is not None:
            said.append(line)
    return [sides[number] for number in sorted(sides)]


class _Side:
    """One side, and what it printed for the test's own sake."""

    def __init__(self, board):
        self.board = board
        self.printed = []

    async def prepare(self, before):
        """Load the test and know what the side ``before`` has set; run until it says NEXT."""
        await self.board.said("READY")
        for line in before:
            await self.board.tell(line)
        await self.board.tell("START")
        await self.board.said("NEXT")
        return [line[4:] for line in self.board.lines if line.startswith("SET ")]

    async def finish(self, other):
        """Run on until the end; what it broadcasts goes to the ``other``."""
        seen = 0
        while True:
            line = await self.board.said("", seen)
            seen += 1
            if line.startswith("Traceback"):
                await self.board.ended()
                raise EOFError("\n".join(self.board.lines))
            if line == "END":
                return
            if line.startswith("BROADCAST"):
                await other.board.tell(line)
            elif not line.startswith(("SET ", "NEXT", "READY")) and line:
                self.printed.append(line)


@pytest.mark.parametrize("beside", [(), ("beside",)], ids=["alone", "beside"])
@pytest.mark.parametrize("test", _tests(), ids=lambda test: test.stem)
def test_aiobles_own_tests_pass(test, beside):
    if test.stem == _WANTS_L2CAP:
        pytest.skip("it wants L2CAP channels, which the rig does not have")

    async def main():
        async with Stage() as stage:
            sides = [_Side(await stage.board(SCRIPT, test, side, *beside)) for side in (0, 1)]
            known = await sides[0].prepare([])
            await sides[1].prepare(known)
            for side in sides:
                await side.board.tell("NEXT")
            try:
                await asyncio.gather(sides[0].finish(sides[1]), sides[1].finish(sides[0]))
            except EOFError as error:
                said = ["\n".join(side.board.lines) for side in sides]
                raise AssertionError("\n--- the other\n".join(said)) from error
            for side, expected in zip(sides, _expected(test), strict=True):
                assert side.printed == expected

    asyncio.run(main())
