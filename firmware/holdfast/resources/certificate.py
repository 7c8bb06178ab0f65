"""The resource ``/certificate``: the one of the key that this node's events are proven with, and
where a later one goes.
"""

from coap import Message, code, option
from micropython import const
from untrusted import InvalidInput

from . import exchange

_CF_CWT = const(61)  # application/cwt


class CertificateResource:
    """Shows the certificate of the device's X25519 key to who came with a P-256 one.

    That phone has seen another certificate, and carries events that are worth nothing without
    this. It is no secret: phones with X25519 keys see it in each handshake.

    ``certificate()`` gives the one in force. ``renew(raw)`` lets a later one be in force, or
    raises InvalidInput or OSError: it is believed for its signature, not for who brings it.
    """

    content_formats = (_CF_CWT,)

    def __init__(self, certificate, renew):
        self._certificate = certificate
        self._renew = renew

    async def get(self, request, peer):
        """2.05 with the CWT."""
        options = [(option.CONTENT_FORMAT, option.encode_uint(_CF_CWT))]
        return Message(code.CONTENT, options, self._certificate())

    async def post(self, request, peer):
        """2.04 if the CWT is in force now, 4.00 with the reason if it cannot be.

        5.03 when flash fails: the same may come again.
        """
        try:
            self._renew(request.payload)
        except InvalidInput as error:
            return Message(code.BAD_REQUEST, (), str(error).encode())
        except OSError:
            return exchange.unavailable()
        return Message(code.CHANGED)
