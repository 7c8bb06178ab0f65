"""A node's main.py that notes each nonce of OSCORE, before anything is encrypted with it, in a
file beside the node's state: so a power cut in the next moment takes nothing from what is known.
"""

import sys

import crypto
from holdfast.roles import unix_reader
from oscore import protect

NOTE = 12  # bytes that tell one (key, nonce) from another


class _Noting:
    def __init__(self, path):
        self._path = path

    def __getattr__(self, name):
        return getattr(crypto, name)

    def aes_ccm_encrypt(self, key, nonce, *more, **named):
        """As crypto's."""
        with open(self._path, "ab") as notes:
            notes.write(crypto.sha256(bytes(key) + bytes(nonce))[:NOTE])
        return crypto.aes_ccm_encrypt(key, nonce, *more, **named)


protect.crypto = _Noting(sys.argv[1] + "/nonces")
sys.exit(unix_reader.main(sys.argv[1:]))
