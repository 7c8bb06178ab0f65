"""The electric strike, driven through one hardware output."""


class Strike:
    """Secured from the first moment: nothing pulses at boot.

    ``output`` is a hal output with ``set(bool)``; active means released.
    """

    def __init__(self, output):
        self._output = output
        self.secure()

    def release(self):
        """Let the door be opened."""
        self.released = True
        self._output.set(True)

    def secure(self):
        """Hold the door shut; harmless to repeat."""
        self.released = False
        self._output.set(False)
