"""What lies on the flash of a reader that does not run: read, changed or removed from outside.

The image is littlefs, which CPython cannot read, so MicroPython does it.
"""

import json
import subprocess
import sys

from conftest import ROOT, micropython

_PROGRAM = """
import json, os, sys
sys.path[:0] = sys.argv[2:4]
from holdfast.hal.unix import flash
image, folder, changes = sys.argv[1], sys.argv[4], json.load(sys.stdin)
flash.mount(image, None)
(site,) = os.listdir(flash.MOUNT_POINT)  # one folder a site and door
path = flash.MOUNT_POINT + "/" + site + "/" + folder + "/"
for name in changes:
    if changes[name] is None:
        os.remove(path + name)
    else:
        with open(path + name, "wb") as file:
            file.write(bytes.fromhex(changes[name]))
found = {}
for name in os.listdir(path[:-1]):
    with open(path + name, "rb") as file:
        found[name] = file.read().hex()
print(json.dumps(found))
"""


def files(reader_folder, folder, changes=None):
    """The files in ``folder`` on the flash, name to bytes, after ``changes``: name to new bytes,
    or to None for one that is removed.
    """
    new = {name: data and data.hex() for name, data in (changes or {}).items()}
    roots = [str(ROOT / "lib"), str(ROOT / "firmware")]
    arguments = [str(reader_folder / "flash.img"), *roots, folder]
    process = subprocess.run(
        [micropython(), "-X", "heapsize=4M", "-c", _PROGRAM, *arguments],
        input=json.dumps(new),  # MicroPython dies of long arguments
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        sys.stderr.write(process.stdout + process.stderr)
        raise RuntimeError("the flash cannot be read")
    return {name: bytes.fromhex(data) for name, data in json.loads(process.stdout).items()}
