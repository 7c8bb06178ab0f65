"""What is signed or authenticated in the files, checked by OpenSSL and again by pycose."""

import hmac

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pycose.keys import CoseKey
from pycose.messages import Mac0Message, Sign1Message

from interop.vectors import files
from interop.vectors.files import unhex

AUTHORITY = files.keys("authority")["public"]


def check_signed(shown):
    """What is signed, and by whom: a COSE_Sign1 with EdDSA by the authority; its payload."""
    tagged = cbor2.loads(unhex(shown["bytes"]))
    protected, unprotected, payload, signature = tagged.value
    assert (tagged.tag, shown["tag"], unprotected) == (18, 18, {})
    assert protected.hex() == shown["protected"] == "a10127"
    assert payload.hex() == shown["payload"] and signature.hex() == shown["signature"]
    aad = unhex(shown.get("external_aad", ""))
    assert aad.decode() == shown.get("external_aad_text", "")
    over = cbor2.dumps(["Signature1", protected, aad, payload])
    assert over.hex() == shown["sig_structure"]
    key = Ed25519PublicKey.from_public_bytes(AUTHORITY)
    key.verify(signature, over)
    with pytest.raises(InvalidSignature):
        key.verify(signature, over + b"\0")
    # The same once more by a library for COSE.
    message = Sign1Message.decode(unhex(shown["bytes"]))
    message.key = CoseKey.from_dict({1: 1, -1: 6, -2: AUTHORITY})
    message.external_aad = aad
    assert message.verify_signature()
    assert cbor2.dumps(cbor2.loads(payload), canonical=True) == payload  # deterministic
    return cbor2.loads(payload)


def check_mac(shown, key):
    """A COSE_Mac0 with HMAC 256/256 under ``key``; its payload."""
    tagged = cbor2.loads(unhex(shown["bytes"]))
    protected, unprotected, payload, tag = tagged.value
    assert (tagged.tag, shown["tag"], unprotected) == (17, 17, {})
    assert protected.hex() == shown["protected"] == "a10105"
    assert payload.hex() == shown["payload"] and tag.hex() == shown["mac"]
    aad = unhex(shown.get("external_aad", ""))
    over = cbor2.dumps(["MAC0", protected, aad, payload])
    assert over.hex() == shown["mac_structure"]
    assert hmac.digest(key, over, "sha256") == tag
    message = Mac0Message.decode(unhex(shown["bytes"]))
    message.key = CoseKey.from_dict({1: 4, -1: key})
    message.external_aad = aad
    assert message.verify_tag()
    return cbor2.loads(payload)
