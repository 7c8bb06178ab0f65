"""events.json and clock.json: what collector, auditor and node compute, by OpenSSL and cbor2."""

import hmac
import io

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from interop.vectors import files, replay
from interop.vectors import plain_coap as coap
from interop.vectors.cose_checks import check_mac, check_signed
from interop.vectors.files import unhex
from interop.vectors.plain_phone import Stream
from interop.vectors.replay import held

EVENTS = files.load("events")
FIRST = EVENTS["chain"]["first_number"]
CHAIN = {name: unhex(value) for name, value in EVENTS["chain"].items() if name != "first_number"}
SITE = files.load("keys")["site"]


def _agree(private, public):
    own = X25519PrivateKey.from_private_bytes(private)
    return own.exchange(X25519PublicKey.from_public_bytes(public))


def _batch(data):
    """(map, raw records) of a batch: a CBOR sequence."""
    stream, items = io.BytesIO(data), []
    while stream.tell() < len(data):
        items.append(cbor2.CBORDecoder(stream).decode())
    return items[0], items[1:]


def _keys_of_the_auditor():
    """key(first) and the acknowledgement key, from the audit key and what the reader shows."""
    certificate = cbor2.loads(cbor2.loads(files.token("certificate-suite-0")).value[2])
    device = certificate[8][1][-2]
    audit, ephemeral = CHAIN["audit_private"], CHAIN["ephemeral_public"]
    prk = hmac.digest(
        b"holdfast events", _agree(audit, ephemeral) + _agree(audit, device), "sha256"
    )
    assert prk == CHAIN["prk"]
    both = ephemeral + device
    return [
        HKDFExpand(hashes.SHA256(), 32, info).derive(prk)
        for info in (both, b"acknowledgement" + both)
    ]


def test_both_sides_come_to_the_keys_of_the_chain():
    """The reader with its private keys, the auditor with its own."""
    audit = X25519PrivateKey.from_private_bytes(CHAIN["audit_private"])
    public = audit.public_key().public_bytes_raw()
    assert _agree(CHAIN["ephemeral_private"], public) == CHAIN["shared_ephemeral_audit"]
    assert _agree(CHAIN["device_private"], public) == CHAIN["shared_device_audit"]
    assert CHAIN["salt"] == b"holdfast events"
    first, acknowledgement = _keys_of_the_auditor()
    assert (first, acknowledgement) == (CHAIN["first_key"], CHAIN["acknowledgement_key"])
    assert CHAIN["acknowledgement_info"] == b"acknowledgement" + CHAIN["first_info"]


def test_every_event_is_held_by_the_chain():
    """Record, code and the next key; one changed bit and the code is another."""
    key, code = _keys_of_the_auditor()[0], bytes(16)
    for number, shown in enumerate(EVENTS["events"], FIRST):
        record = unhex(shown["record"])
        assert shown["number"] == cbor2.loads(record)[0] == number and unhex(shown["key"]) == key
        assert cbor2.dumps(cbor2.loads(record), canonical=True) == record
        changed = record[:-1] + bytes([record[-1] ^ 1])
        assert hmac.digest(key, code + changed, "sha256")[:16] != unhex(shown["code"])
        code = hmac.digest(key, code + record, "sha256")[:16]
        assert code == unhex(shown["code"])
        key = hmac.digest(key, b"next", "sha256")
    kinds = [shown["kind"] for shown in EVENTS["events"]]
    assert kinds[0] == "log_started" and {"access", "lockdown", "acknowledged"} <= set(kinds)


def test_the_labels_of_an_access_event():
    """docs/protocol.md's table, read on one unlock and one refusal."""
    unlock, refusal = (
        cbor2.loads(unhex(shown["record"]))
        for shown in [one for one in EVENTS["events"] if one["kind"] == "access"][:2]
    )
    assert unlock[1] == 1 and unlock[2] == SITE["time"] and unlock[3] == 1
    labels = unlock[6]
    assert (labels[1], labels[2], labels[5], labels[15]) == (0, 1, "alice", 0)
    assert labels[9] == 1 and labels[3] == bytes(range(8))
    assert refusal[6][1] == 21 and refusal[6][5] == "bob" and refusal[6][23] == SITE["time"]


