"""The board's flash: LittleFS at ``/``, which the port mounts before anything of ours runs."""

import errno
import os

from esp32 import Partition

HOME = ""  # of device.key, settings.cbor, policy.cbor and pins.json: what a person copies
STATE = "/state"  # of what the device remembers by itself


def prepare():
    """Have STATE, in a file system that survives power cuts. Raises OSError.

    It is never formatted here: the port does that once, with flash that is blank.
    """
    if not Partition.find(Partition.TYPE_DATA, label="vfs"):
        # The port mounts FAT then, in which a power cut leaves files torn.
        raise OSError("no partition vfs: an image of MicroPython's own, or of ours, has one")
    try:
        os.mkdir(STATE)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
    if hasattr(os, "sync"):
        os.sync()
