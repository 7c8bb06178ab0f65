"""The phone that was written from docs/protocol.md and docs/vectors alone, at a real reader: a
MicroPython process on a site of its own. Only who issues is ours.
"""

import os
import socket
import time

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from holdfast_host.credentials import keys
from holdfast_host.demo.stage import DOOR, SITE, Stage
from interop.vectors import plain_coap as coap
from interop.vectors.plain_phone import Impostor, Phone, Rejected, Stream, read_authority

GRANTED = (coap.CHANGED, {1: True, 2: 0, 3: 500})
SECONDS = 30  # a hang must end the test


class Link:
    """A TCP connection in the place of GATT, 20 bytes at a time."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), SECONDS)

    def send(self, data):
        for start in range(0, len(data), 20):
            self._socket.sendall(data[start : start + 20])

    def receive(self):
        data = self._socket.recv(20)
        if not data:
            raise ConnectionError("the reader closed the connection")
        return data

    def close(self):
        self._socket.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A site and its running reader, the same for all: to make one takes longer than any test."""
    folder = tmp_path_factory.mktemp("stage")
    with Stage(folder, lambda: int(time.time())) as running:
        running.folder = folder / "site"
        yield running


@pytest.fixture
def connect(stage):
    """Makes Streams to that reader, one at a time: a fifth at once would find no room."""
    links = []

    def leave():
        while links:
            links.pop().close()

    def make():
        leave()
        links.append(Link(stage.reader.port))
        return Stream(links[0])

    yield make
    leave()


def _new_private():
    return b"\x7f" + os.urandom(31)  # a key on both curves


def _cose_key(suite, private):
    """What a phone puts into its phone.pub."""
    if suite == 0:
        public = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
        return {1: 1, -1: 4, -2: public}
    numbers = ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
    point = numbers.public_key().public_numbers()
    return {1: 2, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}


def _credential(stage, cose_key, changes=None):
    """A COSE_Sign1 as docs/protocol.md has it."""
    now = int(time.time())
    claims = {1: SITE, 2: "stranger", 3: SITE, 4: now + 3600, 5: now - 60, 6: now - 60}
    claims.update({7: os.urandom(8), 8: {1: cose_key}, 9: cbor2.dumps([[[1, DOOR], 1]])})
    claims.update(changes or {})
    protected, payload = b"\xa1\x01\x27", cbor2.dumps(claims, canonical=True)
    over = cbor2.dumps(["Signature1", protected, b"", payload])
    signature = Ed25519PrivateKey.from_private_bytes(stage.authority.signing_key.d).sign(over)
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def _phone(stage, suite=0, changes=None, suites=None):
    private = _new_private()
    credential = _credential(stage, _cose_key(suite, private), changes)
    return Phone(
        read_authority((stage.folder / "authority.pub").read_bytes()),
        SITE,
        credential,
        private,
        suites or [suite],
        _new_private,
        int(time.time()),
    )


@pytest.mark.parametrize("suite", [0, 2])
def test_it_opens_the_door_cold_warm_and_after_a_power_cut(stage, connect, suite):
    """Two round trips, one, and two with the Echo."""
    phone, granted = _phone(stage, suite), stage.grants()
    assert phone.cold(connect(), DOOR) == GRANTED
    assert phone.doors == [DOOR]
    stream = connect()
    assert phone.warm(stream, DOOR) == GRANTED
    assert phone.warm(stream, DOOR, {1: 1, 2: True, 3: True}) == GRANTED
    stage.restart()
    before = phone.context.sequence
    assert phone.warm(connect(), DOOR) == GRANTED
    assert phone.context.sequence == before + 2  # the wish, and the wish with the Echo
    assert stage.grants() == granted + 4


def test_a_suite_that_the_reader_lacks_is_found_out(stage, connect):
    """Error 2 on the first offer, on the same connection the second."""
    assert _phone(stage, 2, suites=[3, 2]).cold(connect(), DOOR) == GRANTED


def test_message_3_by_itself(stage, connect):
    """message_4 confirms before any wish."""
    phone, stream = _phone(stage), connect()
    phone.finish_alone(stream, phone.introduce(stream, DOOR))
    assert phone.warm(stream, DOOR) == GRANTED


def test_refusals_are_understood(stage, connect):
    """Inside: 4.03 and the coarse reason. In the clear: an EDHOC error, a context forgotten."""
    now = int(time.time())
    assert _phone(stage, 0, {4: now - 1}).cold(connect(), DOOR) == (0x83, {1: False, 2: 2})
    phone = _phone(stage)
    assert phone.cold(connect(), DOOR, {1: 1, 2: False}) == (0x83, {1: False, 2: 3})
    phone.context.sender_id = b"\x2f"  # of nobody
    stream = connect()
    with pytest.raises(Rejected) as refused:
        phone.warm(stream, DOOR)
    assert refused.value.start_over
    assert phone.cold(stream, DOOR) == GRANTED
    with pytest.raises(Impostor):
        _phone(stage).cold(connect(), "cellar")
    foreign = _phone(stage, 0, {1: "globex"})
    with pytest.raises(Rejected) as refused:
        foreign.cold(connect(), DOOR)
    assert (refused.value.err_code, refused.value.err_info) == (1, "credential not accepted")


def test_a_phone_pub_of_its_own_is_taken(stage, tmp_path):
    """The manager issues a credential from that file."""
    for suite in (0, 2):
        private = _new_private()
        cose_key = _cose_key(suite, private)
        path = tmp_path / "phone.pub"
        path.write_bytes(cbor2.dumps(cose_key, canonical=True))
        read = keys.read_phone_key(str(path))
        assert read.x == cose_key[-2]


def test_it_carries_policy_and_events(stage, connect):
    """A changeset in, a batch out: with the same requests that the vectors show."""
    phone = _phone(stage, 0, {9: cbor2.dumps([[[1, DOOR], 1 | 8 | 16]])})
    assert phone.cold(connect(), DOOR) == GRANTED
    stream = connect()
    for on, answer in ((True, (0x83, {1: False, 2: 6})), (False, GRANTED)):
        (raw,) = stage.change_policy(lambda state, on=on: [[9, on, None]])
        code, standing = phone.ask(stream, coap.POST, coap.path("policy"), raw)
        assert (code, cbor2.loads(standing)) == (coap.CHANGED, list(stage.policy_standing()))
        assert phone.warm(stream, DOOR) == answer
    code, batch = phone.ask(stream, coap.GET, coap.path("events"))
    assert code == coap.CONTENT
    report = stage.check_events(batch)
    assert report.intact and report.proven == len(report.events) > 5
