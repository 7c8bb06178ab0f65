"""EDHOC's Initiator in method 3, suites 0 and 2, written from docs/protocol.md and RFC 9528 with
cryptography and cbor2 alone.
"""

import hashlib
import hmac
import io

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

KID, KCWT, KCCS = 4, 13, 14


class Refused(Exception):
    """What came is not from who it should be from."""


def encode(*items) -> bytes:
    """A CBOR sequence in deterministic encoding."""
    return b"".join(cbor2.dumps(item, canonical=True) for item in items)


def sequence(data) -> list:
    """``(value, its encoding)`` of each item."""
    stream, items = io.BytesIO(data), []
    while stream.tell() < len(data):
        start = stream.tell()
        value = cbor2.CBORDecoder(stream).decode()
        items.append((value, data[start : stream.tell()]))
    return items


def public_key(suite, private) -> bytes:
    """G_X and the like: 32 bytes; of P-256 x alone."""
    if suite == 0:
        return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    numbers = _p256(private).public_key().public_numbers()
    return numbers.x.to_bytes(32, "big")


def agree(suite, private, public) -> bytes:
    """ECDH: 32 bytes. ``public`` is x; either y gives the same."""
    if suite == 0:
        own = X25519PrivateKey.from_private_bytes(private)
        return own.exchange(X25519PublicKey.from_public_bytes(public))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x02" + public)
    return _p256(private).exchange(ec.ECDH(), point)


def _p256(private):
    return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())


def is_short(identifier) -> bool:
    """RFC 9528 section 3.3.2: one byte that is an integer of CBOR."""
    return len(identifier) == 1 and (identifier[0] <= 0x17 or 0x20 <= identifier[0] <= 0x37)


def on_wire(identifier) -> bytes:
    """C_x or kid in a message."""
    return identifier if is_short(identifier) else encode(identifier)


def from_wire(item) -> bytes:
    """The reverse, from a decoded item."""
    return encode(item) if isinstance(item, int) else item


class Credential:
    """CRED_x and ID_CRED_x.

    By value ID_CRED_x is {13: token} or {14: CCS}, and CRED_x the token, without a tag 61, or the
    CCS. By kid ID_CRED_x is {4: kid}, CRED_x what the kid stands for, and the message has the kid
    alone.
    """

    def __init__(self, raw, kid=None):
        self.cred = raw[2:] if raw[:2] == b"\xd8\x3d" else raw
        claims = cbor2.loads(self.cred)
        self.is_token = isinstance(claims, cbor2.CBORTag)
        if self.is_token:
            claims = cbor2.loads(claims.value[2])
        self.claims = claims
        self.public = claims[8][1][-2]
        if kid is None:
            self.id_cred = bytes([0xA1, KCWT if self.is_token else KCCS]) + raw
            self.id_on_wire = self.id_cred
        else:
            self.id_cred = encode({KID: kid})
            self.id_on_wire = on_wire(kid)


def _nobody(kid):
    raise Refused("a kid that stands for nothing here")


