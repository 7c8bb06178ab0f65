"""Keys that travel inside the signed policy, each readable by one node alone.

Host and board use this same code. docs/protocol.md, "Keys sealed to nodes", has the format.

The model is direct key agreement, ECDH-ES of RFC 9053 section 6.3: a fresh X25519 pair of the
sender, the node's own pair, and a key of HKDF-SHA-256 whose info says what the key is for, to whom
and by which fresh pair it goes. AES-CCM-16-64-128 has a nonce of zeros: that is sound because no
two messages ever have the same key. The fresh pair is made for one operation; within it the node's
name and public key differ from entry to entry; and one entry holds one key. Eight bytes of tag are
enough where the whole operation is signed: they find out a node that is not the right one, not a
forger.
"""

import cbor
import crypto
from untrusted import InvalidInput

KEY = 32  # bytes of a key that is sealed
SEALED = 40  # bytes of what comes of it

_SALT = b"holdfast sealed key"
_NONCE = bytes(13)
_TAG = 8


def zone_key(site: str, root: bytes, zone: str, number: int, node: str, ephemeral: bytes) -> list:
    """The purpose of key ``number`` of ``zone``, for ``node``.

    ``root`` is the SHA-256 of the site's first authority key, ``ephemeral`` the public half of
    the pair that was made for this operation.
    """
    return ["zone key", site, root, zone, number, node, ephemeral]


def lookup_key(site: str, root: bytes, number: int, node: str, ephemeral: bytes) -> list:
    """The purpose of lookup key ``number`` of the site, for ``node``; see zone_key."""
    return ["lookup key", site, root, number, node, ephemeral]


def seal(ephemeral_private: bytes, device_public: bytes, purpose: list, key: bytes) -> bytes:
    """The 40 bytes that only the owner of ``device_public`` (X25519) can open, for ``purpose``.

    ``ephemeral_private`` are 32 fresh random bytes: for one operation, and never again. Raises
    InvalidInput for a public key with which there is no secret, ValueError unless ``key`` is 32
    bytes.
    """
    if len(key) != KEY:
        raise ValueError("a key of 32 bytes is sealed, no other")
    return crypto.aes_ccm_encrypt(
        _sealing_key(ephemeral_private, device_public, purpose), _NONCE, key, b"", _TAG
    )


def open(device_private: bytes, ephemeral_public: bytes, purpose: list, sealed: bytes) -> bytes:
    """The key of 32 bytes that was sealed to this device for ``purpose``.

    Raises InvalidInput if ``sealed`` is for another device or purpose, or was altered.
    """
    if len(sealed) != SEALED:
        raise InvalidInput("a sealed key is %d bytes" % SEALED)
    return crypto.aes_ccm_decrypt(
        _sealing_key(device_private, ephemeral_public, purpose), _NONCE, sealed, b"", _TAG
    )


def _sealing_key(private, public, purpose):
    # A public key of small order raises: its secret, all zeros, is everybody's.
    prk = crypto.hkdf_extract(_SALT, crypto.x25519(private, public))
    return crypto.hkdf_expand(prk, cbor.encode(purpose), 16)
