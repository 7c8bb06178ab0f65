"""Starts the device, where the image has the joined modules of a carrier and of nobody else."""

import sys

from holdfast.roles import esp32_carrier

if __name__ == "__main__":
    code = esp32_carrier.main(sys.argv[1:])
    if code is not None:
        sys.exit(code)
