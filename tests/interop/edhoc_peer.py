"""An EDHOC peer for CPython, written from RFC 9528 with cbor2 and cryptography only.

It shares no code with what it is held against. Methods 0 and 3, cipher suites 0 and 2, both roles;
credentials by kid, kccs and kcwt; EAD fields, given and returned encoded; message_4; the exporter.
It refuses with Refused what a handshake needs refused, and is not meant for input from strangers.
"""

import hashlib
import hmac
import io

import cbor2
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from interop.edhoc_suites import SIGN_SIGN, STAT_STAT, SUITES

KID, KCWT, KCCS = 4, 13, 14


class Refused(Exception):
    """The other side sent something wrong."""


def encode(*items) -> bytes:
    """A CBOR sequence."""
    return b"".join(cbor2.dumps(item, canonical=True) for item in items)


def decode(data) -> list:
    """The items of a CBOR sequence, each as ``(value, its encoding)``."""
    stream, items = io.BytesIO(data), []
    while stream.tell() < len(data):
        start = stream.tell()
        value = cbor2.CBORDecoder(stream).decode()
        items.append((value, data[start : stream.tell()]))
    return items


def identifier_to_wire(identifier) -> bytes:
    """Section 3.3.2: what reads as a one-byte integer is sent as that integer."""
    if len(identifier) == 1 and (identifier <= b"\x17" or b"\x20" <= identifier <= b"\x37"):
        return identifier
    return encode(identifier)


def identifier_from_wire(value) -> bytes:
    """The reverse, from a decoded item."""
    return encode(value) if isinstance(value, int) else value


def sha256(data) -> bytes:
    """H()."""
    return hashlib.sha256(data).digest()


def extract(salt, ikm) -> bytes:
    """EDHOC_Extract."""
    return hmac.digest(salt, ikm, "sha256")


def kdf(prk, label, context, length) -> bytes:
    """EDHOC_KDF."""
    return HKDFExpand(hashes.SHA256(), length, encode(label, context, length)).derive(prk)


def ccs(cose_key, kid, subject) -> bytes:
    """A CWT claims set with that public key."""
    return encode({2: subject, 8: {1: cose_key | {2: kid}}})


def cwt(cose_key, kid, subject, authority) -> bytes:
    """A CWT with that public key, signed by an Ed25519 ``authority``."""
    payload = encode({1: "acme", 2: subject, 4: 1900000000, 8: {1: cose_key | {2: kid}}})
    protected = encode({1: -8})
    to_be_signed = encode(["Signature1", protected, b"", payload])
    signature = Ed25519PrivateKey.from_private_bytes(authority).sign(to_be_signed)
    return encode(cbor2.CBORTag(18, [protected, {}, payload, signature]))


class Credential:
    """CRED_x, with the key in it, and how its ID_CRED_x is sent: KID, KCCS or KCWT."""

    def __init__(self, raw, sent_as):
        self.raw = raw
        self.sent_as = sent_as
        claims = cbor2.loads(raw)
        if isinstance(claims, cbor2.CBORTag):
            claims = cbor2.loads(claims.value[2])
        self.cose_key = claims[8][1]
        self.public_key, self.kid = self.cose_key[-2], self.cose_key[2]
        if sent_as == KID:
            self.id_cred = encode({KID: self.kid})
            self.id_cred_on_wire = identifier_to_wire(self.kid)
        else:
            self.id_cred = self.id_cred_on_wire = b"\xa1" + encode(sent_as) + raw


