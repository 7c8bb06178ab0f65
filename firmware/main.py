"""Starts the device. On the unix port its state directory and port are arguments."""

import sys

from holdfast.hal.platform import is_esp32


def main():
    """Be it; the process's exit code, or None where somebody at the console stopped it."""
    if is_esp32():
        from holdfast.roles import esp32 as role

        return role.main(sys.argv[1:])
    from holdfast.roles import unix_which

    return unix_which.role(sys.argv[1:])(sys.argv[1:])


if __name__ == "__main__":
    code = main()
    if code is not None:  # to exit is to start again, on a board
        sys.exit(code)
