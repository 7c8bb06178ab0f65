"""The reader of a legacy panel: whom this door lets in is sent on, as a Wiegand reader would."""

import asyncio
import gc

from micropython import const

from .wiegand import WiegandError

_BETWEEN_S = 0.002  # from one pulse to the next
_SILENCE_S = 0.1  # from one frame to the next
_MOST = const(4)  # that wait


class WiegandOut:
    """Sends frames of the Format ``form`` by ``port``, which has ``pulse(line)``: it makes one
    pulse on D0 (0) or D1 (1) and returns when that is over.

    ``is_active`` says that a frame is being sent: Patience holds other work back then, since a
    panel takes a frame with a long gap for two. What cannot be sent is for ``faults`` (Faults).
    """

    def __init__(self, port, form, faults):
        self._port = port
        self._form = form
        self._faults = faults
        self._frames = []
        self._has_frames = asyncio.Event()
        self.is_active = False

    def send(self, number: bytes):
        """Send the number of a card that was granted, after those that wait. Raises nothing.

        One with more bits than the panel's format is not sent: cut, it would be another card's.
        """
        try:
            if len(self._frames) >= _MOST:
                raise WiegandError("%d numbers wait to be sent" % _MOST)
            self._frames.append(self._form.frame(number))
            self._has_frames.set()
            self._faults.heard("wiegand out", None)
        except Exception as error:
            self._faults.heard("wiegand out", error)

    async def run(self):
        """Send what is to be sent. Runs for ever."""
        while True:
            while self._frames:
                await self._send(self._frames[0])
                self._frames.pop(0)
            self._has_frames.clear()
            await self._has_frames.wait()

    async def _send(self, bits):
        gc.collect()  # now, and not in the middle of it
        self.is_active = True
        try:
            for bit in bits:
                self._port.pulse(bit)
                await asyncio.sleep(_BETWEEN_S)
        finally:
            self.is_active = False
        await asyncio.sleep(_SILENCE_S)
