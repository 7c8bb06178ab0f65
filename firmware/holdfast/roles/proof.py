"""That the key on a board is the one that its certificate is of, shown to whoever has a cable at
it. Nothing but that one's REPL loads this, so it has a name also where the image is joined.
"""


def proof(public_key: bytes, nonce: bytes) -> tuple:
    """The board's public X25519 key, and the SHA-256 of what it shares with ``public_key`` and of
    the ``nonce``: 32 bytes each. Only who has the private key can make the second.

    Raises KeyStoreError if the board has no key, OSError if its flash fails, InvalidKey if
    ``public_key`` is none.
    """
    import crypto

    from ..hal.esp32 import flash
    from ..storage.keys import KeyStore

    crypto.load(False)
    key = KeyStore(flash.HOME, _make_none).private_key()
    shared = crypto.x25519(key, public_key)
    return crypto.x25519_public_key(key), crypto.sha256(shared + nonce)


def _make_none(count):
    from ..storage.keys import KeyStoreError

    raise KeyStoreError("this board has no key yet")
