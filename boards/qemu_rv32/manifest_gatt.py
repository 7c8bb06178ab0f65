"""What is frozen into the fourth image: the reader over GATT joined (joined_gatt.toml), its
machine code, aioble as it is, and the `bluetooth` module that stands on the console. What is
constant of the reader lies in ROM (../resident).
"""

import os
import pathlib  # noqa: TID251 - runs in the build, not on a board
import sys

here = pathlib.Path.cwd()  # makemanifest is in this file's folder while it runs it
modules = here / "../../build/joined/rv32_gatt/modules"
sys.path.insert(0, str(here / ".."))
from resident.in_rom import keep, staying  # noqa: E402 - it is found by then

radio = "../../tests/support/radio/"
aioble = (here / "../.." / os.environ.get("AIOBLE_PATH", "build/mip")).resolve()
# What a board has of it: boards/esp32/manifest.py requires aioble-server and aioble-peripheral.
parts = ("__init__", "core", "device", "peripheral", "server")

include("manifest.py")
freeze(str(modules))
freeze_mpy("../../build/native/rv32imc")
package("aioble", files=tuple(part + ".py" for part in parts), base_path=str(aioble))
freeze(radio + "qemu", "radio_pipe.py")
for name in ("bluetooth", "radio_attribute", "radio_frames", "radio_uuid"):
    freeze(radio + "board", name + ".py")
keep(*staying(modules))
