"""What is frozen into the third image: the reader joined (joined.toml), its machine code, and a
test's shapes of functions and classes. What is constant of them lies in ROM (../resident).
"""

import pathlib  # noqa: TID251 - runs in the build, not on a board
import sys

here = pathlib.Path.cwd()  # makemanifest is in this file's folder while it runs it
modules = here / "../../build/joined/rv32/modules"
sys.path.insert(0, str(here / ".."))
from resident.in_rom import keep, staying  # noqa: E402 - it is found by then

include("manifest.py")
freeze(str(modules))
freeze("../../tests/board", "resident_shapes.py")
freeze_mpy("../../build/native/rv32imc")
keep(*staying(modules), "resident_shapes")
