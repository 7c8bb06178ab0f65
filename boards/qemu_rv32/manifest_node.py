"""What is frozen into the fifth image: any node joined (joined_node.toml), and machine code. What
is constant of it lies in ROM (../resident).
"""

import pathlib  # noqa: TID251 - runs in the build, not on a board
import sys

here = pathlib.Path.cwd()  # makemanifest is in this file's folder while it runs it
modules = here / "../../build/joined/rv32_node/modules"
sys.path.insert(0, str(here / ".."))
from resident.in_rom import keep, staying  # noqa: E402 - it is found by then

include("manifest.py")
freeze(str(modules))
freeze_mpy("../../build/native/rv32imc")
keep(*staying(modules))
