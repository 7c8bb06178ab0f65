"""Starts the device: on the unix port a reader, with its state directory and port as arguments."""

import sys

from holdfast.roles import unix_reader

if __name__ == "__main__":
    sys.exit(unix_reader.main(sys.argv[1:]))
