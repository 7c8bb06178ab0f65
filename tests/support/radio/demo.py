"""One unlock over GATT, for `make demo`: python tests/support/radio/demo.py

The reader runs on MicroPython's unix port with the real aioble, the phone is plain bleak, and what
is between them are Bumble's virtual controllers. Ends with 1 if the door did not open.
"""

import asyncio
import pathlib
import sys
import tempfile

_TESTS = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(_TESTS), str(_TESTS / "support")]
sys.path += [str(_TESTS.parent / folder) for folder in ("lib", "firmware", "host_tools")]

from radio.gatt_door import GattDoor, new_site
from radio.gatt_stage import Stage, aioble_path


async def _unlock(folder: pathlib.Path) -> bool:
    async with Stage() as stage:
        site, state = new_site(folder)
        door = GattDoor(site, state, stage)
        await door.start()
        phone = await stage.phone()
        outcome, session = await door.cold(phone, site.holder("resident"))
        print(f"over GATT, never met before: {_told(outcome)}")
        again, _ = await door.warm(phone, session)
        print(f"over GATT, known by now: {_told(again)}")
        return outcome.granted and again.granted


def _told(outcome) -> str:
    return "the door opened" if outcome.granted else f"refused: {outcome.reason_text}"


def main() -> int:
    """Show it; the exit code."""
    if aioble_path() is None:
        print("over GATT: left out, there is no aioble (AIOBLE_PATH)")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return 0 if asyncio.run(_unlock(pathlib.Path(folder))) else 1


if __name__ == "__main__":
    sys.exit(main())
