"""Starts the device, where the image has the joined modules."""

import sys

from holdfast.roles import esp32

if __name__ == "__main__":
    code = esp32.main(sys.argv[1:])
    if code is not None:
        sys.exit(code)
