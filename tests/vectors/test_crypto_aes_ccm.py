"""AES-CCM: Wycheproof, and vectors for the one parameter set that EDHOC and OSCORE use."""

import crypto
from harness import raises, unhex, vectors
from untrusted import InvalidInput

INTERPRETERS = ("micropython", "cpython")
HEAP = "64M"


def test_every_message_of_wycheproof():
    """Keys of 128 and 256 bits, nonces of 7 to 13 bytes, tags of 4 to 16. A case is invalid for
    its tag, which is hostile input, or for sizes CCM has not, which is a bug of the caller. Keys
    of 192 bits, which COSE has not, are refused."""
    checked = {"valid": 0, "invalid": 0, "refused": 0}
    for group in vectors("wycheproof/aes_ccm_test.json")["testGroups"]:
        tag_length = group["tagSize"] // 8
        sizes_fit = 56 <= group["ivSize"] <= 104 and group["tagSize"] in range(32, 129, 16)
        for case in group["tests"]:
            key, nonce, aad = unhex(case["key"]), unhex(case["iv"]), unhex(case["aad"])
            plaintext, sealed = unhex(case["msg"]), unhex(case["ct"] + case["tag"])
            opening = (key, nonce, sealed, aad, tag_length)
            result = case["result"]
            if group["keySize"] == 192:
                raises(crypto.InvalidKey, crypto.aes_ccm_decrypt, *opening)
                result = "refused"
            elif result == "valid":
                made = crypto.aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length)
                assert made == sealed, case["tcId"]
                assert crypto.aes_ccm_decrypt(*opening) == plaintext, case["tcId"]
            elif sizes_fit:
                raises(crypto.AuthenticationError, crypto.aes_ccm_decrypt, *opening)
            else:
                error = raises(ValueError, crypto.aes_ccm_decrypt, *opening)
                assert not isinstance(error, InvalidInput), case["tcId"]
            checked[result] += 1
    assert checked == {"valid": 270, "invalid": 98, "refused": 184}, checked


def test_every_message_with_a_nonce_of_13_and_a_tag_of_8():
    """AES-CCM-16-64-128, which Wycheproof lacks: 200 valid messages, 177 spoilt ones."""
    checked = {"valid": 0, "invalid": 0}
    for case in vectors("cose/aes-ccm-16-64-128-generated.json")["vectors"]:
        key, nonce, aad = unhex(case["key"]), unhex(case["nonce"]), unhex(case["aad"])
        sealed = unhex(case["ct"])
        if case["result"] == "valid":
            plaintext = unhex(case["msg"])
            assert crypto.aes_ccm_encrypt(key, nonce, plaintext, aad) == sealed, case["id"]
            assert crypto.aes_ccm_decrypt(key, nonce, sealed, aad) == plaintext, case["id"]
        else:
            raises(crypto.AuthenticationError, crypto.aes_ccm_decrypt, key, nonce, sealed, aad)
        checked[case["result"]] += 1
    assert checked == {"valid": 200, "invalid": 177}, checked
