"""Which mistake explains what came: each value made in the wrong ways that people make it in.

What is encrypted says nothing of itself but that it does not open. So it is tried with one value
at a time made otherwise; what opens it then is the mistake. What nobody thought of yet is told by
the value with which it begins at the earliest.
"""

from collections.abc import Callable

import cbor
import crypto

from .schedule import Formula, Schedule, enc_structure, external_aad

Tried = tuple[str, str, Formula]  # the value, what was done, how


def _swapped(prk: str, label: int, length: int, context: str = "th_3") -> Formula:
    return lambda v: v.kdf(prk, label, v[context], length)


# Of message_3's encryption. What comes before it the phone has shown to be right by MAC_2.
SEALING: tuple[Tried, ...] = (
    (
        "th_3",
        "it has CIPHERTEXT_2 in it, where PLAINTEXT_2 belongs",
        lambda v: v.hashed(cbor.encode(v["th_2"]), _ciphertext_2(v), v["cred_r"]),
    ),
    (
        "th_3",
        "CRED_R is missing in it",
        lambda v: v.hashed(cbor.encode(v["th_2"]), v["plaintext_2"]),
    ),
    (
        "th_3",
        "it has ID_CRED_R in it, where CRED_R belongs",
        lambda v: v.hashed(cbor.encode(v["th_2"]), v["plaintext_2"], v["id_cred_r"]),
    ),
    (
        "th_3",
        "CRED_R is in it as a byte string, where its own bytes belong",
        lambda v: v.hashed(cbor.encode(v["th_2"]), v["plaintext_2"], cbor.encode(v["cred_r"])),
    ),
    (
        "th_3",
        "PLAINTEXT_2 is in it as a byte string, where its own bytes belong",
        lambda v: v.hashed(cbor.encode(v["th_2"]), cbor.encode(v["plaintext_2"]), v["cred_r"]),
    ),
    (
        "th_3",
        "TH_2 is in it bare, without the head of its byte string",
        lambda v: v.hashed(v["th_2"], v["plaintext_2"], v["cred_r"]),
    ),
    ("th_3", "it is TH_2", lambda v: v["th_2"]),
    ("k_3", "it was derived from PRK_2e", _swapped("prk_2e", 3, 16)),
    ("k_3", "it was derived with the label of IV_3", _swapped("prk_3e2m", 4, 16)),
    ("k_3", "it was derived with TH_2", _swapped("prk_3e2m", 3, 16, "th_2")),
    ("iv_3", "it was derived from PRK_2e", _swapped("prk_2e", 4, 13)),
    ("iv_3", "it was derived with the label of K_3", _swapped("prk_3e2m", 3, 13)),
    ("iv_3", "it was derived with TH_2", _swapped("prk_3e2m", 4, 13, "th_2")),
    ("iv_3", "it is zero", lambda v: bytes(13)),
    ("aad_3", "it is empty", lambda v: b""),
    ("aad_3", "it is TH_3 alone, without the Enc_structure", lambda v: v["th_3"]),
    ("aad_3", "TH_3 is missing in it", lambda v: enc_structure(b"")),
    (
        "aad_3",
        "TH_3 is in it encoded twice",
        lambda v: enc_structure(cbor.encode(v["th_3"])),
    ),
    ("aad_3", "it has TH_2 in it", lambda v: enc_structure(v["th_2"])),
)

PROVING: tuple[Tried, ...] = (
    ("g_iy", "it is G_XY: the phone's ephemeral key was used", lambda v: v["g_xy"]),
    ("salt_4e3m", "it was derived with TH_2", lambda v: v.kdf("prk_3e2m", 5, v["th_2"], 32)),
    ("salt_4e3m", "it is SALT_3e2m", lambda v: v["salt_3e2m"]),
    ("salt_4e3m", "it was derived from PRK_2e", _swapped("prk_2e", 5, 32)),
    (
        "prk_4e3m",
        "it is PRK_3e2m: that is so in the methods that sign, this is method 3",
        lambda v: v["prk_3e2m"],
    ),
    (
        "prk_4e3m",
        "salt and key are the wrong way round in its extraction",
        lambda v: crypto.hkdf_extract(v["g_iy"], v["salt_4e3m"]),
    ),
    (
        "context_3",
        "CRED_I is missing in it",
        lambda v: v["id_cred_i"] + cbor.encode(v["th_3"]),
    ),
    (
        "context_3",
        "ID_CRED_I is missing in it",
        lambda v: cbor.encode(v["th_3"]) + v["cred_i"],
    ),
    (
        "context_3",
        "it has TH_2 in it",
        lambda v: v["id_cred_i"] + cbor.encode(v["th_2"]) + v["cred_i"],
    ),
    (
        "context_3",
        "it has CRED_R in it",
        lambda v: v["id_cred_i"] + cbor.encode(v["th_3"]) + v["cred_r"],
    ),
    (
        "context_3",
        "TH_3 is in it bare, without the head of its byte string",
        lambda v: v["id_cred_i"] + v["th_3"] + v["cred_i"],
    ),
    (
        "context_3",
        "it begins with C_I, as context_2 does with C_R",
        lambda v: v["c_i"] + v["id_cred_i"] + cbor.encode(v["th_3"]) + v["cred_i"],
    ),
    (
        "mac_3",
        "it was derived with the label of MAC_2",
        lambda v: v.kdf("prk_4e3m", 2, v["context_3"], 8),
    ),
    (
        "mac_3",
        "it was derived from PRK_3e2m",
        lambda v: v.kdf("prk_3e2m", 6, v["context_3"], 8),
    ),
)

