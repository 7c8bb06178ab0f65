"""Phones with a P-256 key, phones with both, and readers that have one kind or both."""

import time

import cbor2
import pytest

import cbor
import coap
import crypto
import sealed_settings
from cose import CRV_X25519, Key
from holdfast_host.boards import settings
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.credentials import issuing, keys
from holdfast_host.errors import UsageProblem
from holdfast_host.phone.client import Impostor, Rejected, WrongSuite, introduce
from holdfast_host.phone.link import TcpLink
from holdfast_host.phone.unlock import Wish, unlock
from holdfast_host.phone.wallet import Wallet
from holdfast_host.site import site
from host.fake_reader import FakeReader


@pytest.fixture
def enclave(tmp_path, authority, grant):
    """``enclave(suite, ...)``: an enrolled phone with a key for each of these suites."""

    def make(*suites):
        folder = tmp_path / f"phone {suites}"
        for suite in suites:
            Wallet.create(folder, suite)
        wallet = Wallet.open(folder)
        for suite in suites:
            token = issuing.holder_credential(
                authority.signing_key, grant(wallet.public_keys[suite])
            )
            wallet.enrol(token, authority.public_key, int(time.time()))
        return Wallet.open(folder)

    return make


@pytest.fixture
def p256_reader(authority):
    """A reader with a P-256 key alone, in memory."""
    private = b"\x21" * 32
    public = keys.p256_key(crypto.p256_public_key(private))
    now = int(time.time())
    certificate = issuing.device_certificate(
        authority.signing_key,
        site="acme",
        node="reader",
        doors=["front"],
        device_key=public,
        issued_at=now,
        expires=now + 86400,
        cti=bytes(8),
    )
    return FakeReader(private, certificate, suite=2)


def _error_2(*suites):
    told = suites[0] if len(suites) == 1 else list(suites)
    return coap.Message(0x80, [(12, bytes([64]))], cbor.encode_sequence(2, told))


def test_a_p256_key_is_made_and_kept(holdfast, tmp_path):
    """Beside the other, or alone; asked twice, the same."""
    folder = tmp_path / "bob"
    made = holdfast("phone", "enroll", folder, "--suite", 2, "--json")
    assert made.code == 0 and made.json["suite"] == 2 and made.json["public_key"][:2] == "04"
    request = cbor2.loads((folder / "phone-p256.pub").read_bytes())
    point = bytes.fromhex(made.json["public_key"])
    assert request == {1: 2, -1: 1, -2: point[1:33], -3: point[33:]}
    assert (folder / "phone-p256.key").stat().st_mode & 0o777 == 0o600
    assert not (folder / "phone.key").exists()
    assert holdfast("phone", "enroll", folder, "--suite", 2, "--json").json == made.json
    other = holdfast("phone", "enroll", folder, "--json")
    assert other.json["suite"] == 0 and list(Wallet.open(folder).public_keys) == [2, 0]
    assert holdfast("phone", "enroll", folder, "--suite", 1).code == 2


def test_a_credential_says_which_key_it_is_for(holdfast, site_folder, tmp_path):
    """Issued from a file or from what a phone exports, 04 and both coordinates."""
    folder = tmp_path / "bob"
    made = holdfast("phone", "enroll", folder, "--suite", 2, "--json").json
    issue = ["credential", "issue", site_folder, "--holder", "bob", "--door", "front", "--json"]
    for key in (folder / "phone-p256.pub", made["public_key"]):
        out = tmp_path / "bob.cwt"
        issued = holdfast(*issue, "--key", key, "--out", out, "--force").json
        assert issued["suite"] == 2 and issued["phone_key"] == made["public_key"][2:66]
        pub = site_folder / "authority.pub"
        enrolled = holdfast(
            "phone", "enroll", folder, "--credential", out, "--authority", pub, "--json"
        ).json
        assert enrolled["suite"] == 2 and enrolled["verified"] is True
    # x with the sign of y: what is agreed with, at three bytes more than an X25519 key.
    confirmed = cbor2.loads(cbor2.loads(out.read_bytes()).value[2])[8][1]
    assert set(confirmed) == {1, -1, -2, -3} and type(confirmed[-3]) is bool
    out = tmp_path / "x.cwt"
    holdfast(*issue, "--out", out, "--key", "04" + "11" * 64).fails("no point of P-256")
    holdfast(*issue, "--out", out, "--key", "02" + "11" * 32).fails("130")
    bad = tmp_path / "bad.pub"
    for content in ({1: 2, -1: 1, -2: bytes(32)}, {1: 2, -1: 2, -2: bytes(48), -3: bytes(48)}):
        bad.write_bytes(cbor2.dumps(content, canonical=True))
        holdfast(*issue, "--out", out, "--key", bad).fails("bad.pub")


def test_a_wallet_of_before_is_a_wallet(phone):
    """With one key and one credential, byte for byte as it was."""
    assert sorted(path.name for path in phone.folder.iterdir()) == [
        "enrolment.cbor",
        "phone.key",
        "phone.pub",
    ]
    (identity,) = Wallet.open(phone.folder).identities()
    assert identity.suite == 0


def test_each_credential_goes_with_its_key(enclave, phone, authority, grant):
    """One for the other key of the same phone is refused as one for another phone is."""
    both = enclave(2, 0)
    assert [identity.suite for identity in both.identities()] == [2, 0]
    assert both.identity().suite == 2
    token = issuing.holder_credential(authority.signing_key, grant(both.public_keys[2]))
    with pytest.raises(UsageProblem, match="another phone's key"):
        phone.enrol(token, authority.public_key, int(time.time()))


