"""policy.json, checked with OpenSSL and cbor2: signatures, the chain, what a snapshot comes to,
keys sealed to a node, and the conversations of who carries it.
"""

import hashlib
import hmac

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from interop.vectors import files
from interop.vectors.cose_checks import check_signed
from interop.vectors.files import unhex
from interop.vectors.replay import held

POLICY = files.load("policy")
CHANGESETS = POLICY["changesets"]
SITE = files.load("keys")["site"]


def _sha256(data):
    return hashlib.sha256(data).digest()


def test_each_changeset_names_the_one_before():
    """Signed for this purpose, numbered without gaps, over the bytes that are on the wire."""
    before = bytes(32)
    for number, shown in enumerate(CHANGESETS, 1):
        assert shown["external_aad_text"] == "holdfast changeset"
        said = check_signed(shown)
        raw = unhex(shown["bytes"])
        assert len(raw) <= 1024 and set(said) == {1, 2, 3, 4, 5, 6}
        assert (said[1], said[2], said[3]) == (2, SITE["name"], number) and shown[
            "number"
        ] == number
        assert said[4] == before == unhex(shown["previous"])
        before = _sha256(raw)
        assert before == unhex(shown["hash"])


def _state(operations, known=None):
    """What operations come to: each thing of the policy under what it is called."""
    known = {} if known is None else known
    for operation in operations:
        code = operation[0]
        if code in (2, 3, 5, 7, 12, 16, 17):
            name = (code, operation[1])
        elif code in (6, 13, 14):
            name = (code, operation[1], operation[2])
        elif code == 9:
            name = (code, repr(operation[2]))
        else:
            name = (code,)
        known[name] = operation
    return known


def test_a_snapshot_comes_to_what_the_changesets_come_to():
    """Its parts are known by their hashes before they are looked at."""
    shown = POLICY["snapshot"]
    said = check_signed(shown)
    assert shown["external_aad_text"] == "holdfast snapshot"
    last = CHANGESETS[-1]
    assert set(said) == {1, 2, 3, 4, 5, 7, 8}
    assert (said[1], said[2], said[3]) == (2, SITE["name"], last["number"])
    assert said[4] == unhex(last["hash"]) and said[5] == cbor2.loads(unhex(last["payload"]))[5]
    assert said[7] == len(shown["parts"]) == shown["count"] > 1
    wanted, operations = said[8], []
    for part in shown["parts"]:
        raw = unhex(part["bytes"])
        assert len(raw) <= 1024 and _sha256(raw) == wanted == unhex(part["hash"])
        wanted, some = cbor2.loads(raw)
        operations += some
    assert wanted == b""
    grants = [(one[1], one[2]) for one in operations if one[0] == 6]
    assert grants == sorted(grants)
    state = {}
    for one in CHANGESETS:
        _state(cbor2.loads(unhex(one["payload"]))[6], state)
    assert _state(operations) == state


@pytest.mark.parametrize("shown", POLICY["sealed_keys"], ids=lambda shown: shown["kind"])
def test_keys_sealed_to_a_node(shown):
    """ECDH, HKDF and AES-CCM by OpenSSL, as the node and as the authority does it."""
    values = {
        name: unhex(value)
        for name, value in shown.items()
        if "info_d" not in name and name != "kind"
    }
    for private, public in (("device", "ephemeral"), ("ephemeral", "device")):
        own = X25519PrivateKey.from_private_bytes(values[private + "_private"])
        other = X25519PublicKey.from_public_bytes(values[public + "_public"])
        assert own.exchange(other) == values["shared_secret"]
    prk = hmac.digest(b"holdfast sealed key", values["shared_secret"], "sha256")
    assert prk == values["prk"]
    info = [shown["kind"], SITE["name"], unhex(SITE["root"]), 1, SITE["node"]]
    if shown["kind"] == "zone key":
        info.insert(3, SITE["zone"])
    info = cbor2.dumps([*info, values["ephemeral_public"]])
    assert info == values["info"]
    key = HKDFExpand(hashes.SHA256(), 16, info).derive(prk)
    assert key == values["key"]
    sealed = AESCCM(key, tag_length=8).encrypt(bytes(13), values["secret"], b"")
    assert sealed == values["sealed"] and len(sealed) == 40
    assert values["node_tag"] == _sha256(SITE["node"].encode())[:6]
    assert unhex(SITE["root"]) == _sha256(files.keys("authority")["public"])


def test_the_first_changeset_brings_that_sealed_key():
    """A node that opens it can read guest tokens of the zone."""
    shown = POLICY["sealed_keys"][0]
    operations = cbor2.loads(unhex(CHANGESETS[0]["payload"]))[6]
    (brought,) = [one for one in operations if one[0] == 13]
    entry = [unhex(shown["node_tag"]), unhex(shown["sealed"])]
    assert brought == [13, SITE["zone"], 1, unhex(shown["ephemeral_public"]), [entry]]
    assert unhex(shown["secret"]) == files.keys("zone_1")["secret"]


def test_card_keys():
    """HMAC of kind and value, eight bytes; those that the second changeset grants."""
    granted = {one[1] for one in cbor2.loads(unhex(CHANGESETS[1]["payload"]))[6] if one[0] == 6}
    lookup = files.keys("lookup")["secret"]
    for shown in POLICY["card_keys"]:
        kind = {"card": b"\x01", "PIN": b"\x02"}[shown["kind"]]
        key = hmac.digest(lookup, kind + unhex(shown["value"]), "sha256")[:8]
        assert key.hex() == shown["card_key"] and key in granted


def test_who_carries_changesets():
    """Brought is what a 2.04 with the last number and head says."""
    answers = held(files.named(POLICY["conversations"], "changesets"))
    (code, why), *brought, again, (read, kept) = answers
    assert code == 0x80 and why.decode().endswith("2 is wanted")
    heads = [[one["number"], unhex(one["hash"])] for one in CHANGESETS]
    assert [(c, cbor2.loads(p)) for c, p in brought] == [(0x44, head) for head in heads[1:]]
    assert (again[0], cbor2.loads(again[1])) == (0x44, heads[-1])
    assert read == 0x45 and cbor2.loads(kept) == [unhex(CHANGESETS[3]["bytes"])]


def test_who_carries_a_snapshot():
    """2.31 names the part that is wanted next."""
    conversation = files.named(POLICY["conversations"], "snapshot")
    answers = held(conversation)
    parts = POLICY["snapshot"]["parts"]
    assert [cbor2.loads(payload) for code, payload in answers if code == 0x5F] == [
        [number] for number in range(1, len(parts) + 1)
    ]
    code, payload = answers[-1]
    last = CHANGESETS[-1]
    assert (code, cbor2.loads(payload)) == (0x44, [last["number"], unhex(last["hash"])])
    sent = [step["inner"]["payload"] for step in conversation["steps"] if step["from"] == "phone"]
    assert sent == [POLICY["snapshot"]["bytes"]] + [part["bytes"] for part in parts]
