"""Which platform this is: the one place that asks."""

import sys


def is_esp32() -> bool:
    """Whether it is a chip of the ESP32 family, and not a machine's unix port."""
    return sys.platform == "esp32"  # noqa: TID251 - the one place
