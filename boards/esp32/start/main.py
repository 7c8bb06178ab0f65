"""Starts the device, where the image has the joined modules: this role, and no other's."""

import sys

from holdfast.roles import esp32_reader

if __name__ == "__main__":
    code = esp32_reader.main(sys.argv[1:])
    if code is not None:
        sys.exit(code)
