"""Messages about the connection itself (RFC 8323 section 5): CSM, Ping, Pong, Release, Abort."""

from micropython import const

from . import code as _code
from .error import CoAPError
from .message import Message
from .option import decode_uint, encode_uint, is_critical
from .stream import BASE_MAX_MESSAGE_SIZE

# Option numbers mean something else in each signalling code (section 5.2).
_CSM_MAX_MESSAGE_SIZE = const(2)
_CSM_BLOCK_WISE_TRANSFER = const(4)
_RELEASE_HOLD_OFF = const(4)
_ABORT_BAD_CSM_OPTION = const(2)


def csm(max_message_size: int | None = None, *, block_wise: bool = False) -> Message:
    """The Capabilities and Settings Message that must open each direction of a connection."""
    options = []
    if max_message_size is not None:
        options.append((_CSM_MAX_MESSAGE_SIZE, encode_uint(max_message_size)))
    if block_wise:
        options.append((_CSM_BLOCK_WISE_TRANSFER, b""))
    return Message(_code.CSM, options)


def ping(token: bytes = b"") -> Message:
    """Asks whether the peer is there; its Pong has the same token."""
    return Message(_code.PING, token=token)


def release(hold_off: int | None = None, diagnostic: str = "") -> Message:
    """Asks the peer to close the connection, and not to return for ``hold_off`` seconds."""
    options = [] if hold_off is None else [(_RELEASE_HOLD_OFF, encode_uint(hold_off))]
    return Message(_code.RELEASE, options, diagnostic.encode())


def abort(error: CoAPError) -> Message:
    """Says why the connection ends now: ``error`` from the Decoder or from Peer.receive."""
    number = error.bad_csm_option
    options = [] if number is None else [(_ABORT_BAD_CSM_OPTION, encode_uint(number))]
    return Message(_code.ABORT, options, error.diagnostic.encode())


class Peer:
    """What one connection's other end has said about itself and the connection.

    ``max_message_size`` bytes is the largest frame it takes, ``block_wise`` whether it speaks
    RFC 7959, ``is_ready`` whether its CSM has come. After ``has_released`` it waits for the
    answers still due and then for the close; after ``has_aborted`` it waits for nothing.
    """

    def __init__(self):
        self.max_message_size = BASE_MAX_MESSAGE_SIZE
        self.block_wise = False
        self.is_ready = False
        self.has_released = False
        self.has_aborted = False

    def receive(self, message: Message) -> Message | None:
        """Take note of any message of the stream; the reply it needs from the connection, if any.

        Requests, responses and Empty messages only pass: the caller handles them.
        Raises CoAPError if the first message is not a CSM, and on a critical option or a
        signalling code that is not understood: send ``abort(error)``, then close the connection.
        """
        kind = message.code
        if kind == _code.EMPTY:
            return None
        if not self.is_ready and kind not in (_code.CSM, _code.ABORT):
            raise CoAPError("the first message was not a CSM")
        if not _code.is_signalling(kind):
            return None
        for number, _ in message.options:
            if is_critical(number):  # all that RFC 8323 defines are elective
                error = CoAPError("critical signalling option %d is not understood" % number)
                if kind == _code.CSM:
                    error.bad_csm_option = number
                raise error
        if kind == _code.PING:
            return Message(_code.PONG, token=message.token)
        if kind == _code.CSM:
            self._take_settings(message)
        elif kind == _code.RELEASE:
            self.has_released = True
        elif kind == _code.ABORT:
            self.has_aborted = True
        elif kind != _code.PONG:
            raise CoAPError("unknown signalling code " + _code.text(kind))
        return None

    def _take_settings(self, message: Message) -> None:
        self.is_ready = True
        for number, value in message.options:
            if number == _CSM_MAX_MESSAGE_SIZE and len(value) <= 4:
                self.max_message_size = decode_uint(value)
            elif number == _CSM_BLOCK_WISE_TRANSFER:
                self.block_wise = True
