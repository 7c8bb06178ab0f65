"""A board of the ESP32 family as MicroPython's unix port plays it: files on LittleFS in one file
of this machine, the REPL on standard streams, a chip without anything at its pins, in real time.

Runs on MicroPython; virtual_board.py starts it. Arguments: the flash, how it starts ("f" for the
friendly REPL, "r" for the raw one), and a file of
what it is, in JSON.
"""

import errno
import gc
import io
import json
import select
import socket
import sys
import time

import vfs

import simulated_esp32
import simulated_port as port

SOFT, HARD, RAW_SOFT = 42, 43, 44  # exit codes: how it starts again
_BLOCK = 4096
_2000 = 946684800
_read, _write = sys.stdin.buffer.read, sys.stdout.buffer.write
with open(sys.argv[3]) as _file:
    _asked = json.load(_file)


class Module:
    """A module of the port's with other or more names in it."""

    def __init__(self, base, **names):
        for name in dir(base):
            setattr(self, name, getattr(base, name))
        for name in names:
            setattr(self, name, names[name])


class Flash:
    """A block device in a file, erased where nothing was written."""

    def __init__(self, path, blocks):
        self._blocks = blocks
        self._file = open(path, "r+b")

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * _BLOCK + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self._file.seek(block * _BLOCK + offset)
        self._file.write(buffer)
        self._file.flush()

    def ioctl(self, operation, argument):
        return {4: self._blocks, 5: _BLOCK}.get(operation, 0)


class Clock:
    """The chip's RTC, which lives through resets in a file beside the flash: what it is ahead."""

    def __init__(self, path):
        self._file = open(path, "r+")
        text = self._file.read()
        self.ahead = int(text) if text else _2000 - int(time.time())

    def set(self, ahead):
        self.ahead = ahead
        self._file.seek(0)
        self._file.write("%-20d" % ahead)
        self._file.flush()


class RTC:
    """machine.RTC."""

    def datetime(self, to=None):
        if to is None:
            return time.gmtime(time.time() + _clock.ahead)
        year, month, day, _, hour, minute, second, _ = to
        wanted = time.mktime((year, month, day, hour, minute, second, 0, 0))
        _clock.set(int(wanted - time.time()))


_ticks_us = time.ticks_us
_begun = _ticks_us()
_is_passing = False
_is_running = False
_typed = []  # came while a program ran, which did not read it
_poll = select.poll()
_poll.register(sys.stdin, select.POLLIN)


def _pass():
    """Let the simulated chip come to where the world is."""
    global _is_passing
    if _is_passing:
        return
    _is_passing = True
    try:
        behind = time.ticks_diff(_ticks_us(), _begun) - simulated_esp32.chip.now
        if behind > 0:
            simulated_esp32.chip.pass_us(behind, False)
    finally:
        _is_passing = False


def _look():
    """What comes over the cable while a program runs: Ctrl-C ends it, as on a board; the rest is
    for who reads next.
    """
    while _is_running and _poll.poll(0):
        one = _read(1)
        if not one:
            sys.exit(0)
        if one == b"\x03":
            raise KeyboardInterrupt
        _typed.append(one)


def _ticks_ms():
    _look()
    _pass()
    return time.ticks_ms()


def _sleep_ms(ms):
    time.sleep_ms(ms)
    _look()
    _pass()


def _machine_reset():
    sys.exit(HARD)


class _Radio:
    """In the place of link/gatt's: nobody is near."""

    class Radio:
        def __init__(self, *_):
            pass

        async def run(self, connected):
            import asyncio

            while True:
                await asyncio.sleep_ms(50)  # and Ctrl-C is looked for


class _Wlan:
    """A Wi-Fi in whose reach there is no network."""

    IF_STA = 0

    def __init__(self, _):
        pass

    def active(self, _=True):
        pass

    def isconnected(self):
        return False

    def disconnect(self):
        pass

    def connect(self, ssid, key):
        pass

    def ifconfig(self):
        return ("0.0.0.0",) * 4


class _Datagrams(io.IOBase):
    """A UDP socket on that Wi-Fi: nothing comes, and nothing leaves."""

    def __init__(self, *_):
        pass

    def setblocking(self, _):
        pass

    def bind(self, _):
        pass

    def setsockopt(self, *_):
        pass

    def recvfrom(self, _):
        raise OSError(errno.EAGAIN)

    def sendto(self, *_):
        raise OSError(113)  # EHOSTUNREACH

    def ioctl(self, *_):
        return 0


def _open(path):
    try:
        open(path, "r+b").close()
    except OSError:
        open(path, "w+b").close()
    return path


_clock = Clock(_open(sys.argv[1] + ".rtc"))
_flash = Flash(sys.argv[1], _asked["blocks"])
_firmware = _asked["image"]  # folders of this machine whose modules are in the image
for _name in ("asyncio", "hashlib", "errno", "cryptolib", "binascii", "struct", "random"):
    __import__(_name)


def _mount():
    vfs.umount("/")
    if _firmware:
        vfs.mount(vfs.VfsPosix("/"), "/image")
    try:
        made = vfs.VfsLfs2(_flash)
    except OSError:
        vfs.VfsLfs2.mkfs(_flash)
        made = vfs.VfsLfs2(_flash)
    vfs.mount(made, "/", readonly=_asked["readonly"])
    sys.path[:] = ["", ".frozen", "/lib"] + ["/image" + folder for folder in _firmware]
    sys.argv[:] = []


