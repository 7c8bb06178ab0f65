"""The CBOR of messages 1 to 4 and of their plaintexts (RFC 9528 section 5 and appendix C.2).

Encoders take what the CDDL names and return bytes; decoders raise EDHOCError. EAD and
ID_CRED fields are passed encoded, because keys are derived from exactly these bytes.
"""

import cbor
import crypto
from micropython import const

from . import ead
from .credential import read_id_cred
from .error import MALFORMED, UNVERIFIED, EDHOCError, decode_suites, encode_suites
from .sequence import Reader, encode_identifier

_MAX_MESSAGE = const(1024)


def _reader(data, name):
    if len(data) > _MAX_MESSAGE:
        raise EDHOCError(name + ": too long", MALFORMED)
    return Reader(bytes(data), name)


def encode_message_1(method, suites_i, g_x, c_i, ead_1) -> bytes:
    """message_1 = ( METHOD, SUITES_I, G_X, C_I, ? EAD_1 )."""
    head = cbor.encode_sequence(method, encode_suites(suites_i), g_x)
    return head + encode_identifier(c_i) + ead_1


def decode_message_1(data) -> tuple:
    """``(method, suites_i, g_x, c_i, ead_items)``, nothing of it judged yet."""
    reader = _reader(data, "message_1")
    method = reader.integer("METHOD")
    # By its first byte: nothing is made of what it cannot be.
    suites_i = None
    if reader.at_integer() or reader.at_array():
        suites_i = decode_suites(reader.item())
    if suites_i is None:
        raise reader.error("SUITES_I is no suite and no array of 2 to 16")
    g_x = reader.byte_string("G_X")
    c_i = reader.identifier("C_I")
    ead_items, _ = ead.read(reader)
    return method, suites_i, g_x, c_i, ead_items


def encode_message_2(g_y, ciphertext_2) -> bytes:
    """message_2 = ( G_Y_CIPHERTEXT_2 )."""
    return cbor.encode(g_y + ciphertext_2)


def decode_message_2(data, public_key_length) -> tuple:
    """``(g_y, ciphertext_2)``: both are in the one byte string that message_2 is."""
    g_y_ciphertext_2 = _decode_byte_string(data, "message_2")
    if len(g_y_ciphertext_2) <= public_key_length:
        raise EDHOCError("message_2: too short", MALFORMED)
    return g_y_ciphertext_2[:public_key_length], g_y_ciphertext_2[public_key_length:]


def encode_plaintext_2(c_r, id_cred_r, signature_or_mac_2, ead_2) -> bytes:
    """PLAINTEXT_2 = ( C_R, ID_CRED_R, Signature_or_MAC_2, ? EAD_2 )."""
    return encode_identifier(c_r) + encode_plaintext_3(id_cred_r, signature_or_mac_2, ead_2)


def decode_plaintext_2(plaintext_2, field_length) -> tuple:
    """``(c_r, id_cred_r, signature_or_mac_2, ead_items, ead_2)``."""
    reader = Reader(plaintext_2, "PLAINTEXT_2")
    c_r = reader.identifier("C_R")
    return (c_r,) + _read_authentication(reader, field_length)


def encode_plaintext_3(id_cred_i, signature_or_mac_3, ead_3) -> bytes:
    """PLAINTEXT_3 = ( ID_CRED_I, Signature_or_MAC_3, ? EAD_3 )."""
    return id_cred_i + cbor.encode(signature_or_mac_3) + ead_3


def decode_plaintext_3(plaintext_3, field_length) -> tuple:
    """``(id_cred_i, signature_or_mac_3, ead_items, ead_3)``."""
    return _read_authentication(Reader(plaintext_3, "PLAINTEXT_3"), field_length)


def decode_plaintext_4(plaintext_4) -> list:
    """The EAD items that are all of PLAINTEXT_4."""
    items, _ = ead.read(Reader(plaintext_4, "PLAINTEXT_4"))
    return items


def seal(suite, key, iv, th, plaintext) -> bytes:
    """message_3 or message_4: the ciphertext of a COSE_Encrypt0 whose external_aad is ``th``."""
    return cbor.encode(suite.encrypt(key, iv, plaintext, _enc_structure(th)))


def unseal(suite, key, iv, th, data, name) -> bytes:
    """The plaintext of message_3 or message_4; raises EDHOCError if it is not authentic."""
    ciphertext = _decode_byte_string(data, name)
    try:
        return suite.decrypt(key, iv, ciphertext, _enc_structure(th))
    except crypto.AuthenticationError:
        raise EDHOCError(name + ": not authentic", UNVERIFIED)


def _enc_structure(th):
    return cbor.encode(["Encrypt0", b"", th])


def _decode_byte_string(data, name):
    reader = _reader(data, name)
    value = reader.byte_string("its only element")
    reader.finish()
    return value


def _read_authentication(reader, field_length):
    id_cred = read_id_cred(reader)
    signature_or_mac = reader.byte_string("Signature_or_MAC")
    if len(signature_or_mac) != field_length:
        raise reader.error("Signature_or_MAC has the wrong length")
    items, raw = ead.read(reader)
    return id_cred, signature_or_mac, items, raw
