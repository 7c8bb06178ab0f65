"""The authority's word for the time: for one node, one question, one policy, and nobody else's."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import small_site as site
from cose import CRV_ED25519, Key, sign1
from harness import raises
from holdfast.access.clock import word
from holdfast.access.clock.word import WordRefused

NONCE = bytes(range(16))
HEAD = bytes(range(32))
ANCHORS = (site.authority_public(),)
STRANGER = Key.okp(CRV_ED25519, site.authority(bytes(32)).x)


def _made(**changes):
    said = {"site": site.SITE, "node": "lobby", "nonce": NONCE, "head": HEAD, "time": site.NOW}
    said.update(changes)
    return word.make(site.authority(), **said)


def _read(raw, anchors=ANCHORS):
    return word.verify(raw, anchors, site.SITE, "lobby", NONCE, HEAD)


def test_what_was_said_is_heard():
    """By either of two keys, while one takes over from the other."""
    assert _read(_made()) == site.NOW
    assert _read(_made(), (STRANGER,) + ANCHORS) == site.NOW
    assert word.nonce_of(_made()) == NONCE


def test_a_word_is_for_one_node_and_one_question():
    """Whoever carries it, and however often."""
    for changes in (
        {"site": "globex"},
        {"node": "garage"},
        {"nonce": bytes(16)},
        {"head": bytes(32)},
        {"time": 0},
        {"time": 1 << 32},
    ):
        raises(WordRefused, _read, _made(**changes))
    raises(WordRefused, _read, _made(), (STRANGER,))
    raises(WordRefused, _read, _made(), ())


def test_nothing_else_that_the_authority_signed_is_a_word():
    """Nor a word with a byte more, less or changed: there is one form of it."""
    key = site.authority()
    payload = cbor.encode([site.SITE, "lobby", NONCE, HEAD, site.NOW])
    for raw in (
        sign1.sign(payload, key, external_aad=b"holdfast changeset"),
        sign1.sign(payload, key, unprotected={4: b"x"}, external_aad=b"holdfast time"),
        sign1.sign(cbor.encode([site.SITE]), key, external_aad=b"holdfast time"),
        b"",
        bytes(600),
        None,
    ):
        raises(WordRefused, _read, raw)
    good = _made()
    for at in range(len(good)):
        raises(WordRefused, _read, good[:at])
        raises(WordRefused, _read, good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :])
    raises(WordRefused, _read, good + b"\x00")
