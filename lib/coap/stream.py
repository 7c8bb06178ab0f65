"""CoAP over byte streams (RFC 8323 section 3.2): framing, in chunks of any size."""

from micropython import const

from . import code as _code
from . import option as _option
from .error import CoAPError
from .message import Message

BASE_MAX_MESSAGE_SIZE = 1152  # what each side takes before a CSM says otherwise (section 5.3.1)

_MAX_TOKEN = const(8)
_LONGEST_HEADER = const(6)
_FIRST_SIZE = const(384)  # bytes: a handshake's last message with a credential, and a request


def encode(message: Message) -> bytes:
    """The frame that carries ``message``."""
    if len(message.token) > _MAX_TOKEN:
        raise ValueError("a token of more than 8 bytes")
    body = _option.encode(message.options, message.payload)
    nibble, extension = _option.shorten(len(body))
    first = bytes((nibble << 4 | len(message.token),))
    return first + extension + bytes((message.code,)) + message.token + body


class Decoder:
    """Turns the chunks of one stream into messages.

    It holds one frame of at most ``max_size`` bytes, header included, in a buffer that grows to
    that with the first frame that needs it: few do, and a kilobyte in one piece is much.
    ``feed`` raises MemoryError if there is none, and the stream is broken then.
    """

    def __init__(self, max_size: int = BASE_MAX_MESSAGE_SIZE):
        if max_size < _LONGEST_HEADER:
            raise ValueError("max_size below a header's 6 bytes")
        # A view, put into by views of the piece alone: else all that lies behind it is moved.
        self._buffer = memoryview(bytearray(min(max_size, _FIRST_SIZE)))
        self._max_size = max_size
        self._held = 0
        self._wanted = 1  # the frame length at which the next step can be taken
        self._code_at = 0  # where in the frame the code stands; 0: the header is not whole yet
        self._failed = False

    @property
    def is_inside(self) -> bool:
        """Whether a frame has begun that is not whole yet."""
        return self._held > 0

    def feed(self, chunk) -> list:
        """The messages that ``chunk`` completes, Empty and signalling ones among them.

        Raises CoAPError on the first thing RFC 8323 forbids, and as soon as a frame's declared
        length is over the limit. From then on the stream has no meaning and every call raises;
        messages whole before the error in the same chunk are given up with it (section 5.6).
        """
        if self._failed:
            raise CoAPError("the stream broke earlier")
        messages = []
        view = memoryview(chunk)
        position = 0
        try:
            while position < len(view):
                taken = min(self._wanted - self._held, len(view) - position)
                held = self._held + taken
                self._buffer[self._held : held][:] = view[position : position + taken]
                self._held = held
                position += taken
                if held == self._wanted:
                    self._advance(messages)
        except (CoAPError, MemoryError):
            self._failed = True
            raise
        return messages

    def _advance(self, messages: list) -> None:
        if self._code_at:
            messages.append(self._message())
            self._held, self._wanted, self._code_at = 0, 1, 0
            return
        nibble = self._buffer[0] >> 4
        token_length = self._buffer[0] & 0x0F
        if token_length > _MAX_TOKEN:
            raise CoAPError("a reserved token length")
        extended = 0 if nibble < 13 else 1 << (nibble - 13)
        if self._held < 1 + extended:
            self._wanted = 1 + extended
            return
        length = nibble
        if extended:
            base = (13, 269, 65805)[nibble - 13]
            length = base + int.from_bytes(self._buffer[1 : 1 + extended], "big")
        self._code_at = 1 + extended
        self._wanted = self._code_at + 1 + token_length + length
        if self._wanted > self._max_size:
            raise CoAPError("a frame of more than %d bytes" % self._max_size)
        if self._wanted > len(self._buffer):
            larger = memoryview(bytearray(self._max_size))
            larger[: self._held][:] = self._buffer[: self._held]
            self._buffer = larger

    def _message(self) -> Message:
        frame = self._buffer[: self._wanted]
        code = frame[self._code_at]
        if code >> 5 in (1, 6):
            raise CoAPError("reserved code " + _code.text(code))
        token_at = self._code_at + 1
        options_at = token_at + (frame[0] & 0x0F)
        message = Message(code, token=bytes(frame[token_at:options_at]))
        message.options, message.payload = _option.decode(frame, options_at)
        return message