def _dress():
    """Let ``import`` find a chip, and this port be that chip's."""
    real_time = time
    names = dict(ticks_ms=_ticks_ms, sleep_ms=_sleep_ms)
    names["time"] = lambda: real_time.time() + _clock.ahead
    version = tuple(_asked["version"])
    described = Module(sys.implementation, _machine=_asked["machine"], version=version)
    names_of_machine = dict(port.MACHINE, reset=_machine_reset, RTC=RTC)
    names_of_machine["unique_id"] = lambda: b"\x24\x0a\xc4\x00\x00\x01"
    sys.modules["machine"] = Module(
        None, Pin=simulated_esp32.Pin, SPI=None, Timer=simulated_esp32.Timer, **names_of_machine
    )
    sys.modules["network"] = Module(None, WLAN=_Wlan)
    sys.modules["socket"] = Module(socket, socket=_Datagrams)
    sys.modules["esp32"] = Module(None, RMT=simulated_esp32.RMT, Partition=port.Partition)
    sys.modules["neopixel"] = Module(None, NeoPixel=port.NeoPixel)
    sys.modules["bluetooth"] = Module(None, BLE=port.BLE, UUID=str)
    for name in ("holdfast.link.gatt.radio", "hf_holdfast_link_gatt_radio"):  # and joined
        sys.modules[name] = _Radio
    simulated_esp32.sys_ = Module(None, implementation=Module(None, _machine=""))
    simulated_esp32.power_on(names=_asked["pins"])
    simulated_esp32.chip.cause = _asked["cause"]
    simulated_esp32.chip.now = 0
    if _asked["heap"] is not None:
        sys.modules["gc"] = Module(gc, mem_free=lambda: _asked["heap"])
    sys.modules["time"] = Module(time, **names)
    sys.modules["sys"] = Module(sys, platform=_asked["platform"], implementation=described)


def _run(source, name="<stdin>", kind="exec"):
    """What a program wrote of the exception that ended it; a reset ends this process."""
    global _is_running
    _is_running = True
    try:
        exec(compile(bytes(source), name, kind), _names)
    except SystemExit as end:
        sys.exit(end.args[0] if end.args and end.args[0] in (SOFT, HARD) else SOFT)
    except simulated_esp32.Reset:
        sys.exit(HARD)
    except BaseException as error:
        text = io.StringIO()
        sys.print_exception(error, text)
        lines = [one for one in text.getvalue().split("\n") if "virtual_board_main" not in one]
        return "\r\n".join(lines).encode()
    finally:
        _is_running = False
    return b""


def _run_file(name):
    try:
        with open(name, "rb") as file:
            source = file.read()
    except OSError:
        return
    _write(_run(source, name))


def _character():
    if _typed:
        return _typed.pop(0)
    one = _read(1)
    if not one:
        sys.exit(0)
    return one


def _pasted():
    """What raw paste brings, None if it was broken off: windows of 128 bytes."""
    _write(b"R\x01\x80\x00\x01")
    pasted, left = bytearray(), 128
    while True:
        one = _character()
        if one in (b"\x03", b"\x04"):
            _write(b"\x04")
            return None if one == b"\x03" else pasted
        pasted += one
        left -= 1
        if not left:
            _write(b"\x01")
            left = 128


_BANNER = b"raw REPL; CTRL-B to exit\r\n>"


def _raw():
    """Until somebody wants the friendly one."""
    typed = bytearray()
    while True:
        one = _character()
        if one == b"\x01":
            typed = bytearray()
            _write(_BANNER)
        elif one == b"\x02":
            return
        elif one == b"\x03":
            typed = bytearray()
        elif one == b"\x05" and not typed:
            if _character() != b"A":
                continue
            _character()
            program = _pasted()
            if program is None:
                _write(b">")
                continue
            _end(program)
        elif one == b"\x04":
            if not typed:
                _write(b"OK\r\nMPY: soft reboot\r\n")
                sys.exit(RAW_SOFT)
            _write(b"OK")
            _end(typed)
            typed = bytearray()
        else:
            typed += one


def _end(program):
    _write(b"\x04" + _run(program) + b"\x04>")
    gc.collect()


def _friendly():
    """Until somebody wants the raw one."""
    _write(b"\r\n>>> ")
    line = bytearray()
    while True:
        one = _character()
        if one == b"\x01":
            _write(_BANNER)
            return
        if one == b"\x04":
            _write(b"\r\nMPY: soft reboot\r\n")
            sys.exit(SOFT)
        if one == b"\r":
            _write(b"\r\n" + (_run(line, kind="single") if line else b"") + b">>> ")
            line = bytearray()
        elif one >= b" ":
            line += one
            _write(one)


def _be(is_raw):
    _run_file("boot.py")
    if is_raw:
        _write(_BANNER)
    else:
        _run_file("main.py")
        _write(b"MicroPython on a virtual board\r\n")
    while True:
        _raw() if is_raw else _friendly()
        is_raw = not is_raw


_names = {"__name__": "__main__"}
_mode = sys.argv[2]
_mount()
_dress()
_be(_mode == "r")