class _Peer:
    """What both roles have: a key with its credential, the peers they know, the key schedule."""

    def __init__(
        self,
        private,
        credential,
        known,
        ephemeral,
        connection_identifier,
        suite=0,
        method=STAT_STAT,
    ):
        self.suite, self.method = suite, method
        self.algorithms = SUITES[suite]
        self.private = private
        self.credential = credential
        self.known = known
        self.ephemeral = ephemeral
        self.own_identifier = connection_identifier

    def start(self, g_y, message_1, ephemeral_key_of_peer):
        """TH_2 and PRK_2e."""
        self.th_2 = sha256(encode(g_y, sha256(message_1)))
        g_xy = self.algorithms.agree(self.ephemeral, ephemeral_key_of_peer)
        self.prk_2e = extract(self.th_2, g_xy)

    def crypt_2(self, text) -> bytes:
        """PLAINTEXT_2 to CIPHERTEXT_2 and back."""
        keystream_2 = kdf(self.prk_2e, 0, self.th_2, len(text))
        return bytes(a ^ b for a, b in zip(text, keystream_2, strict=True))

    def mac_2(self, private, public, credential, ead_2) -> tuple:
        """PRK_3e2m, with the secret of the two keys in it if there is one, and from it MAC_2.

        With MAC_2 comes what a signature would be over.
        """
        self.prk_3e2m = self.prk_2e
        if self.method == STAT_STAT:
            g_rx = self.algorithms.agree(private, public)
            self.prk_3e2m = extract(kdf(self.prk_2e, 1, self.th_2, 32), g_rx)
        external_aad = encode(self.th_2) + credential.raw + ead_2
        context_2 = identifier_to_wire(self.c_r) + credential.id_cred + external_aad
        mac = kdf(self.prk_3e2m, 2, context_2, self._mac_length())
        return mac, encode(["Signature1", credential.id_cred, external_aad, mac])

    def mac_3(self, private, public, credential, ead_3) -> tuple:
        """PRK_4e3m and, from it, MAC_3; as ``mac_2``."""
        self.prk_4e3m = self.prk_3e2m
        if self.method == STAT_STAT:
            g_iy = self.algorithms.agree(private, public)
            self.prk_4e3m = extract(kdf(self.prk_3e2m, 5, self.th_3, 32), g_iy)
        external_aad = encode(self.th_3) + credential.raw + ead_3
        mac = kdf(self.prk_4e3m, 6, credential.id_cred + external_aad, self._mac_length())
        return mac, encode(["Signature1", credential.id_cred, external_aad, mac])

    def _mac_length(self):
        return 32 if self.method == SIGN_SIGN else 8

    def prove(self, mac, to_be_signed) -> bytes:
        """Signature_or_MAC."""
        if self.method == STAT_STAT:
            return mac
        return self.algorithms.sign(self.private, to_be_signed)

    def check_proof(self, credential, proof, mac, to_be_signed):
        """Raises Refused, which says whether it was a MAC or a signature."""
        if self.method == STAT_STAT:
            if proof != mac:
                raise Refused("MAC")
            return
        try:
            self.algorithms.verify(credential.cose_key, proof, to_be_signed)
        except InvalidSignature:
            raise Refused("signature") from None

    def cipher_3(self):
        """Key, nonce and associated data of message_3."""
        return self._cipher(self.prk_3e2m, 3, self.th_3)

    def cipher_4(self):
        """Key, nonce and associated data of message_4."""
        return self._cipher(self.prk_4e3m, 8, self.th_4)

    @staticmethod
    def _cipher(prk, label, th):
        aead = AESCCM(kdf(prk, label, th, 16), tag_length=8)
        return aead, kdf(prk, label + 1, th, 13), encode(["Encrypt0", b"", th])

    @staticmethod
    def decrypt(message, aead, nonce, aad) -> bytes:
        """The plaintext of message_3 or message_4."""
        try:
            return aead.decrypt(nonce, cbor2.loads(message), aad)
        except InvalidTag:
            raise Refused("not authentic") from None

    def find(self, id_cred, encoded) -> Credential:
        """The known credential that the peer named or sent."""
        if not isinstance(id_cred, dict):
            id_cred, encoded = {KID: identifier_from_wire(id_cred)}, None
        ((kind, value),) = id_cred.items()
        for raw in self.known:
            credential = Credential(raw, kind)
            named = value == credential.kid if kind == KID else encoded == credential.id_cred
            if named:
                return credential
        raise Refused("unknown credential")

    def finish(self, plaintext_3, cred_i):
        """TH_4, PRK_out and PRK_exporter."""
        self.th_4 = sha256(encode(self.th_3) + plaintext_3 + cred_i)
        self.prk_exporter = kdf(kdf(self.prk_4e3m, 7, self.th_4, 32), 10, b"", 32)

    def exporter(self, label, context, length) -> bytes:
        """EDHOC_Exporter."""
        return kdf(self.prk_exporter, label, context, length)

    def oscore(self) -> tuple:
        """Master Secret, Master Salt, Sender ID and Recipient ID."""
        sender, recipient = (self.c_r, self.c_i)
        if self.own_identifier == self.c_r:
            sender, recipient = recipient, sender
        return self.exporter(0, b"", 16), self.exporter(1, b"", 8), sender, recipient