PROTECTING: tuple[Tried, ...] = (
    (
        "th_4",
        "CRED_I is missing in it",
        lambda v: v.hashed(cbor.encode(v["th_3"]), v["plaintext_3"]),
    ),
    (
        "th_4",
        "it has CIPHERTEXT_3 in it, where PLAINTEXT_3 belongs",
        lambda v: v.hashed(cbor.encode(v["th_3"]), v["message_3"], v["cred_i"]),
    ),
    ("th_4", "it is TH_3", lambda v: v["th_3"]),
    ("prk_out", "it was derived from PRK_3e2m", lambda v: v.kdf("prk_3e2m", 7, v["th_4"], 32)),
    ("prk_out", "it was derived with TH_3", lambda v: v.kdf("prk_4e3m", 7, v["th_3"], 32)),
    ("prk_exporter", "it is PRK_out", lambda v: v["prk_out"]),
    (
        "prk_exporter",
        "it was derived with TH_4 as its context",
        lambda v: v.kdf("prk_out", 10, v["th_4"], 32),
    ),
    (
        "master_secret",
        "it was derived with the label of the Master Salt",
        lambda v: v.kdf("prk_exporter", 1, b"", 16),
    ),
    ("master_salt", "it is empty", lambda v: b""),
    (
        "master_salt",
        "it was derived with the label of the Master Secret",
        lambda v: v.kdf("prk_exporter", 0, b"", 8),
    ),
    ("phone_sender_id", "it is C_I: that is the reader's", lambda v: v["c_i"]),
    (
        "phone_sender_key",
        "it is the Recipient Key",
        lambda v: v.derived(v["c_i"], "Key", 16),
    ),
    ("phone_sender_key", "its info says IV, not Key", lambda v: v.derived(v["c_r"], "IV", 16)),
    ("common_iv", "its info says Key, not IV", lambda v: v.derived(None, "Key", 13)),
    ("common_iv", "it was derived for the Sender ID", lambda v: v.derived(v["c_r"], "IV", 13)),
    ("nonce", "it was made with the Recipient ID", lambda v: v.nonce_of(v["c_i"])),
    ("nonce", "it is the Common IV alone", lambda v: v["common_iv"]),
    (
        "aad",
        "request_kid in it is the Recipient ID",
        lambda v: enc_structure(external_aad(v["c_i"], v["piv"])),
    ),
    (
        "aad",
        "request_piv in it is empty",
        lambda v: enc_structure(external_aad(v["c_r"], b"")),
    ),
    ("aad", "it is the aad_array alone", lambda v: external_aad(v["c_r"], v["piv"])),
    (
        "aad",
        "the aad_array is in it bare, not in a byte string",
        lambda v: cbor.encode(["Encrypt0", b"", [1, [10], v["c_r"], v["piv"], b""]]),
    ),
    ("aad", "it is empty", lambda v: b""),
)


def fits(
    right: Schedule, tried: tuple[Tried, ...], explains: Callable[[Schedule], bool]
) -> Tried | None:
    """The mistake of those ``tried`` that ``explains`` what came; None if none does."""
    for name, cause, formula in tried:
        try:
            if explains(right.mistaken(name, formula)):
                return name, cause, formula
        except (KeyError, ValueError):  # it rests on what has not come
            continue
    return None


def opens(v: Schedule, ciphertext: bytes) -> bytes | None:
    """PLAINTEXT_3, if message_3's ciphertext opens with these values."""
    try:
        return v.algorithms.decrypt(v["k_3"], v["iv_3"], ciphertext, v["aad_3"])
    except crypto.AuthenticationError:
        return None


def unprotects(v: Schedule, ciphertext: bytes) -> bytes | None:
    """What is inside a protected request, if it opens with these values."""
    try:
        return crypto.aes_ccm_decrypt(
            v["phone_sender_key"], v["nonce"], ciphertext, v["aad"], 8
        )
    except crypto.AuthenticationError:
        return None


def _ciphertext_2(v: Schedule) -> bytes:
    pairs = zip(v["plaintext_2"], v["keystream_2"], strict=True)
    return bytes(a ^ b for a, b in pairs)
