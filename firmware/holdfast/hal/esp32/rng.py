"""Randomness from the chip, which has some to give while its radio is on."""

import os


class Entropy:
    """``is_on()`` says whether Bluetooth or Wi-Fi is on: without, the chip's generator repeats
    what it can be made to repeat (ESP-IDF, "Random Number Generation").
    """

    def __init__(self, is_on):
        self._is_on = is_on

    def random_bytes(self, length: int) -> bytes:
        """``length`` bytes fit for keys. Raises OSError while the radio is off."""
        if not self._is_on():
            raise OSError("no randomness while the radio is off")
        return os.urandom(length)
