"""A PIN typed key by key: what was lost in between is typed again, and never tried or counted."""

INTERPRETERS = ("micropython", "cpython")

from holdfast.door.keypad import Keypad
from holdfast.door.wiegand import KEY_CLEAR, KEY_ENTER


class Typing:
    """A keypad whose time goes on by hand; ``entered`` is what came of it, None for *again*."""

    def __init__(self):
        self.now = 0
        self.entered = []
        self.keypad = Keypad(self, self.entered.append, lambda: self.entered.append(None))

    def add(self, ms):
        return self.now + ms

    def until(self, tick):
        return tick - self.now

    def type(self, text, every=300):
        for mark in text:
            self.now += every
            if mark == "?":
                self.keypad.spoil()
            else:
                self.keypad.press({"#": KEY_ENTER, "*": KEY_CLEAR}.get(mark) or int(mark))
        entered = list(self.entered)
        self.entered.clear()
        return entered


def test_digits_and_their_end():
    """# enters, * begins anew; # alone is nothing, as who looks for the light presses it."""
    typing = Typing()
    assert typing.type("271828#") == ["271828"]
    assert typing.type("12*3456#") == ["3456"]
    assert typing.type("#*#") == []
    assert typing.type("0000#0#") == ["0000", "0"]
    assert typing.type("1234567890123456#") == ["12345678901"]  # which is none


def test_who_waits_for_too_long_begins_anew():
    """The next person's PIN does not begin with what the last one left."""
    typing = Typing()
    typing.type("99")
    assert typing.type("1234#", every=9999) == ["991234"]
    typing.type("99")
    typing.now += 10000
    assert typing.type("1234#") == ["1234"]
    typing.type("99")
    typing.now += 10000
    typing.keypad.look()
    assert bytes(typing.keypad._digits) == bytes(11)


def test_a_lost_key_at_any_place_is_typed_again():
    """Also the first and the last; after # or *, or a while, it is forgotten."""
    typing = Typing()
    for text in ("?234#", "12?4#", "123?#", "?#"):
        assert typing.type(text) == [None]
        assert typing.type("1234#") == ["1234"]
    assert typing.type("12?*1234#") == ["1234"]
    typing.type("12?")
    typing.now += 10000
    assert typing.type("1234#") == ["1234"]