def test_a_damaged_p256_key_is_said(enclave):
    """Another kind in its place, a public one, halves that are no pair, a number out of range."""
    wallet = enclave(2)
    path = wallet.folder / "phone-p256.key"
    content = cbor2.loads(path.read_bytes())
    other = crypto.p256_public_key(b"\x01" * 32)
    private = bytes(range(32))
    okp = Key.okp(CRV_X25519, crypto.x25519_public_key(private), d=private).to_secret_map()
    for damaged in (
        {**content, -2: other[:32], -3: other[32:]},
        {**content, -4: b"\xff" * 32},
        {**content, -4: bytes(32)},
        {label: content[label] for label in (1, -1, -2, -3)},
        okp,
    ):
        path.write_bytes(cbor2.dumps(damaged, canonical=True))
        with pytest.raises(UsageProblem, match="phone-p256.key is damaged"):
            Wallet.open(wallet.folder)


def test_the_best_common_suite_is_found(enclave, fake_reader, p256_reader):
    """With one key or with both, at a reader of either kind; and warm afterwards."""
    now = int(time.time())
    both = enclave(2, 0)
    for reader, suite in ((p256_reader, 2), (fake_reader(), 0)):
        report = unlock(both, lambda reader=reader: reader, "front", Wish(), now=now, cold=True)
        assert report.granted and report.suite == suite
        report = unlock(both, lambda reader=reader: reader, "front", Wish(), now=now)
        assert report.granted and report.warm and report.suite == suite


def test_without_a_common_suite_the_person_learns_why(enclave, phone, fake_reader, p256_reader):
    """And what to do; it is said in the clear, so nobody vouches for it."""
    now = int(time.time())
    for wallet, reader, words in (
        (enclave(2), fake_reader(), "knows X25519 keys .suite 0., and this phone has P-256"),
        (phone, p256_reader, "knows P-256 keys .suite 2., and this phone has X25519"),
    ):
        with pytest.raises(WrongSuite, match=words) as refused:
            introduce(reader.request, wallet.identities(), "front", now)
        assert "reader enroll --replace" in refused.value.next_step
        report = unlock(wallet, lambda reader=reader: reader, "front", Wish(), now=now)
        assert not report.granted and not report.protected and report.suite is None


def test_a_forged_error_talks_nobody_down(enclave, p256_reader):
    """RFC 9528 section 6.3: whoever says that there is X25519 only, gets a message_1 that names
    P-256 before it; the genuine reader, which has that, refuses, and the phone comes back to it.
    """
    both, now = enclave(2, 0), int(time.time())
    asked = []

    def request(message):
        asked.append(message.payload)
        if len(asked) == 1:
            return _error_2(0)
        return p256_reader.request(message)

    checked = introduce(request, both.identities(), "front", now)
    assert checked.identity.suite == 2
    # METHOD and SUITES_I: 2; then 2 before 0, of which 0 is asked for; then 2 again.
    assert [payload[1:5] for payload in asked][1] == b"\x03\x82\x02\x00"
    assert [payload[2] for payload in (asked[0], asked[2])] == [2, 2]


@pytest.mark.parametrize("forged", [(0,), (0, 2), (2, 0), (2,), (7, 9), (-5,), tuple(range(16))])
def test_who_forges_for_ever_is_not_answered_for_ever(enclave, forged):
    """A few tries, then a refusal; whatever the list."""
    for suites in ((2, 0), (2,), (0,)):
        asked = []

        def request(message, asked=asked):
            asked.append(message)
            return _error_2(*forged)

        with pytest.raises(Rejected):
            introduce(request, enclave(*suites).identities(), "front", int(time.time()))
        assert len(asked) <= 3


def test_a_p256_impostor_is_told_nothing(enclave, p256_reader):
    """A copied certificate does not make a reader."""
    thief = FakeReader(b"\x22" * 32, p256_reader.certificate, suite=2)
    with pytest.raises(Impostor, match="does not prove"):
        introduce(thief.request, enclave(2).identities(), "front", int(time.time()))


def test_a_p256_phone_carries_events_that_can_be_proven(
    holdfast, enclave, site_folder, reader, tmp_path, authority, grant
):
    """It sees the reader's other certificate, and events are proven with the X25519 key."""
    wallet = enclave(2)
    may = grant(wallet.public_keys[2], permissions=1 | 8)
    token = issuing.holder_credential(authority.signing_key, may)
    wallet.enrol(token, authority.public_key, int(time.time()))
    events = tmp_path / "front.events"
    carried = holdfast(
        "phone",
        "carry",
        wallet.folder,
        "--reader",
        f"127.0.0.1:{reader.port}",
        "--door",
        "front",
        "--events",
        events,
        "--json",
    )
    assert carried.code == 0 and carried.json["suite"] == 2
    verified = holdfast("events", "verify", events, "--site", site_folder, "--json").json
    assert verified["intact"] and verified["readers"][0]["proven"] > 0


def test_a_reader_of_before_goes_on_with_one_key(
    enclave, phone, reader_folder, site_folder, authority
):
    """Its settings have one certificate: it serves X25519, says so, and makes no new key."""
    entries = sealed_settings.opened(reader_folder)
    del entries[settings.P256_CERTIFICATE]
    entries[14] += 1
    brought = settings.signed(entries, authority, site.load(site_folder).policy())
    (reader_folder / "settings.cbor").write_bytes(brought)
    (reader_folder / "device_p256.key").unlink()
    with ReaderProcess(reader_folder) as running:
        (ready,) = [event for event in running.events if event.get("event") == "ready"]
        assert ready["suites"] == [0]

        def connect():
            return TcpLink.connect("127.0.0.1", running.port)

        now = int(time.time())
        assert unlock(phone, connect, "front", Wish(), now=now).granted
        report = unlock(enclave(2), connect, "front", Wish(), now=now)
        assert not report.granted and "X25519" in report.reason
    assert not (reader_folder / "device_p256.key").exists()
