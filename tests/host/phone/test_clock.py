"""The authority's word for a clock: for whom it is signed, and what may go wrong on the way.

The reader is played here, so that it can lie; test_wrong_clocks.py has real ones.
"""

import dataclasses
import os
import time

import pytest

import cbor
import coap
import crypto
from cose import CRV_X25519, Key
from holdfast.access.clock import word
from holdfast_host.credentials import issuing
from holdfast_host.phone.link import TcpLink
from holdfast_host.site import devices, site
from host.fake_reader import FakeReader

DAY = 86400


class ClockReader(FakeReader):
    """A reader of the site whose clock is wrong; ``says`` is changed in the question it asks."""

    def __init__(self, private, certificate, folder):
        super().__init__(private, certificate)
        history = site.load(folder).policy()
        self.says = {4: os.urandom(16), 5: history.number, 6: history.head, 7: "reader"}
        self.shows = {1: int(time.time()) - 7200, 2: 301, 3: "rtc"}
        self.refuses = {}  # method: (code, text)
        self.word = None
        self.form = None
        self.anchors = history.anchors

    def answered(self, plain) -> tuple:
        """What this reader answers to a request."""
        if plain.code in self.refuses:
            return self.refuses[plain.code]
        if plain.code == coap.code.GET:
            return coap.code.CONTENT, self.shows
        if plain.code == coap.code.POST:
            return coap.code.CHANGED, self.says
        self.word = plain.payload
        self.form = plain.uint_option(coap.option.CONTENT_FORMAT)
        told = word.verify(
            self.word, self.anchors, "acme", self.says[7], self.says[4], self.says[6]
        )
        self.shows = {1: told, 2: 2, 3: "authority"}
        return coap.code.CHANGED, b""


@pytest.fixture
def asked(holdfast, site_folder, phone, authority, monkeypatch):
    """``asked()``: a ClockReader at the door; ``asked.carry()`` has its clock set."""

    class Asked:
        def __init__(self):
            self.make()

        def make(self, **changes):
            private = os.urandom(32)
            now = int(time.time())
            fields = {
                "site": "acme",
                "node": "reader",
                "doors": ["front"],
                "device_key": Key.okp(CRV_X25519, crypto.x25519_public_key(private)),
                "issued_at": now,
                "expires": now + DAY,
                "cti": os.urandom(8),
            }
            fields.update(changes)
            certificate = issuing.device_certificate(authority.signing_key, **fields)
            self.reader = ClockReader(private, certificate, site_folder)
            return self.reader

        def carry(self, *options):
            monkeypatch.setattr(TcpLink, "connect", classmethod(lambda *_, **__: self.reader))
            base = ["phone", "carry", phone.folder, "--reader", "127.0.0.1:7", "--door", "front"]
            return holdfast(*base, "--set-time", *(options or ("--site", site_folder)))

    return Asked()


def test_the_reader_asks_and_the_authority_answers(asked, site_folder):
    """One word for one question, of this computer's time; and what came of it is told."""
    before = asked.reader.shows[1]
    done = asked.carry()
    assert done.code == 0, done.err
    assert "the clock of front was: " in done.out and "within 301 s" in done.out
    assert "and is: " in done.out and "within 2 s" in done.out
    assert asked.reader.form == 18
    asked.make()
    told = asked.carry("--site", site_folder, "--json").json["clock"]
    assert told["node"] == "reader" and abs(told["set_to"] - time.time()) < 60
    assert abs(told["before"]["time"] - before) < 60 and told["before"]["source"] == "rtc"
    assert told["after"] == {
        "time": told["set_to"],
        "uncertainty_s": 2,
        "source": "authority",
    }


def test_a_reader_whose_certificate_has_ended_is_reached(asked):
    """By its own wrong clock it may think so, and by the phone's it may be true: it waits for the
    time all the same.
    """
    asked.make(issued_at=1_600_000_000, expires=1_700_000_000)
    assert asked.carry().code == 0


