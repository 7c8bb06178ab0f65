"""The resource ``/certificate``: the key that this reader's events are proven with."""

from coap import Message, code, option
from micropython import const

_CF_CWT = const(61)  # application/cwt


class CertificateResource:
    """Shows the certificate of the device's X25519 key to who came with a P-256 one.

    That phone has seen another certificate, and carries events that are worth nothing without
    this. It is no secret: phones with X25519 keys see it in each handshake.
    """

    content_formats = (_CF_CWT,)

    def __init__(self, certificate: bytes):
        self._certificate = certificate

    async def get(self, request, peer):
        """2.05 with the CWT."""
        options = [(option.CONTENT_FORMAT, option.encode_uint(_CF_CWT))]
        return Message(code.CONTENT, options, self._certificate)