class Initiator(_Peer):
    """The Initiator."""

    def message_1(self, ead_1=b"", suites_i=None) -> bytes:
        """Begins the handshake; ``suites_i`` as it is sent, if not the selected suite alone."""
        self.c_i = self.own_identifier
        suites_i = self.suite if suites_i is None else suites_i
        head = encode(self.method, suites_i, self.algorithms.public_key(self.ephemeral))
        self._message_1 = head + identifier_to_wire(self.c_i) + ead_1
        return self._message_1

    def message_3(self, message_2, ead_3=b"") -> bytes:
        """Checks message_2 and ends the handshake; EAD_2 is then in ``ead_2``."""
        g_y_ciphertext_2 = cbor2.loads(message_2)
        g_y, ciphertext_2 = g_y_ciphertext_2[:32], g_y_ciphertext_2[32:]
        self.start(g_y, self._message_1, g_y)
        plaintext_2 = self.crypt_2(ciphertext_2)
        (c_r, _), (id_cred_r, encoded), (proof_2, _), *ead_2 = decode(plaintext_2)
        self.c_r = identifier_from_wire(c_r)
        self.ead_2 = b"".join(encoding for _, encoding in ead_2)
        cred_r = self.find(id_cred_r, encoded)
        expected = self.mac_2(self.ephemeral, cred_r.public_key, cred_r, self.ead_2)
        self.check_proof(cred_r, proof_2, *expected)
        self.th_3 = sha256(encode(self.th_2) + plaintext_2 + cred_r.raw)
        proof_3 = self.prove(*self.mac_3(self.private, g_y, self.credential, ead_3))
        plaintext_3 = self.credential.id_cred_on_wire + encode(proof_3) + ead_3
        self.finish(plaintext_3, self.credential.raw)
        aead, nonce, aad = self.cipher_3()
        return encode(aead.encrypt(nonce, plaintext_3, aad))

    def confirm(self, message_4) -> bytes:
        """EAD_4 of a message_4."""
        return self.decrypt(message_4, *self.cipher_4())


class Responder(_Peer):
    """The Responder."""

    def message_2(self, message_1, ead_2=b"") -> bytes:
        """Answers message_1; EAD_1 is then in ``ead_1``."""
        (method, _), (suites_i, _), (g_x, _), (c_i, _), *ead_1 = decode(message_1)
        selected = suites_i if isinstance(suites_i, int) else suites_i[-1]
        if (method, selected) != (self.method, self.suite):
            raise Refused("method or suite")
        self.c_i, self.c_r = identifier_from_wire(c_i), self.own_identifier
        self.ead_1 = b"".join(encoding for _, encoding in ead_1)
        g_y, cred_r = self.algorithms.public_key(self.ephemeral), self.credential
        self.start(g_y, message_1, g_x)
        proof_2 = self.prove(*self.mac_2(self.private, g_x, cred_r, ead_2))
        plaintext_2 = identifier_to_wire(self.c_r) + cred_r.id_cred_on_wire
        plaintext_2 += encode(proof_2) + ead_2
        self.th_3 = sha256(encode(self.th_2) + plaintext_2 + cred_r.raw)
        return encode(g_y + self.crypt_2(plaintext_2))

    def check(self, message_3):
        """Ends the handshake; EAD_3 is then in ``ead_3``."""
        plaintext_3 = self.decrypt(message_3, *self.cipher_3())
        (id_cred_i, encoded), (proof_3, _), *ead_3 = decode(plaintext_3)
        self.ead_3 = b"".join(encoding for _, encoding in ead_3)
        cred_i = self.find(id_cred_i, encoded)
        expected = self.mac_3(self.ephemeral, cred_i.public_key, cred_i, self.ead_3)
        self.check_proof(cred_i, proof_3, *expected)
        self.finish(plaintext_3, cred_i.raw)

    def message_4(self, ead_4=b"") -> bytes:
        """Confirms the keys."""
        aead, nonce, aad = self.cipher_4()
        return encode(aead.encrypt(nonce, ead_4, aad))
