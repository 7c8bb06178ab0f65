"""Published test vectors as cases: RFCs, Wycheproof, and what pyca/cryptography is tested with."""

import json
import os
import pathlib
import re
from collections.abc import Iterator

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from backends.cases import case
from conftest import ROOT

SHARED = pathlib.Path(os.environ.get("HOLDFAST_VECTORS", ROOT.parent / "shared" / "vectors"))

# RFC 7748 section 5.2 and 6.1 is in its own test; RFC 6979 appendix A.2.5, SHA-256.
_RFC_6979_KEY = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
_RFC_6979 = {
    b"sample": (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    ),
    b"test": (
        "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
        "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"
    ),
}
_RFC_6979_PUBLIC = (
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
)


def _shared(path):
    if not SHARED.exists():
        pytest.skip("set HOLDFAST_VECTORS to the folder of published test vectors")
    return json.loads((SHARED / path).read_text())


def _wycheproof(name):
    """Its groups and tests; of a file that is not among the vectors, none."""
    if not (SHARED / f"wycheproof/{name}_test.json").exists():
        return
    for group in _shared(f"wycheproof/{name}_test.json")["testGroups"]:
        for test in group["tests"]:
            yield group, test


def rfc_6979() -> Iterator[str]:
    """Appendix A.2.5: the key pair, and its signatures with SHA-256."""
    private, public = bytes.fromhex(_RFC_6979_KEY), bytes.fromhex(_RFC_6979_PUBLIC)
    yield case("p256_public_key", private, expected=public)
    for message, text in _RFC_6979.items():
        signature = bytes.fromhex(text)
        yield case("es256_sign", private, message, expected=signature)
        yield case("es256_verify", public, message, signature, expected=True)


def rfc_8032() -> Iterator[str]:
    """Section 7.1."""
    for vector in _shared("ed25519/rfc8032-7.1.json")["vectors"]:
        private, public, message, signature = (
            bytes.fromhex(vector[name]) for name in ("seed", "public_key", "message", "signature")
        )
        yield from _ed25519(private, public, message, signature)


def _ed25519(private, public, message, signature):
    yield case("ed25519_public_key", private, expected=public)
    yield case("ed25519_sign", private, message, expected=signature)
    yield case("ed25519_verify", public, message, signature, expected=True)
    yield case("ed25519_verify", public, message + b"\0", signature, expected=False)


def wycheproof_x25519() -> Iterator[str]:
    for _, test in _wycheproof("x25519"):
        private, public = bytes.fromhex(test["private"]), bytes.fromhex(test["public"])
        is_zero = "ZeroSharedSecret" in test["flags"]
        shared = None if is_zero else bytes.fromhex(test["shared"])
        yield case("x25519", private, public, expected=shared)


def wycheproof_ecdh() -> Iterator[str]:
    """Points in the plain envelope of this curve; there are no envelopes here to be wrong about.

    Of each point also x alone, which leads to the same secret.
    """
    prefix = "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
    compressed = "3039301306072a8648ce3d020106082a8648ce3d030107032200"
    for _, test in _wycheproof("ecdh_secp256r1"):
        if "InvalidAsn" in test["flags"]:
            continue
        private = int(test["private"], 16).to_bytes(32, "big")
        envelope = test["public"]
        shared = bytes.fromhex(test["shared"]) if test["result"] != "invalid" else None
        if envelope.startswith(prefix) and len(envelope) == len(prefix) + 128:
            public = bytes.fromhex(envelope[len(prefix) :])
            yield case("p256_ecdh", private, public, expected=shared)
            if shared is not None:
                yield case("p256_ecdh", private, public[:32], expected=shared)
        elif envelope.startswith(compressed) and len(envelope) == len(compressed) + 66:
            public = bytes.fromhex(envelope[len(compressed) + 2 :])
            yield case("p256_ecdh", private, public, expected=shared)


def wycheproof_es256() -> Iterator[str]:
    """What is strict DER of two numbers that 32 bytes can hold."""
    for group, test in _wycheproof("ecdsa_secp256r1_sha256"):
        public = bytes.fromhex(group["publicKey"]["uncompressed"])[1:]
        try:
            r, s = decode_dss_signature(bytes.fromhex(test["sig"]))
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        except (ValueError, OverflowError):
            continue
        message = bytes.fromhex(test["msg"])
        yield case(
            "es256_verify", public, message, signature, expected=test["result"] == "valid"
        )


