"""What cryptography refuses. No text here ever holds a key, a nonce or a plaintext."""

from untrusted import InvalidInput


class InvalidKey(InvalidInput):
    """Not a key: the length is wrong, or the agreement with it gave no secret."""


class AuthenticationError(InvalidInput):
    """The ciphertext, its nonce or its associated data are not what the sender protected."""
