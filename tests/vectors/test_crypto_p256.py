"""ES256: Wycheproof, whose signatures are DER where COSE's are r || s."""

import crypto
from harness import unhex, vectors

INTERPRETERS = ("micropython", "cpython")
HEAP = "64M"


def test_every_signature_of_wycheproof():
    """Edge cases of the modular inverse, of the double multiplication and of the last comparison
    among them. What is no strict DER of two numbers of 256 bits never reaches us and counts as
    refused."""
    checked = {"valid": 0, "invalid": 0, "no r || s": 0}
    for group in vectors("wycheproof/ecdsa_secp256r1_sha256_test.json")["testGroups"]:
        public = unhex(group["publicKey"]["uncompressed"])[1:]
        for case in group["tests"]:
            result = case["result"]
            signature = _raw(unhex(case["sig"]))
            if signature is None:
                assert result == "invalid", case["tcId"]
                result = "no r || s"
            else:
                verified = crypto.es256_verify(public, unhex(case["msg"]), signature)
                assert verified == (result == "valid"), case["tcId"]
            checked[result] += 1
    assert checked == {"valid": 174, "invalid": 75, "no r || s": 235}, checked


def _raw(der):
    """r || s of a DER signature, None if it is not the one encoding of two such numbers."""
    if len(der) < 2 or der[0] != 0x30 or der[1] != len(der) - 2 or der[1] > 0x7F:
        return None
    r, end = _integer(der, 2)
    s, end = _integer(der, end) if r is not None else (None, 0)
    return r + s if s is not None and end == len(der) else None


def _integer(der, offset):
    """32 bytes of the INTEGER at ``offset`` and where it ends; (None, 0) if it is none."""
    if offset + 2 > len(der) or der[offset] != 2 or not 0 < der[offset + 1] < 0x80:
        return None, 0
    start = offset + 2
    end = start + der[offset + 1]
    content = der[start:end]
    if end > len(der) or content[0] & 0x80:
        return None, 0
    if content[0] == 0 and len(content) > 1:
        content = content[1:]
        if not content[0] & 0x80:
            return None, 0
    if len(content) > 32:
        return None, 0
    return bytes(32 - len(content)) + content, end
