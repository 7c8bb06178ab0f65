"""What is frozen into an ESP32 board's image: a board's manifest includes it.

``arch`` is the processor's name in mpy-cross; ``joined`` says whether firmware and libraries go in
as the modules of `make esp32-joined`, or a module a file.
"""

import pathlib  # noqa: TID251 - runs in the build, not on a board
import sys

options.defaults(arch="", joined=True)

here = pathlib.Path.cwd()  # makemanifest is in this file's folder while it runs it
modules = here / "../../build/joined/esp32/modules"
machine_code = here / "../../build/native" / options.arch
sys.path.insert(0, str(here / ".."))
from resident.in_rom import keep, staying  # noqa: E402 - it is found by then

wanted = [(machine_code / "crypto/native", "native")]
if options.joined:
    wanted.append((modules, "esp32-joined"))
for folder, goal in wanted:
    if not folder.is_dir():
        raise SystemExit("no %s: run `make %s` in Holdfast first" % (folder.resolve(), goal))

include("$(PORT_DIR)/boards/manifest.py")
require("aioble-server")
require("aioble-peripheral")
if options.joined:
    freeze(str(modules))
    freeze("start", "main.py")
    keep(*staying(modules))
else:
    include("../../firmware/manifest.py", hal="esp32")
    # Frozen, it comes before a file of that name on flash.
    freeze("../../firmware", "main.py")
freeze_mpy(str(machine_code))
