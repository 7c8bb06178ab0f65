"""keys.json: tokens, certificates and the two files that people hand on, checked by OpenSSL."""

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from interop.vectors import files
from interop.vectors.cose_checks import AUTHORITY, check_mac, check_signed
from interop.vectors.files import unhex
from interop.vectors.plain_phone import read_authority

KEYS = files.load("keys")


def test_public_keys_are_those_of_the_private_ones():
    """A phone that starts from the private ones gets what is shown."""
    for name, pair in KEYS["keys"].items():
        if "secret" in pair:
            assert len(unhex(pair["secret"])) == 32
            continue
        private = unhex(pair["private"])
        if name == "authority":
            public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
        elif name.endswith("p256"):
            whole = ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
            point = Encoding.X962, PublicFormat.UncompressedPoint
            public = whole.public_key().public_bytes(*point)[1:]
        else:
            public = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
        assert public.hex() == pair["public"], name


def test_the_files():
    """authority.pub and phone.pub are bare CBOR: no PEM, no hexadecimal, no text around it."""
    by_name = {file["name"]: unhex(file["bytes"]) for file in KEYS["files"]}
    assert read_authority(by_name["authority.pub"]) == [AUTHORITY]
    both = read_authority(by_name["authority.pub while the key is replaced"])
    assert both[0] == AUTHORITY and len(both) == 2
    for name, key in (("phone.pub", "phone_x25519"), ("phone-p256.pub", "phone_p256")):
        cose_key = cbor2.loads(by_name[name])
        public = cose_key[-2] + cose_key.get(-3, b"")
        assert public == files.keys(key)["public"]
        head = {1: 2, -1: 1} if len(public) == 64 else {1: 1, -1: 4}
        assert {label: cose_key[label] for label in (1, -1)} == head
        assert cbor2.dumps(cose_key, canonical=True) == by_name[name]
    # And as long as the document says.
    page = (files.FOLDER.parent / "protocol.md").read_text()
    for name in ("authority.pub", "phone.pub", "phone-p256.pub"):
        (row,) = [line for line in page.split("\n") if line.startswith(f"| `{name}` |")]
        assert f", {len(by_name[name])} bytes" in row, name


@pytest.mark.parametrize("shown", KEYS["tokens"], ids=files.name_of)
def test_tokens(shown):
    """Who made each, and what it says."""
    if shown["name"] == "guest":
        claims = check_mac(shown, files.keys("zone_1")["secret"])
        assert claims[3] == KEYS["site"]["zone"] and claims[4] - claims[6] <= 86400
    else:
        claims = check_signed(shown)
    assert claims[1] == KEYS["site"]["name"] and len(claims[7]) == 8
    assert cbor2.loads(claims[9]) == [[[1, KEYS["site"]["door"]], 1]]
    assert claims[4] > KEYS["site"]["time"]
    is_device = shown["name"].startswith("certificate")
    assert claims.get(-65537) == (1 if is_device else None)
    cose_key = claims[8][1]
    side = "reader" if is_device else "phone"
    if cose_key[1] == 1:
        assert cose_key[-2] == files.keys(f"{side}_x25519")["public"]
    else:
        point = files.keys(f"{side}_p256")["public"]
        assert cose_key[-2] == point[:32]
        assert cose_key[-3] == (point[32:] if is_device else bool(point[63] & 1))


def test_the_list_of_revoked_devices():
    """The reader of these vectors is on it, so that a phone can be tried with and without."""
    said = check_signed(KEYS["revoked_devices"])
    assert said[1] == 2 and said[2] == KEYS["site"]["name"] and said[3] == KEYS["site"]["time"]
    assert said[4] == sorted(said[4])
    certificate = cbor2.loads(files.token("certificate-suite-0"))
    assert cbor2.loads(certificate.value[2])[7] in said[4]
