"""A CoAP message without its transport: code, token, options, payload."""

from . import code as _code
from . import option as _option
from .error import CoAPError


class Message:
    """A request, response or signalling message.

    ``options`` is a list of (number, value bytes) pairs, kept in order of number; options of one
    number keep the order they came in. ``token`` has at most 8 bytes.
    """

    def __init__(self, code: int, options=(), payload: bytes = b"", token: bytes = b""):
        self.code = code
        self.options = _in_order(options)
        self.payload = payload
        self.token = token

    def __eq__(self, other) -> bool:
        return isinstance(other, Message) and (
            (self.code, self.token, self.options, self.payload)
            == (other.code, other.token, other.options, other.payload)
        )

    def __repr__(self) -> str:
        numbers = ", ".join([str(number) for number, _ in self.options])
        return "<%s options %s, payload %d B>" % (
            _code.text(self.code),
            numbers or "none",
            len(self.payload),
        )

    def option(self, number: int) -> bytes | None:
        """The value of the first option ``number``, None without one."""
        for present, value in self.options:
            if present == number:
                return value
        return None

    def options_of(self, number: int) -> list:
        """The values of all options ``number``, in order."""
        return [value for present, value in self.options if present == number]

    def uint_option(self, number: int) -> int | None:
        """The value of the first option ``number`` as an integer, None without one."""
        value = self.option(number)
        return None if value is None else _option.decode_uint(value)

    def uri_path(self) -> tuple:
        """The path's segments as text. Raises CoAPError (4.02) if one is not UTF-8."""
        return tuple([_text(segment) for segment in self.options_of(_option.URI_PATH)])


def path_options(*segments: str) -> list:
    """The Uri-Path options of a path: ``path_options("doors", "lobby")``."""
    return [(_option.URI_PATH, segment.encode()) for segment in segments]


def error_response(error: CoAPError, token: bytes = b"") -> Message:
    """The response that tells a peer about ``error``, with its diagnostic text as payload."""
    return Message(error.code, (), error.diagnostic.encode(), token)


def _in_order(options) -> list:
    ordered = list(options)
    previous = 0
    for number, _ in ordered:
        if number < previous:
            break
        previous = number
    else:
        return ordered  # as nearly all are
    # MicroPython's sort is not stable, so the place in the list breaks ties.
    keyed = [(number, place, value) for place, (number, value) in enumerate(ordered)]
    keyed.sort()
    return [(number, value) for number, _, value in keyed]


def _text(segment: bytes) -> str:
    # As many characters as bytes is ASCII, as nearly every segment is.
    try:
        text = segment.decode()
        if len(text) == len(segment) or all([_is_proper(character) for character in text]):
            return text
    except ValueError:
        pass
    raise CoAPError("a path segment is not UTF-8", _code.BAD_OPTION)


def _is_proper(character: str) -> bool:
    # MicroPython decodes surrogates and overlong forms too, which other readers would refuse.
    point = ord(character)
    return chr(point) == character and not 0xD800 <= point < 0xE000
