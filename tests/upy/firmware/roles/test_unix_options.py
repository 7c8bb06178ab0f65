"""What the unix reader is started with: a slip of the fingers is named, and nothing is guessed."""

INTERPRETERS = ("micropython", "cpython")

from harness import raises
from holdfast.roles.unix_options import UsageError, parse


def _parse(text):
    return parse(text.split())


def test_what_is_given_counts_and_the_rest_is_usual():
    directory, values = _parse("lobby --port 7000")
    assert directory == "lobby" and values["port"] == 7000
    assert (values["chunk"], values["clock"], values["held"]) == (244, 0, 0)
    assert list(values["inputs"]) == [] and values["wiegand"] is values["panel"] is None
    assert values["lan"] is values["ntp"] is None
    _, values = _parse(
        "lobby --clock lost --held 2000 --port 1 --inputs contact,rex --chunk 20 --wiegand 34"
        " --panel 26 --lan 62435,127.0.0.3 --ntp 10.0.0.1:1123"
    )
    assert values == {
        "port": 1,
        "chunk": 20,
        "clock": None,
        "inputs": ["contact", "rex"],
        "held": 2000,
        "wiegand": "34",
        "panel": "26",
        "lan": (62435, "127.0.0.3"),
        "ntp": ("10.0.0.1", 1123),
    }
    assert _parse("lobby --port 1 --ntp 10.0.0.1")[1]["ntp"] == ("10.0.0.1", 123)
    assert _parse("lobby --port 1 --lan 9")[1]["lan"] == (9, "0.0.0.0")
    assert _parse("lobby --port 7000 --clock -90")[1]["clock"] == -90


def test_what_is_not_understood_is_named():
    """Whoever typed it sees which word it was, and what belongs there."""
    for text, said in (
        ("", "usage: main.py STATE_DIR"),
        ("--port 7000", "usage: main.py STATE_DIR"),
        ("lobby", "--port is missing"),
        ("lobby --held 5", "--port is missing"),
        ("lobby 7000", "7000 is none of --chunk --clock"),
        ("lobby --prot 7000", "--prot is none of"),
        ("lobby --port", "--port takes 1..65535"),
        ("lobby --port 0", "--port takes 1..65535"),
        ("lobby --port 65536", "--port takes"),
        ("lobby --port 7e3", "--port takes"),
        ("lobby --port +7", "--port takes"),
        ("lobby --port 7000 --port 7001", "--port is there twice"),
        ("lobby --port 7000 --chunk 19", "--chunk takes 20..1024"),
        ("lobby --port 7000 --clock soon", "--clock takes lost|SECONDS"),
        ("lobby --port 7000 --inputs door", "--inputs takes contact,rex,tamper,fire"),
        ("lobby --port 7000 --inputs rex,rex", "--inputs takes"),
        ("lobby --port 7000 --inputs rex,", "--inputs takes"),
        ("lobby --port 7000 --lan 0", "--lan takes PORT[,ADDRESS]"),
        ("lobby --port 7000 --lan 9,", "--lan takes"),
        ("lobby --port 7000 --lan 9,10.0.0", "--lan takes"),
        ("lobby --port 7000 --lan 9,10.0.0.256", "--lan takes"),
        ("lobby --port 7000 --held 0", "--held takes MILLISECONDS"),
        ("lobby --port 7000 --held -1", "--held takes"),
    ):
        assert said in str(raises(UsageError, _parse, text)), text
