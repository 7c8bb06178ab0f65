"""Who is known: who has proven that it is a node of the site, where it last did."""

INTERPRETERS = ("micropython", "cpython")

import crypto
import small_site as site
from holdfast.access import Trust
from holdfast.access import credential as labels
from holdfast.access.tag import name_tag
from holdfast.lan.peers import MOST, Peers


def _credential(name="reader-2", role=labels.ROLE_READER, cti=b"\x20" * 8):
    """As a handshake proves it; the signature is not what is looked at here."""
    raw = site.device_certificate(changes={2: name, 7: cti, labels.ROLE: role})
    trust = Trust(site.SITE, [site.authority_public()])
    return crypto.finish(trust.authenticate_steps(trust.read(raw), True))


def _renamed(credential, name):
    credential.device = name
    return credential


def test_readers_and_controllers_are_known_and_nobody_else():
    """Who only carries bytes has no policy to be asked for."""
    peers = Peers()
    assert peers.proven(_credential("a"), 1)
    assert peers.proven(_credential("b", labels.ROLE_CONTROLLER), 2)
    assert not peers.proven(_credential("c", labels.ROLE_CARRIER), 3)
    assert set(peers.by_tag) == {name_tag("a"), name_tag("b")}
    known = peers.by_tag[name_tag("a")]
    assert (known.address, known.credential.device, known.credential.cti) == (1, "a", b"\x20" * 8)


def test_an_address_is_where_it_last_proved_itself():
    peers = Peers()
    for address in (1, 2):
        peers.proven(_credential(), address)
        assert peers.is_at(address) and peers.by_tag[name_tag("reader-2")].address == address
    assert not peers.is_at(1)
    assert peers.at([1, 2]) == [name_tag("reader-2")] and peers.at([1]) == peers.at([]) == []


def test_who_does_not_answer_is_doubtful_and_then_forgotten():
    """So that a hint from elsewhere is followed; an answer clears it."""
    peers = Peers()
    tag = name_tag("reader-2")
    peers.proven(_credential(), 1)
    for _ in range(2):
        peers.failed(tag)
    assert peers.by_tag[tag].is_doubtful and not peers.is_at(1)
    peers.proven(_credential(), 1)
    assert not peers.by_tag[tag].is_doubtful
    for _ in range(8):
        peers.failed(tag)
    peers.failed(tag)
    assert tag not in peers.by_tag
    peers = Peers(tag)  # as the controller it is asked on
    peers.proven(_credential(), 1)
    for _ in range(20):
        peers.failed(tag)
    assert peers.by_tag[tag].is_doubtful


def test_of_many_the_longest_unheard_goes_but_never_the_controller():
    one = _credential()
    peers = Peers(name_tag("controller"))
    for name in ["controller"] + ["node %d" % number for number in range(MOST + 20)]:
        peers.proven(_renamed(one, name), name)
    assert len(peers.by_tag) == MOST
    assert name_tag("controller") in peers.by_tag and name_tag("node 20") not in peers.by_tag
    assert name_tag("node %d" % (MOST + 19)) in peers.by_tag


def test_who_is_void_is_nobody():
    peers = Peers()
    peers.proven(_credential("a"), 1)
    peers.proven(_credential("b"), 2)
    peers.forget(lambda credential: credential.device == "a")
    assert set(peers.by_tag) == {name_tag("b")}
