"""SHA-512 of FIPS 180-4, HMAC of RFC 4231, HKDF of RFC 5869 and of Wycheproof."""

import crypto
from harness import raises, unhex, vectors

INTERPRETERS = ("micropython", "cpython")


def test_sha512_of_the_fips_180_4_examples():
    """One block, two blocks because the length no longer fits, and 7,813 blocks."""
    for message, digest in (
        (
            b"",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
        ),
        (
            b"abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (
            b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
            b"hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
            "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
        ),
        (
            b"a" * 1000000,
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
            "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
        ),
    ):
        assert crypto.sha512(message) == unhex(digest), len(message)


def test_hmac_of_rfc_4231():
    """Section 4.2 to 4.8: keys shorter than a block and longer; case 5 is published cut to 16."""
    long_key = b"\xaa" * 131
    cases = (
        (
            b"\x0b" * 20,
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            b"\xaa" * 20,
            b"\xdd" * 50,
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            bytes(range(1, 26)),
            b"\xcd" * 50,
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
        (
            long_key,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            long_key,
            b"This is a test using a larger than block-size key and a larger than block-size "
            b"data. The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    )
    for key, data, code in cases:
        code = unhex(code)
        assert crypto.hmac_sha256(key, data)[: len(code)] == code, data


def test_hkdf_of_rfc_5869():
    """Appendix A.1 to A.3: both steps, since EDHOC and OSCORE call them apart."""
    for ikm, salt, info, prk, okm in (
        (
            b"\x0b" * 22,
            bytes(range(13)),
            bytes(range(0xF0, 0xFA)),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(range(0x50)),
            bytes(range(0x60, 0xB0)),
            bytes(range(0xB0, 0x100)),
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
            "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
            "cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            b"\x0b" * 22,
            b"",
            b"",
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ):
        okm = unhex(okm)
        assert crypto.hkdf_extract(salt, ikm) == unhex(prk)
        assert crypto.hkdf_expand(unhex(prk), info, len(okm)) == okm


def test_hkdf_of_wycheproof():
    """Every valid case gives the published bytes; every invalid one asks for too many."""
    checked = 0
    for group in vectors("wycheproof/hkdf_sha256_test.json")["testGroups"]:
        for case in group["tests"]:
            prk = crypto.hkdf_extract(unhex(case["salt"]), unhex(case["ikm"]))
            if case["result"] == "valid":
                okm = crypto.hkdf_expand(prk, unhex(case["info"]), case["size"])
                assert okm == unhex(case["okm"]), case["tcId"]
            else:
                raises(ValueError, crypto.hkdf_expand, prk, unhex(case["info"]), case["size"])
            checked += 1
    assert checked == 86, checked
