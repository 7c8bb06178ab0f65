"""Two sides of an OSCORE security context. Runs on both interpreters."""

import crypto
import oscore
from coap import Message, code, option

SECRET = bytes(range(16))
SALT = b"saltsalt"


def contexts(id_context=None):
    """(client's, server's): two fresh security contexts that fit each other."""
    client = oscore.SecurityContext(SECRET, SALT, b"\x01", b"\x37", id_context)
    return client, oscore.SecurityContext(SECRET, SALT, b"\x37", b"\x01", id_context)


def new_window(size=32):
    """The replay window of a context that has seen nothing."""
    return oscore.SecurityContext(SECRET, SALT, b"\x37", b"\x01", window_size=size)


def sealed_request(client, plaintext):
    """A protected request of ``client`` around any plaintext, such as no request at all."""
    piv = client.next_piv()
    aad = oscore.Exchange(client.sender_id, piv).aad()
    nonce = client.nonce(client.sender_id, piv)
    ciphertext = crypto.aes_ccm_encrypt(client.sender_key, nonce, plaintext, aad)
    header = oscore.option.encode(piv, None, client.sender_id)
    return Message(code.POST, [(option.OSCORE, header)], ciphertext)