@pytest.mark.parametrize("shown", [(None, 0, "none"), (1_900_000_000, 0, "floor")])
def test_what_the_clock_was_is_told_as_the_reader_means_it(asked, shown):
    """A floor is no time."""
    asked.reader.shows = {1: shown[0], 2: shown[1], 3: shown[2]}
    done = asked.carry()
    assert done.code == 0, done.err
    assert ("was: unknown" if shown[0] is None else "was: not before 2030-03-17") in done.out


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({7: "vault"}, ["asks for 'vault'", "nothing is signed"]),
        ({5: 999}, ["knows changeset 999", "backup"]),
        ({6: bytes(32)}, ["made by another copy"]),
        ({5: 0}, ["changeset 0 is another one"]),
        ({4: b"short"}, ["cannot be believed"]),
        ({5: "1"}, ["cannot be believed"]),
        ({6: None}, ["cannot be believed"]),
    ],
)
def test_nothing_is_signed_for_who_is_not_of_this_site(asked, said, words):
    """A node that asks in another's name, that goes by another copy of the policy, or nonsense."""
    asked.reader.says.update(said)
    asked.carry().fails(*words)
    assert asked.reader.word is None


def test_nothing_is_signed_for_a_reader_that_was_taken_back(asked, site_folder):
    """The phone may not have heard of it; the site has."""
    known = devices.load(site_folder)
    devices.save(site_folder, [dataclasses.replace(one, revoked=True) for one in known])
    asked.carry().fails("has revoked the reader 'reader'")
    assert asked.reader.word is None


@pytest.mark.parametrize(
    ("method", "code", "text", "words"),
    [
        ("POST", "METHOD_NOT_ALLOWED", b"", ["firmware is from before"]),
        ("POST", "FORBIDDEN", b"no", ["refused to ask the site's authority", "no"]),
        ("PUT", "BAD_REQUEST", b"not signed by the authority", ["not signed", "--policy FILE"]),
        ("PUT", "CONFLICT", b"an answer that came before", ["came before", "again"]),
        ("PUT", "SERVICE_UNAVAILABLE", b"", ["flash fails"]),
        ("GET", "FORBIDDEN", b"", ["to show its time"]),
    ],
)
def test_each_refusal_has_its_cause_and_its_next_step(asked, method, code, text, words):
    """What the reader says, and what to do about it."""
    asked.reader.refuses[getattr(coap.code, method)] = (getattr(coap.code, code), text)
    asked.carry().fails(*words)


def test_a_reader_that_takes_the_word_and_shows_another_time_is_reported(asked):
    """ "Done" is said of what was seen."""
    asked.reader.answered = lambda plain: {
        coap.code.GET: (coap.code.CONTENT, {1: 1_600_000_000, 2: 1, 3: "rtc"}),
        coap.code.POST: (coap.code.CHANGED, asked.reader.says),
    }.get(plain.code, (coap.code.CHANGED, b""))
    asked.carry().fails("took the authority's word, and shows", "2020-09-13")


def test_without_a_site_there_is_nobody_to_sign(asked, site_folder):
    """And not without its clock being asked, nor twice in one breath."""
    asked.carry("--json").fails("only a site's authority sets a clock", "--site")
    asked.carry("--site", site_folder, "--tell-time").fails("given twice")
    asked.carry("--site", site_folder / "none").fails("there is no site")


def test_the_host_that_is_wrong_itself_sets_no_clock(asked, site_folder, monkeypatch):
    """It would put its own error into the reader, for good."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 60 * DAY)
    asked.carry().fails("60 days before that", "--clock-is-right")
    assert asked.reader.word is None
    # Whoever says that it is right is believed.
    done = asked.carry("--site", site_folder, "--clock-is-right")
    assert done.code == 0, done.err


def test_the_word_is_for_this_question_alone(asked):
    """Another nonce, another node, another policy: each would be another word."""
    assert asked.carry().code == 0
    reader = asked.reader
    good = ("acme", "reader", reader.says[4], reader.says[6])
    assert word.verify(reader.word, reader.anchors, *good)
    for at, other in ((0, "globex"), (1, "vault"), (2, bytes(16)), (3, bytes(32))):
        wrong = [other if at == place else value for place, value in enumerate(good)]
        with pytest.raises(word.WordRefused):
            word.verify(reader.word, reader.anchors, *wrong)
    assert cbor.decode(reader.word) is not None