def test_a_collector_goes_all_the_way():
    """Fetch, check, say what was copied, bring the auditor's word, fetch the rest."""
    conversation = EVENTS["conversation"]
    (_, first), copied, forged, acknowledged, (_, second) = held(conversation)
    assert first == unhex(EVENTS["batch"]["bytes"])
    assert (copied[0], forged[0], acknowledged[0]) == (0x44, 0x80, 0x44)
    head, raws = _batch(first)
    assert head[1] == 2 and 2 not in head and head[4] is None
    assert head[3] == [FIRST, CHAIN["ephemeral_public"]]
    assert len(raws) == EVENTS["batch"]["records"]
    shown = {one["number"]: unhex(one["record"] + one["code"]) for one in EVENTS["events"]}
    assert raws == [shown[number] for number in range(len(raws))]
    number, code = head[5]
    assert raws[-1][-16:] == code and cbor2.loads(raws[-1][:-16])[0] == number
    requests = [s["inner"] for s in conversation["steps"] if s["from"] == "phone"]
    assert cbor2.loads(unhex(requests[1]["payload"])) == {1: number, 2: code}
    word = unhex(EVENTS["acknowledgement"]["bytes"])
    assert unhex(requests[3]["payload"]) == word
    # What has happened since: the collection itself, the copy, the forgery, the word.
    later, more = _batch(second)
    assert later[4] == [number, code] and more == [shown[n] for n in sorted(shown) if n > number]
    kinds = [one["kind"] for one in EVENTS["events"] if one["number"] > number]
    assert kinds == ["fetched", "copied", "acknowledgement_refused", "acknowledged"]


def test_a_collector_with_a_p256_key_asks_for_the_other_certificate():
    """Its handshake shows the one of suite 2, and the chain rests on the X25519 key."""
    vector = EVENTS["certificate"]
    phone = replay.phone(2, unhex(vector["credential"]), vector["phone_ephemerals"])
    link = replay.Recorded(vector["steps"])
    stream = Stream(link)
    message_3 = phone.introduce(stream, SITE["door"])
    options = coap.path("certificate")
    code, options, payload = phone.exchange(stream, coap.GET, options, b"", message_3)
    assert link.is_over and code == coap.CONTENT
    assert payload == files.token("certificate-suite-0")
    assert coap.option(options, coap.CONTENT_FORMAT) == bytes([61])
    assert phone.handshake.peer.cred == files.token("certificate-suite-2")


def test_the_file_of_a_collector_has_the_certificate():
    """So that whoever has the audit key finds the device's key in it."""
    head, raws = _batch(unhex(EVENTS["batch"]["file"]))
    plain, same = _batch(unhex(EVENTS["batch"]["bytes"]))
    assert head.pop(2) == files.token("certificate-suite-0")
    assert (head, raws) == (plain, same)


def test_the_auditors_word():
    """A COSE_Mac0 under the key of this chain alone."""
    shown = EVENTS["acknowledgement"]
    assert shown["external_aad_text"] == "holdfast acknowledgement"
    key = _keys_of_the_auditor()[1]
    assert unhex(shown["key"]) == key
    head, _ = _batch(unhex(EVENTS["batch"]["bytes"]))
    assert check_mac(shown, key) == [CHAIN["ephemeral_public"], *head[5]]


def test_the_authoritys_word_for_the_time():
    """Asked for, signed for this node, nonce and policy, and good for one time."""
    clock = files.load("clock")
    (_, wrong), (_, asked), forged, told, again, (_, right) = held(clock["conversation"])
    assert (forged[0], told[0], again[0]) == (0x80, 0x44, 0x80)
    said = cbor2.loads(asked)
    assert set(said) == {4, 5, 6, 7} and len(said[4]) == 16
    shown = clock["word"]
    assert [said[4].hex(), said[5], said[6].hex(), said[7]] == [
        shown[name] for name in ("nonce", "number", "head", "node")
    ]
    assert SITE["time"] - cbor2.loads(wrong)[1] == 3600
    now = cbor2.loads(right)
    assert abs(now[1] - SITE["time"]) <= now[2] and now[3] == "authority"
    requests = [s["inner"] for s in clock["conversation"]["steps"] if s["from"] == "phone"]
    assert requests[3]["payload"] == requests[4]["payload"] == shown["bytes"]
    assert shown["external_aad_text"] == "holdfast time"
    site, node, nonce, head, time = check_signed(shown)
    assert (site, node, time) == (SITE["name"], SITE["node"], SITE["time"])
    assert shown["time"] == time
    assert nonce == unhex(shown["nonce"]) and len(nonce) == 16
    assert head == unhex(shown["head"]) == unhex(files.load("policy")["changesets"][0]["hash"])
