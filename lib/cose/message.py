"""What COSE_Sign1, COSE_Mac0 and COSE_Encrypt0 share: their shape and what is authenticated."""

import cbor

from . import headers
from .errors import UNSUPPORTED, COSEError

ENCRYPT0 = 16
MAC0 = 17
SIGN1 = 18


class Message:
    """A COSE object that has the right shape, not yet verified.

    ``tag`` is ENCRYPT0, MAC0 or SIGN1; ``protected_raw`` the protected header as it is
    authenticated (b"" if empty); ``protected`` and ``unprotected`` the headers; ``payload`` the
    content, which is the ciphertext for ENCRYPT0; ``signature`` the signature or MAC tag, None for
    ENCRYPT0.
    """

    def __init__(self, tag, protected_raw, protected, unprotected, payload, signature):
        self.tag = tag
        self.protected_raw = protected_raw
        self.protected = protected
        self.unprotected = unprotected
        self.payload = payload
        self.signature = signature

    @property
    def kid(self):
        """The key identifier in either header, or None."""
        return headers.find(self.protected, self.unprotected, headers.KID)

    def encode(self) -> bytes:
        """The tagged COSE object."""
        body = [self.protected_raw, self.unprotected, self.payload]
        if self.tag != ENCRYPT0:
            body.append(self.signature)
        return cbor.encode(cbor.Tag(self.tag, body))


def parse(
    data,
    *,
    tag: int | None = None,
    tagged: bool = True,
    max_depth: int = cbor.MAX_DEPTH,
    deterministic: bool = False,
) -> Message:
    """Check shape and headers of an encoded COSE object; no cryptography.

    With ``tagged`` the object begins with its CBOR tag, which is ``tag`` if that is given;
    without, there is no tag and ``tag`` says what the object is.
    Raises COSEError as MALFORMED, CRITICAL, UNSUPPORTED (detached content) or
    cbor.DecodeError.
    """
    body = cbor.decode(data, max_depth=max_depth, deterministic=deterministic)
    if tagged:
        if not isinstance(body, cbor.Tag) or body.number not in (ENCRYPT0, MAC0, SIGN1):
            raise COSEError("no COSE tag")
        if tag is not None and body.number != tag:
            raise COSEError("COSE object of another kind: tag %d" % body.number)
        tag, body = body.number, body.value
    elif tag is None:
        raise ValueError("an untagged object does not say what it is: give the tag")
    return _parse_body(tag, body, max_depth)


def _parse_body(tag, body, max_depth):
    if not isinstance(body, list) or len(body) != (3 if tag == ENCRYPT0 else 4):
        raise COSEError("COSE object is no array of the right length")
    protected = headers.decode_protected(body[0], max_depth)
    unprotected = body[1]
    if not isinstance(unprotected, dict):
        raise COSEError("unprotected header is no map")
    headers.check(protected, unprotected)
    if body[2] is None:
        raise COSEError("detached content", UNSUPPORTED)
    if not all(isinstance(part, bytes) for part in body[2:]):
        raise COSEError("content, signature or tag is no byte string")
    signature = None if tag == ENCRYPT0 else body[3]
    protected_raw = body[0] if protected else b""
    return Message(tag, protected_raw, protected, unprotected, body[2], signature)


def as_message(message, tag: int, tagged: bool) -> Message:
    """``message`` itself if it is parsed already, or what its bytes hold."""
    if not isinstance(message, Message):
        return parse(message, tag=tag, tagged=tagged)
    if message.tag != tag:
        raise COSEError("COSE object of another kind: tag %d" % message.tag)
    return message


def structure(context: str, protected_raw: bytes, external_aad: bytes, payload=None) -> bytes:
    """What is signed, MACed or authenticated: Sig_structure, MAC_structure, Enc_structure.

    RFC 9052 sections 4.4, 6.3 and 5.3; ``context`` is "Signature1", "MAC0" or "Encrypt0", and the
    last has no ``payload``.
    """
    parts = [context, protected_raw, external_aad]
    if payload is not None:
        parts.append(payload)
    return cbor.encode(parts)