class Initiator:
    """One handshake; ``values`` are all that were computed, under their names of the RFC, ``kdf``
    says of each key what it was derived from.
    """

    def __init__(self, suite, private, credential, ephemeral, c_i, suites_i=None):
        self.suite, self.private, self.own = suite, private, credential
        self.x, self.c_i = ephemeral, c_i
        self.kdf = {}
        self.values = {"g_x": public_key(suite, ephemeral)}
        offered = suite if suites_i is None or len(suites_i) == 1 else list(suites_i)
        self.message_1 = encode(3, offered, self.values["g_x"]) + on_wire(c_i)

    def read(self, message_2, find=_nobody):
        """The Responder's Credential as message_2 shows it; it has not proven it yet.

        ``find(kid)`` gives the one that a kid stands for.
        """
        values = self.values
        both = cbor2.loads(message_2)
        g_y, ciphertext_2 = both[:32], both[32:]
        values["g_y"], values["ciphertext_2"] = g_y, ciphertext_2
        values["h_message_1"] = _hash(self.message_1)
        values["th_2"] = _hash(encode(g_y, values["h_message_1"]))
        values["g_xy"] = agree(self.suite, self.x, g_y)
        values["prk_2e"] = _extract(values["th_2"], values["g_xy"])
        keystream_2 = self._kdf("keystream_2", "prk_2e", 0, values["th_2"], len(ciphertext_2))
        plaintext_2 = bytes(a ^ b for a, b in zip(ciphertext_2, keystream_2, strict=True))
        values["plaintext_2"] = plaintext_2
        (c_r, _), (id_cred_r, encoded), (self._mac_2, _) = sequence(plaintext_2)
        self.c_r = values["c_r"] = from_wire(c_r)
        if isinstance(id_cred_r, dict):
            self.peer = Credential(encoded[2:])
            if encoded != self.peer.id_cred:  # another label
                raise Refused("ID_CRED_R")
        else:
            self.peer = find(from_wire(id_cred_r))
        return self.peer

    def message_3(self) -> bytes:
        """MAC_2 is checked: the Responder holds its key. Raises Refused."""
        values, suite, peer, own = self.values, self.suite, self.peer, self.own
        th_2 = values["th_2"]
        values["id_cred_r"], values["cred_r"] = peer.id_cred, peer.cred
        values["g_rx"] = agree(suite, self.x, peer.public)
        salt = self._kdf("salt_3e2m", "prk_2e", 1, th_2, 32)
        values["prk_3e2m"] = _extract(salt, values["g_rx"])
        context_2 = on_wire(self.c_r) + peer.id_cred + encode(th_2) + peer.cred
        values["context_2"] = context_2
        if self._kdf("mac_2", "prk_3e2m", 2, context_2, 8) != self._mac_2:
            raise Refused("MAC_2")
        th_3 = values["th_3"] = _hash(encode(th_2) + values["plaintext_2"] + peer.cred)
        k_3 = self._kdf("k_3", "prk_3e2m", 3, th_3, 16)
        iv_3 = self._kdf("iv_3", "prk_3e2m", 4, th_3, 13)
        values["id_cred_i"], values["cred_i"] = own.id_cred, own.cred
        values["g_iy"] = agree(suite, self.private, values["g_y"])
        salt = self._kdf("salt_4e3m", "prk_3e2m", 5, th_3, 32)
        values["prk_4e3m"] = _extract(salt, values["g_iy"])
        context_3 = values["context_3"] = own.id_cred + encode(th_3) + own.cred
        mac_3 = self._kdf("mac_3", "prk_4e3m", 6, context_3, 8)
        plaintext_3 = values["plaintext_3"] = own.id_on_wire + encode(mac_3)
        aad_3 = values["aad_3"] = encode(["Encrypt0", b"", th_3])
        message_3 = encode(AESCCM(k_3, tag_length=8).encrypt(iv_3, plaintext_3, aad_3))
        th_4 = values["th_4"] = _hash(encode(th_3) + plaintext_3 + own.cred)
        self._kdf("prk_out", "prk_4e3m", 7, th_4, 32)
        self._kdf("prk_exporter", "prk_out", 10, b"", 32)
        return message_3

    def read_message_4(self, message_4):
        """The Responder has the keys. Raises Refused."""
        th_4 = self.values["th_4"]
        k_4 = self._kdf("k_4", "prk_4e3m", 8, th_4, 16)
        iv_4 = self._kdf("iv_4", "prk_4e3m", 9, th_4, 13)
        aad_4 = self.values["aad_4"] = encode(["Encrypt0", b"", th_4])
        try:
            plain = AESCCM(k_4, tag_length=8).decrypt(iv_4, cbor2.loads(message_4), aad_4)
        except InvalidTag:
            raise Refused("message_4") from None
        if plain:
            raise Refused("EAD_4")

    def oscore(self) -> tuple:
        """Master Secret, Master Salt, Sender ID, Recipient ID."""
        secret = self._kdf("master_secret", "prk_exporter", 0, b"", 16)
        salt = self._kdf("master_salt", "prk_exporter", 1, b"", 8)
        return secret, salt, self.c_r, self.c_i

    def _kdf(self, name, prk, label, context, length):
        info = encode(label, context, length)
        self.values[name] = HKDFExpand(hashes.SHA256(), length, info).derive(self.values[prk])
        self.kdf[name] = {
            "info": info.hex(),
            "label": label,
            "length": length,
            "prk": prk,
        }
        return self.values[name]


def _hash(data):
    return hashlib.sha256(data).digest()


def _extract(salt, ikm):
    return hmac.digest(salt, ikm, "sha256")
