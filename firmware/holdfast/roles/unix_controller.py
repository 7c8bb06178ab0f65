"""The controller on the unix port: ``micropython -m holdfast.roles.unix_controller DIR --port N``.

The process is the reader's, which is a controller where its certificate says so; here it must be.
"""

import sys

from . import unix_reader


def main(arguments) -> int:
    """Run a controller whose state lies in a directory; returns the process's exit code."""
    return unix_reader.main(arguments, must_be_controller=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
