"""The time from an NTP server: what is asked, and what is not believed of an answer."""

INTERPRETERS = ("micropython", "cpython")

from harness import raises
from holdfast.lan import sntp
from holdfast.node.time_hint import TimeHint

_NONCE = b"\x81\x02\x03\x04\x05\x06\x07\x08"
_NOW = 1900000000  # seconds since 1970
_1970 = 2208988800


def _answer(seconds=_NOW, nonce=_NONCE, first=0x24, stratum=2, delay=0, dispersion=0, held=0):
    """What a server of RFC 5905 sends; delay and dispersion in 16.16 bits of a second."""
    stamp = (seconds + _1970) % (1 << 32)
    return (
        bytes((first, stratum, 6, 0xEC))
        + delay.to_bytes(4, "big")
        + dispersion.to_bytes(4, "big")
        + b"GPS\x00"
        + bytes(8)
        + nonce
        + (stamp - held).to_bytes(4, "big")
        + bytes(4)
        + stamp.to_bytes(4, "big")
        + b"\x80\0\0\0"
    )


def test_a_request_tells_nothing_and_can_be_answered_by_who_has_seen_it_alone():
    """RFC 4330 section 5: mode 3, version 4, zeros; the nonce where a client's time would be."""
    asked = sntp.request(_NONCE)
    assert asked[0] == 0b00_100_011 and asked[1:40] == bytes(39) and asked[40:] == _NONCE
    assert len(asked) == sntp.LENGTH


def test_an_answer_is_a_time_and_by_how_many_seconds_it_may_be_off():
    """Half the way of the answer's own source, what that has become worse by, the way to here, and
    the second that is cut off.
    """
    assert sntp.read(_answer(), _NONCE, 0) == (_NOW, 1)
    assert sntp.read(_answer(), _NONCE, 1) == (_NOW, 2)
    assert sntp.read(_answer(delay=1 << 16, dispersion=1 << 15), _NONCE, 1000) == (_NOW, 3)
    assert sntp.read(_answer(held=1), _NONCE, 10)[0] == _NOW
    # After 2036 its seconds begin anew (section 3).
    for seconds in (2085978495, 2085978497, 2085978496 + 86400, 2524608000):
        assert sntp.read(_answer(seconds), _NONCE, 0)[0] == seconds
    # One from before, which nobody who is right sends, is no time of ours and not taken for one.
    assert sntp.read(_answer(), _NONCE, 0)[0] < 1 << 31


def test_what_is_no_answer_is_not_believed():
    """Each check of RFC 4330 section 5 by itself: with any of them left out, who sees nothing of
    the question, or whose clock stands still, would be heard.
    """
    good = _answer()
    for data, said in (
        (b"", "0 bytes"),
        (good[:47], "47 bytes"),
        (good + b"\0", "49 bytes"),
        (_answer(nonce=bytes(8)), "another question"),
        (_answer(nonce=_NONCE[:7] + b"\x09"), "another question"),
        (_answer(first=0x23), "no server's answer"),
        (_answer(first=0x25), "no server's answer"),
        (_answer(first=0x1C), "no server's answer"),
        (_answer(first=0xE4), "not set"),
        (_answer(stratum=16), "not set"),
        (_answer(-_1970), "no time"),
        (_answer(held=2), "no time"),
        (_answer(held=-1), "no time"),
        (_answer(dispersion=16 << 16), "nobody knows better"),
        (_answer(delay=0x80000000), "nobody knows better"),
    ):
        assert said in str(raises(sntp.SntpError, sntp.read, data, _NONCE, 10)), said
    assert "before" in str(raises(sntp.SntpError, sntp.read, good, _NONCE, -1))
    assert "better" in str(raises(sntp.SntpError, sntp.read, good, _NONCE, 15001))
    kiss = raises(sntp.Kiss, sntp.read, _answer(stratum=0), _NONCE, 10)
    assert kiss.code == b"GPS\x00"


class _Question:
    """What is sent, and one of ``answers`` to each: bytes, a function of the request, or None."""

    def __init__(self, *answers):
        self.asked = []
        self._answers = list(answers)

    async def ask(self, data, longest):
        assert longest == 49
        self.asked.append(data)
        answer = self._answers.pop(0)
        return answer(data) if callable(answer) else answer


class _Ticks:
    def add(self, ms):
        return ms

    def until(self, tick):
        return -20


class _Random:
    count = 0

    def bytes(self, length):
        self.count += 1
        return bytes((self.count,)) * length


def _right(asked):
    return _answer(nonce=asked[40:])


async def test_each_question_has_a_nonce_of_its_own_and_what_is_wrong_is_no_time():
    """An answer that somebody has kept is of another question."""
    question = _Question(_right, _answer(), None, b"?", _right)
    client = sntp.Sntp(question, _Ticks(), _Random().bytes)
    assert await client.ask() == (_NOW, 2)
    for _ in range(3):
        assert await client.ask() is None
    assert await client.ask() == (_NOW, 2)
    assert len(set(question.asked)) == 5


async def test_who_wants_to_be_left_alone_is():
    """RFC 5905 section 7.4: RATE is asked less often, and who denies never again. Only who has
    seen the question can say so.
    """

    def kiss(code):
        def answer(asked):
            said = bytearray(_answer(nonce=asked[40:], stratum=0))
            said[12:16] = code
            return bytes(said)

        return answer

    question = _Question(kiss(b"RATE"), _right, kiss(b"DENY"))
    client = sntp.Sntp(question, _Ticks(), _Random().bytes)
    answers = []
    for _ in range(6):
        answers.append(await client.ask())
    assert answers == [None] * 5 + [(_NOW, 2)]
    for _ in range(1000):
        assert await client.ask() is None
    assert len(question.asked) == 3


async def test_who_does_not_answer_is_asked_ever_more_seldom():
    """RFC 4330 section 10: a server that is gone is not asked each minute for ever."""
    answers, slept = [None] * 9 + [OSError(111), None], []

    async def ask():
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def nap(seconds):
        slept.append(seconds)
        if not answers:
            raise EOFError

    try:
        await TimeHint(None, ask, nap).run()
    except EOFError:
        pass
    assert slept == [60, 120, 240, 480, 960, 1920] + [3600] * 5
