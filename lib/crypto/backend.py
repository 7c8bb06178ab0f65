"""The one place where a backend is chosen.

A backend is a module or package with these names. The facade has checked lengths and ranges, and
what :mod:`crypto.strict` refuses, before it calls; all values are bytes-like. What ends in
``_steps`` is a generator as :mod:`crypto.steps` says: it yields None and returns the value.

    NAME                                                       a word for logs
    load(p256)                                                 only of machine code: loads it all
    ed25519_prepare_steps(public)                              only of machine code: a key of which
                                                               signatures will come
    sha512(data) -> 64 bytes
    aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length) -> ciphertext and tag
    aes_ccm_decrypt(key, nonce, ciphertext, aad, tag_length, into=None)
                            -> plaintext, None if it went into ``into``; or AuthenticationError
    x25519_pair_steps(private, other, public) -> two of them   only of machine code
    x25519_steps(private, public) -> 32 bytes                  all zero if there is no secret
    ed25519_public_key_steps(private) -> 32 bytes
    ed25519_sign_steps(private, message) -> 64 bytes
    ed25519_verify_steps(public, message, signature) -> bool
    p256_public_key_steps(private) -> 64 bytes
    p256_ecdh_steps(private, public) -> 32 bytes               None if there is no such point
    es256_sign_steps(private, message) -> 64 bytes
    es256_verify_steps(public, message, signature) -> bool

A computer has OpenSSL, and does not fall back to code that is not constant time. A board has the
machine code for its processor, whole and right, or computes with Python's integers and says why.
"""

import sys


def _choose():
    """The backend, and why it is not the machine code."""
    if sys.implementation.name != "micropython":
        from . import hosted

        return hosted, ""
    try:
        from .native import backend
    except (ImportError, ValueError) as error:  # ValueError: it is for another processor
        from . import portable

        return portable, "no machine code: %s" % error
    return backend, ""


chosen, reason = _choose()

owed = None  # the ``p256`` of a self-test that is to be made before the machine code is used


def is_machine_code() -> bool:
    """Whether what was chosen may be spoilt: it is neither Python nor a computer's library."""
    return chosen.NAME not in ("portable", "cryptography")


def load(p256):
    """Load what the machine code would load late; MemoryError."""
    if is_machine_code():
        chosen.load(p256)


def owe(p256: bool):
    """Let machine code compute nothing before it passed a self-test."""
    global reason, owed
    if is_machine_code():
        owed = p256 or bool(owed)
        reason = "machine code not tested yet: no memory"


def self_test_steps(p256):
    """Give up machine code that gives a wrong answer to :mod:`crypto.known_answers`, for good.

    Some 14 M instructions, 17 M with ``p256``; none where another backend was chosen. Where memory
    ends it raises MemoryError, and nothing is known yet: it is still owed.
    """
    global chosen, reason, owed
    if not is_machine_code():
        return
    load(p256)
    from . import known_answers

    mistake = yield from known_answers.wrong_steps(chosen, p256)
    _let_go(known_answers)
    if mistake:
        from . import portable

        chosen, reason = portable, "machine code fails its self-test: " + mistake
    else:
        reason = ""
    owed = None  # whatever had no memory before this left it owed


def _let_go(module):
    # A kilobyte that one start wants once.
    sys.modules.pop(module.__name__, None)
