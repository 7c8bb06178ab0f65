"""Every value of a handshake and of its first protected request, by name, each from others.

The names are those of docs/vectors/handshakes.json. ``Schedule`` computes a value when it is asked
for, so that with one formula exchanged for a wrong one everything after it is what a phone with
that mistake would have.
"""

from collections.abc import Callable, Mapping

import cbor
import crypto
from edhoc import suite as suites

Formula = Callable[["Schedule"], bytes]

# In the order in which each rests on those before it.
ORDER = (
    "g_x", "c_i", "message_1", "h_message_1", "g_y", "th_2", "g_xy", "prk_2e", "keystream_2",
    "plaintext_2", "c_r", "id_cred_r", "cred_r", "g_rx", "salt_3e2m", "prk_3e2m", "context_2",
    "mac_2", "th_3", "k_3", "iv_3", "aad_3", "id_cred_i", "cred_i", "g_i", "g_iy", "salt_4e3m",
    "prk_4e3m", "context_3", "mac_3", "plaintext_3", "message_3", "th_4", "prk_out",
    "prk_exporter", "master_secret", "master_salt", "phone_sender_id", "phone_recipient_id",
    "phone_sender_key", "phone_recipient_key", "common_iv", "kid", "nonce", "aad",
)  # fmt: skip

_AEAD = 10  # AES-CCM-16-64-128


class Schedule:
    """The values of one handshake in cipher suite ``suite`` as the reader has them.

    ``known`` are those that came or were chosen: y, r (private keys), g_x, g_y, c_i, c_r,
    message_1, id_cred_r, cred_r; later id_cred_i, cred_i, g_i; then kid and piv.
    """

    def __init__(
        self,
        suite: int,
        known: Mapping[str, bytes],
        others: Mapping[str, Formula] | None = None,
    ):
        self.algorithms = suites.find(suite)
        self.suite = suite
        self.known = dict(known)
        self._formulas = {**FORMULAS, **(others or {})}
        self._values: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        if name in self.known and name not in self._values:
            return self.known[name]
        if name not in self._values:
            self._values[name] = self._formulas[name](self)
        return self._values[name]

    def mistaken(self, name: str, formula: Formula) -> "Schedule":
        """The same of a phone that makes ``name`` by another ``formula``."""
        known = {one: value for one, value in self.known.items() if one != name}
        return Schedule(self.suite, known, {name: formula})

    def shown(self) -> dict[str, str]:
        """All that can be computed so far, in hexadecimal, in order."""
        found = {}
        for name in ORDER:
            try:
                found[name] = self[name].hex()
            except KeyError:
                continue
        return found

    def kdf(self, prk: str, label: int, context: bytes, length: int) -> bytes:
        """EDHOC_KDF (RFC 9528 section 4.1.2) of the value called ``prk``."""
        info = cbor.encode_sequence(label, context, length)
        return self.algorithms.expand(self[prk], info, length)

    def agreed(self, private: str, public: str) -> bytes:
        """ECDH of two values."""
        steps = self.algorithms.shared_secret_steps(self[private], self[public])
        return crypto.finish(steps)

    def hashed(self, *pieces: bytes) -> bytes:
        """H() of the pieces, one after the other."""
        return self.algorithms.hash(b"".join(pieces))

    def derived(self, identifier: bytes | None, kind: str, length: int) -> bytes:
        """OSCORE's keys and Common IV (RFC 8613 section 3.2.1)."""
        info = cbor.encode([identifier or b"", None, _AEAD, kind, length])
        prk = crypto.hkdf_extract(self["master_salt"], self["master_secret"])
        return crypto.hkdf_expand(prk, info, length)

    def nonce_of(self, identifier: bytes) -> bytes:
        """RFC 8613 section 5.2, with the Partial IV of the request."""
        padded = bytes([len(identifier)]) + identifier.rjust(7, b"\0")
        padded += self["piv"].rjust(5, b"\0")
        return bytes(a ^ b for a, b in zip(padded, self["common_iv"], strict=True))


def identifier(value: bytes) -> bytes:
    """A connection identifier as it stands in a message (RFC 9528 section 3.3.2)."""
    is_short = len(value) == 1 and (value[0] <= 0x17 or 0x20 <= value[0] <= 0x37)
    return value if is_short else cbor.encode(value)


