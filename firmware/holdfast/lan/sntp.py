"""What time an NTP server says that it is (RFC 4330, a client of RFC 5905): one datagram each way.

Anybody on the way may answer in its place, so that it is a hint (node/time_hint.py).
"""

from micropython import const
from untrusted import InvalidInput

PORT = const(123)
LENGTH = const(48)  # bytes of a message without extensions: of the request, and of any answer

_VERSION = const(4)
_CLIENT = const(3)
_SERVER = const(4)
_ORIGIN = const(24)  # where the timestamps begin, 8 bytes each
_RECEIVE = const(32)
_TRANSMIT = const(40)

# Seconds from 1900 to 1970. A timestamp counts 32 bits of them: what is below the half is of the
# era that begins in 2036 (RFC 4330 section 3).
_1970 = const(2208988800)
_ERA = const(0x100000000)

_MAX_STRATUM = const(15)
_MAX_ERROR_S = const(16)  # RFC 5905, MAXDISP: of whom so much is not known, nothing is
_PAUSES = const(4)  # questions that are not asked of who said that we ask too often


class SntpError(InvalidInput):
    """The answer is none; the text says what is wrong with it."""


class Kiss(Exception):
    """The server wants to be left alone (RFC 5905 section 7.4); ``code`` is its four letters."""

    def __init__(self, code: bytes):
        self.code = code


class Sntp:
    """Asks the one server that ``question`` (hal.question.Question) leads to. ``ticks`` is the
    hal's, ``random_bytes(n)`` gives n.
    """

    def __init__(self, question, ticks, random_bytes):
        self._question = question
        self._ticks = ticks
        self._random_bytes = random_bytes
        self._pauses = 0  # questions that are not asked

    async def ask(self):
        """``(seconds since 1970, by how many it may be off)``, or None. Raises OSError."""
        if self._pauses:
            self._pauses -= 1
            return None
        nonce = self._random_bytes(8)
        begun = self._ticks.add(0)
        data = await self._question.ask(request(nonce), LENGTH + 1)
        if data is None:
            return None
        try:
            return read(data, nonce, -self._ticks.until(begun))
        except Kiss as kiss:
            # RATE: less often. Whatever else it says, not again before the next start.
            self._pauses = _PAUSES if kiss.code == b"RATE" else 1 << 29
        except SntpError:
            pass  # of somebody else, or of a clock that is not set
        return None


def request(nonce: bytes) -> bytes:
    """What is sent. The 8 bytes of ``nonce`` stand where a client's time does, which comes back as
    it was sent: so whoever has not seen them cannot answer, and nobody is told our time.
    """
    return bytes((_VERSION << 3 | _CLIENT,)) + bytes(_TRANSMIT - 1) + nonce


def read(data: bytes, nonce: bytes, round_trip_ms: int) -> tuple:
    """``(seconds since 1970, by how many that may be off)`` now, when ``data`` has come in answer
    to the request with ``nonce``, ``round_trip_ms`` after that was sent.

    The checks of RFC 4330 section 5. Raises SntpError; Kiss for one that asks for silence.
    """
    if len(data) != LENGTH:
        raise SntpError("sntp: %d bytes" % len(data))
    first, stratum = data[0], data[1]
    if first & 7 != _SERVER or first >> 3 & 7 != _VERSION:
        raise SntpError("sntp: no server's answer of version %d" % _VERSION)
    if data[_ORIGIN:_RECEIVE] != nonce:
        raise SntpError("sntp: an answer to another question")
    if stratum == 0:
        raise Kiss(data[12:16])
    if first >> 6 == 3 or stratum > _MAX_STRATUM:
        raise SntpError("sntp: its clock is not set")
    if round_trip_ms < 0:
        raise SntpError("sntp: the answer came before the question")
    received, sent = _number(data, _RECEIVE), _number(data, _TRANSMIT)
    if not received or not sent or (sent - received) % _ERA > round_trip_ms // 1000 + 1:
        raise SntpError("sntp: no time")
    # Root delay is signed where a clock's frequency is off; there is none below zero.
    delay, dispersion = _ms(data, 4), _ms(data, 8)
    error_s = (delay // 2 + dispersion + round_trip_ms + 999) // 1000 + 1
    if error_s > _MAX_ERROR_S:
        raise SntpError("sntp: nobody knows better than by %d s" % error_s)
    # What it sent at is cut to a whole second, and is up to one way old.
    return sent - _1970 + (0 if sent & 0x80000000 else _ERA), error_s


def _number(data, at):
    return int.from_bytes(data[at : at + 4], "big")


def _ms(data, at):
    # 16.16 bits of a second
    return _number(data, at) * 1000 >> 16
