"""A board on a cable without a board: a MicroPython process behind a pseudo-terminal, which the
real mpremote takes for an ESP32 (virtual_board_main.py).

Its flash is a file and stays, whatever happens to the process; what it is can be chosen, and what
is wrong with it.
"""

import contextlib
import errno
import json
import os
import pathlib
import pty
import select
import subprocess
import threading
import tty

from conftest import ROOT, micropython

_MAIN = pathlib.Path(__file__).with_name("virtual_board_main.py")
_SOFT, _HARD, _RAW_SOFT = 42, 43, 44
_BLOCK = 4096
PINS = {"STRIKE": 5, "REX": 4, "SAFE": 9}
IN_IMAGE = (ROOT / "firmware", ROOT / "lib")  # what an image of one's own has in it


class VirtualBoard:
    """One board with its flash in ``folder``, as long as the context lasts; ``device`` is
    its port.

    ``machine`` is what the port says the board is, ``version`` MicroPython's, ``heap`` what it
    says is free (what is, if None), ``blocks`` how many of 4,096 bytes its files have. In its
    image are the modules of the folders ``image``. ``unplug_after`` so many bytes to it, the cable
    comes off. ``starts`` counts its starts, ``received`` the bytes to it.
    """

    def __init__(
        self,
        folder,
        *,
        machine="Generic ESP32S3 module with ESP32S3",
        platform="esp32",
        version=(1, 27, 0, ""),
        heap=None,
        blocks=1024,
        readonly=False,
        image=(),
        unplug_after=None,
    ):
        self.flash = pathlib.Path(folder) / "flash.img"
        self._asked = {
            "machine": machine,
            "platform": platform,
            "version": version,
            "heap": heap,
            "blocks": blocks,
            "readonly": readonly,
            "image": [str(one) for one in image],
            "pins": PINS,
        }
        self._left = unplug_after
        self.starts = 0
        self.received = 0
        self._process = None
        self._stopping = False
        self._said = b""
        self.broken = None  # what it said when it ended as no board does

    def __enter__(self):
        if not self.flash.exists():
            self.flash.write_bytes(b"\xff" * (_BLOCK * self._asked["blocks"]))
        self.flash.with_name("flash.img.rtc").unlink(missing_ok=True)  # the power was off
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.device = os.ttyname(slave)
        self._slave = slave  # so that the board does not end where nobody has the port open
        self._wake, self._woken = os.pipe()
        self._start("f", cause=1)
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping = True
        os.write(self._woken, b"x")
        self._thread.join()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        self._unplug()
        os.close(self._wake)
        os.close(self._woken)

    def _start(self, mode, cause):
        self.starts += 1
        # In a file: MicroPython takes no argument of more than 255 characters.
        asked = self.flash.with_name("flash.img.json")
        asked.write_text(json.dumps({**self._asked, "cause": cause}))
        folders = [_MAIN.parent, ROOT / "firmware", ROOT / "lib"]
        path = ":".join([str(folder) for folder in folders] + [".frozen"])
        self._process = subprocess.Popen(
            [micropython(), "-X", "heapsize=24M", str(_MAIN), str(self.flash), mode, str(asked)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "MICROPYPATH": path},
            bufsize=0,
        )

    def _carry(self):
        """Bytes both ways, until the end of the context, or until the cable is off."""
        while not self._stopping:
            said = self._process.stdout.fileno()
            sources = [self._wake, said]
            if self._master is not None:
                sources.append(self._master)
            ready, _, _ = select.select(sources, [], [])
            if self._wake in ready:
                return
            if self._master in ready:
                self._hand_in()
            if said in ready:
                self._hand_out(os.read(said, 4096))

    def _hand_in(self):
        try:
            data = os.read(self._master, 4096)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return
        self.received += len(data)
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                self._unplug()
                return
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(data)

    def _hand_out(self, data):
        if not data:
            code = self._process.wait()
            if code not in (_SOFT, _HARD, _RAW_SOFT):
                self.broken = self._said.decode(errors="replace")
                self._unplug()
                self._stopping = True
                return
            self._start("r" if code == _RAW_SOFT else "f", cause=5 if code != _HARD else 2)
            return
        self._said = (self._said + data)[-2000:]
        if data and self._master is not None:
            os.write(self._master, data)

    def _unplug(self):
        master, self._master = self._master, None
        if master is not None:
            os.close(master)
            os.close(self._slave)