def enc_structure(external: bytes) -> bytes:
    """The Enc_structure of a COSE_Encrypt0 without a header."""
    return cbor.encode(["Encrypt0", b"", external])


def external_aad(kid: bytes, piv: bytes) -> bytes:
    """RFC 8613 section 5.4."""
    return cbor.encode([1, [_AEAD], kid, piv, b""])


def _plaintext_2(v: Schedule) -> bytes:
    return identifier(v["c_r"]) + v["id_cred_r"] + cbor.encode(v["mac_2"])


def _keystream_2(v: Schedule) -> bytes:
    return v.kdf("prk_2e", 0, v["th_2"], len(v["plaintext_2"]))


FORMULAS: dict[str, Formula] = {
    "h_message_1": lambda v: v.hashed(v["message_1"]),
    "th_2": lambda v: v.hashed(cbor.encode_sequence(v["g_y"], v["h_message_1"])),
    "g_xy": lambda v: v.agreed("y", "g_x"),
    "prk_2e": lambda v: crypto.hkdf_extract(v["th_2"], v["g_xy"]),
    "keystream_2": _keystream_2,
    "plaintext_2": _plaintext_2,
    "g_rx": lambda v: v.agreed("r", "g_x"),
    "salt_3e2m": lambda v: v.kdf("prk_2e", 1, v["th_2"], 32),
    "prk_3e2m": lambda v: crypto.hkdf_extract(v["salt_3e2m"], v["g_rx"]),
    "context_2": lambda v: (
        identifier(v["c_r"]) + v["id_cred_r"] + cbor.encode(v["th_2"]) + v["cred_r"]
    ),
    "mac_2": lambda v: v.kdf("prk_3e2m", 2, v["context_2"], 8),
    "th_3": lambda v: v.hashed(cbor.encode(v["th_2"]), v["plaintext_2"], v["cred_r"]),
    "k_3": lambda v: v.kdf("prk_3e2m", 3, v["th_3"], 16),
    "iv_3": lambda v: v.kdf("prk_3e2m", 4, v["th_3"], 13),
    "aad_3": lambda v: enc_structure(v["th_3"]),
    "g_iy": lambda v: v.agreed("y", "g_i"),
    "salt_4e3m": lambda v: v.kdf("prk_3e2m", 5, v["th_3"], 32),
    "prk_4e3m": lambda v: crypto.hkdf_extract(v["salt_4e3m"], v["g_iy"]),
    "context_3": lambda v: (
        v["id_cred_i"] + cbor.encode(v["th_3"]) + v["cred_i"] + v.known.get("ead_3", b"")
    ),
    "mac_3": lambda v: v.kdf("prk_4e3m", 6, v["context_3"], 8),
    "plaintext_3": lambda v: v["id_cred_i"] + cbor.encode(v["mac_3"]),
    "message_3": lambda v: cbor.encode(
        v.algorithms.encrypt(v["k_3"], v["iv_3"], v["plaintext_3"], v["aad_3"])
    ),
    "th_4": lambda v: v.hashed(cbor.encode(v["th_3"]), v["plaintext_3"], v["cred_i"]),
    "prk_out": lambda v: v.kdf("prk_4e3m", 7, v["th_4"], 32),
    "prk_exporter": lambda v: v.kdf("prk_out", 10, b"", 32),
    "master_secret": lambda v: v.kdf("prk_exporter", 0, b"", 16),
    "master_salt": lambda v: v.kdf("prk_exporter", 1, b"", 8),
    "phone_sender_id": lambda v: v["c_r"],
    "phone_recipient_id": lambda v: v["c_i"],
    "phone_sender_key": lambda v: v.derived(v["phone_sender_id"], "Key", 16),
    "phone_recipient_key": lambda v: v.derived(v["phone_recipient_id"], "Key", 16),
    "common_iv": lambda v: v.derived(None, "IV", 13),
    "nonce": lambda v: v.nonce_of(v["phone_sender_id"]),
    "aad": lambda v: enc_structure(external_aad(v["phone_sender_id"], v["piv"])),
}
