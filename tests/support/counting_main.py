"""A node's main.py that notes each datagram that it sends, two bytes of its length, in a file
beside the node's state.
"""

import sys

from holdfast.hal.unix.udp import Udp
from holdfast.roles import unix_reader

_path = sys.argv[1] + "/sent"
_send = Udp.send


def _counted(self, address, data):
    with open(_path, "ab") as notes:
        notes.write(len(data).to_bytes(2, "big"))
    _send(self, address, data)


Udp.send = _counted
sys.exit(unix_reader.main(sys.argv[1:]))
