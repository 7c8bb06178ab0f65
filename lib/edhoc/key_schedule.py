"""The key schedule, one function a line of RFC 9528 figure 6, under the names used there.

Every ``th_*``, ``prk_*`` and salt is a hash long; credentials and identifiers come encoded,
exactly as they are or would be sent, so that nothing is ever encoded a second way.
"""

import cbor

from .sequence import encode_identifier


def kdf(suite, prk, info_label, context, length) -> bytes:
    """EDHOC_KDF( PRK, info_label, context, length ), section 4.1.2.

    ``context`` is bytes, or a tuple of pieces: a credential is in it, and in one piece that would
    take three times what a board has in one.
    """
    if isinstance(context, tuple):
        head = cbor.encode(info_label) + cbor.bytes_head(sum([len(piece) for piece in context]))
        return suite.expand(prk, (head,) + context + (cbor.encode(length),), length)
    return suite.expand(prk, cbor.encode_sequence(info_label, context, length), length)


def th_2(suite, g_y, h_message_1) -> bytes:
    """TH_2 = H( G_Y, H(message_1) )."""
    return suite.hash(cbor.encode_sequence(g_y, h_message_1))


def th_3(suite, th_2, plaintext_2, cred_r) -> bytes:
    """TH_3 = H( TH_2, PLAINTEXT_2, CRED_R )."""
    return suite.hash(cbor.encode(th_2), plaintext_2, cred_r)


def th_4(suite, th_3, plaintext_3, cred_i) -> bytes:
    """TH_4 = H( TH_3, PLAINTEXT_3, CRED_I )."""
    return suite.hash(cbor.encode(th_3), plaintext_3, cred_i)


def prk_2e(suite, th_2, g_xy) -> bytes:
    """PRK_2e, section 4.1.1.1."""
    return suite.extract(th_2, g_xy)


def keystream_2_steps(suite, prk_2e, th_2, length):
    """KEYSTREAM_2 for a PLAINTEXT_2 of ``length`` bytes. In steps: it is as long as a message."""
    return suite.expand_steps(prk_2e, cbor.encode_sequence(0, th_2, length), length)


def crypt_2_steps(suite, prk_2e, th_2, text):
    """CIPHERTEXT_2 of a PLAINTEXT_2, and back: ``text`` XOR KEYSTREAM_2."""
    length = len(text)
    keystream = yield from keystream_2_steps(suite, prk_2e, th_2, length)
    # One operation on long integers is many times faster than one a byte.
    mixed = int.from_bytes(text, "big") ^ int.from_bytes(keystream, "big")
    return mixed.to_bytes(length, "big")


def salt_3e2m(suite, prk_2e, th_2) -> bytes:
    """SALT_3e2m."""
    return kdf(suite, prk_2e, 1, th_2, suite.hash_length)


def prk_3e2m(suite, prk_2e, th_2, g_rx) -> bytes:
    """PRK_3e2m; ``g_rx`` is None when the Responder authenticates with a signature."""
    if g_rx is None:
        return prk_2e
    return suite.extract(salt_3e2m(suite, prk_2e, th_2), g_rx)


def external_aad(th, cred, ead) -> tuple:
    """<< TH, CRED, ? EAD >> in pieces: what each side vouches for, in its MAC or under its
    signature.
    """
    return cbor.encode(th), cred, ead


def mac_2(suite, prk_3e2m, c_r, id_cred_r, external_aad_2, length) -> bytes:
    """MAC_2 over context_2 = << C_R, ID_CRED_R, TH_2, CRED_R, ? EAD_2 >>."""
    context_2 = (encode_identifier(c_r), id_cred_r) + external_aad_2
    return kdf(suite, prk_3e2m, 2, context_2, length)


def k_3(suite, prk_3e2m, th_3) -> bytes:
    """K_3."""
    return kdf(suite, prk_3e2m, 3, th_3, suite.key_length)


def iv_3(suite, prk_3e2m, th_3) -> bytes:
    """IV_3."""
    return kdf(suite, prk_3e2m, 4, th_3, suite.iv_length)


def salt_4e3m(suite, prk_3e2m, th_3) -> bytes:
    """SALT_4e3m."""
    return kdf(suite, prk_3e2m, 5, th_3, suite.hash_length)


def prk_4e3m(suite, prk_3e2m, th_3, g_iy) -> bytes:
    """PRK_4e3m; ``g_iy`` is None when the Initiator authenticates with a signature."""
    if g_iy is None:
        return prk_3e2m
    return suite.extract(salt_4e3m(suite, prk_3e2m, th_3), g_iy)


def mac_3(suite, prk_4e3m, id_cred_i, external_aad_3, length) -> bytes:
    """MAC_3 over context_3 = << ID_CRED_I, TH_3, CRED_I, ? EAD_3 >>."""
    return kdf(suite, prk_4e3m, 6, (id_cred_i,) + external_aad_3, length)


def prk_out(suite, prk_4e3m, th_4) -> bytes:
    """PRK_out."""
    return kdf(suite, prk_4e3m, 7, th_4, suite.hash_length)


def k_4(suite, prk_4e3m, th_4) -> bytes:
    """K_4."""
    return kdf(suite, prk_4e3m, 8, th_4, suite.key_length)


def iv_4(suite, prk_4e3m, th_4) -> bytes:
    """IV_4."""
    return kdf(suite, prk_4e3m, 9, th_4, suite.iv_length)


def prk_exporter(suite, prk_out) -> bytes:
    """PRK_exporter."""
    return kdf(suite, prk_out, 10, b"", suite.hash_length)


def key_update(suite, prk_out, context) -> bytes:
    """The new PRK_out of EDHOC_KeyUpdate( context ), appendix H."""
    return kdf(suite, prk_out, 11, context, suite.hash_length)
