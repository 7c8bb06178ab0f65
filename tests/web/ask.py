"""A program that has a test's phone do something: it says its words to the test's port, and ends
with the code that it is told there. What `holdfast reader check-phone` is given to run.
"""

import socket
import sys


def main(port: str, *words: str) -> int:
    """``words`` in one line; the answer is a line with a number."""
    with socket.create_connection(("127.0.0.1", int(port))) as test, test.makefile("rw") as said:
        said.write(" ".join(words) + "\n")
        said.flush()
        return int(said.readline() or 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