def wycheproof_more() -> Iterator[str]:
    """Ed25519, and P-256 with bare points and signatures: where somebody put these files too."""
    for group, test in _wycheproof("ed25519"):
        public = bytes.fromhex(group["publicKey"]["pk"])
        yield _verification("ed25519_verify", public, test)
    for group, test in _wycheproof("ecdsa_secp256r1_sha256_p1363"):
        public = bytes.fromhex(group["publicKey"]["uncompressed"])[1:]
        yield _verification("es256_verify", public, test)
    for _, test in _wycheproof("ecdh_secp256r1_ecpoint"):
        private = int(test["private"], 16).to_bytes(32, "big")
        public = bytes.fromhex(test["public"])
        if public[:1] in (b"\x02", b"\x03", b"\x04"):
            public = public[1:]
        shared = bytes.fromhex(test["shared"]) or None
        yield case("p256_ecdh", private, public, expected=shared)


def _verification(name, public, test):
    message, signature = bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
    return case(name, public, message, signature, expected=test["result"] == "valid")


def _pyca(path):
    with cryptography_vectors.open_vector_file("asymmetric/" + path, "r") as file:
        return file.read()


def pyca_ed25519(every: int) -> Iterator[str]:
    """Of the 1024 lines of the classic sign.input, one in ``every``."""
    for line in _pyca("Ed25519/sign.input").splitlines()[::every]:
        secret, public, message, signed, _ = line.split(":")
        yield from _ed25519(
            bytes.fromhex(secret)[:32],
            bytes.fromhex(public),
            bytes.fromhex(message),
            bytes.fromhex(signed)[:64],
        )


def pyca_x25519() -> Iterator[str]:
    """The vectors of RFC 7748 section 5.2."""
    text = _pyca("X25519/rfc7748.txt")
    fields = [bytes.fromhex(value) for value in re.findall(r"= *([0-9a-f]{64})", text)]
    for scalar, u, product in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
        yield case("x25519", scalar, u, expected=product)


def _records(text):
    """Dictionaries of the ``name = value`` lines between blank ones, with their [section]."""
    section, record = "", {}
    for line in [*text.splitlines(), ""]:
        line = line.strip()
        if line.startswith("["):
            section = line
        elif not line and record:
            yield section, record
            record = {}
        elif " = " in line and not line.startswith("#"):
            name, _, value = line.partition(" = ")
            record[name] = value


def _number(text):
    return int(text, 16).to_bytes(32, "big")


def nist_ecdh() -> Iterator[str]:
    """CAVS key agreement: what fails because of the other side's key is refused, what fails
    because of this side's, or because the secret was changed, has no answer to compare with.
    """
    for side in ("init", "resp"):
        text = _pyca(f"ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_{side}.fax")
        for section, record in _records(text):
            if section != "[EC - SHA256]" or "Result" not in record:
                continue
            result = record["Result"]
            if result.startswith("P"):
                secret = _number(record["Z"])
            elif "CAVS" in result:
                secret = None
            else:
                continue
            public = _number(record["QsCAVSx"]) + _number(record["QsCAVSy"])
            yield case("p256_ecdh", _number(record["dsIUT"]), public, expected=secret)


def nist_keys() -> Iterator[str]:
    """CAVS key pairs and public keys of P-256; once a key is agreed on, 1 times a point is it."""
    for section, record in _records(_pyca("ECDSA/FIPS_186-3/KeyPair.rsp")):
        if section.startswith("[B.4.2") and "d" in record and len(record["d"]) == 64:
            public = _number(record["Qx"]) + _number(record["Qy"])
            yield case("p256_public_key", _number(record["d"]), expected=public)
    one = (1).to_bytes(32, "big")
    for section, record in _records(_pyca("ECDSA/FIPS_186-3/PKV.rsp")):
        x, y = int(record.get("Qx", "0"), 16), int(record.get("Qy", "0"), 16)
        if section == "[P-256]" and "Result" in record and max(x, y) < 1 << 256:
            public = _number(record["Qx"]) + _number(record["Qy"])
            good = record["Result"].startswith("P")
            yield case("p256_ecdh", one, public, expected=public[:32] if good else None)


def nist_es256() -> Iterator[str]:
    """CAVS signatures, P-256 with SHA-256: given ones to verify, and those somebody else made."""
    for file in ("SigVer.rsp", "SigGen.rsp"):
        for section, record in _records(_pyca("ECDSA/FIPS_186-3/" + file)):
            if section != "[P-256,SHA-256]" or "R" not in record:
                continue
            public = _number(record["Qx"]) + _number(record["Qy"])
            signature = _number(record["R"]) + _number(record["S"])
            good = record.get("Result", "P").startswith("P")
            message = bytes.fromhex(record["Msg"])
            yield case("es256_verify", public, message, signature, expected=good)


def all_published(every: int = 1) -> list[str]:
    """All of them; of the file with a thousand signatures one in ``every``."""
    return [
        *rfc_6979(),
        *rfc_8032(),
        *wycheproof_x25519(),
        *wycheproof_ecdh(),
        *wycheproof_es256(),
        *wycheproof_more(),
        *pyca_ed25519(every),
        *pyca_x25519(),
        *nist_ecdh(),
        *nist_keys(),
        *nist_es256(),
    ]
