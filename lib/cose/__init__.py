"""COSE (RFC 9052, RFC 9053) with one signer, one MAC or one recipient, and CWT (RFC 8392) over it.

``from cose import cwt`` (or sign1, mac0, encrypt0) loads that part; here is what they share.
Everything that comes from outside is refused with a COSEError or a cbor.DecodeError.
"""

from .algorithms import (
    ALG_AES_CCM_16_64_128,
    ALG_EDDSA,
    ALG_ES256,
    ALG_HMAC_256,
    ALG_HMAC_256_64,
)
from .errors import (
    CRITICAL,
    MALFORMED,
    NO_EXPIRY,
    OTHER_KEY,
    UNSUPPORTED,
    UNVERIFIED,
    COSEError,
)
from .key import (
    CRV_ED25519,
    CRV_P256,
    CRV_X25519,
    KTY_EC2,
    KTY_OKP,
    KTY_SYMMETRIC,
    Key,
)
from .message import Message, parse

__all__ = (
    "ALG_AES_CCM_16_64_128",
    "ALG_EDDSA",
    "ALG_ES256",
    "ALG_HMAC_256",
    "ALG_HMAC_256_64",
    "CRITICAL",
    "CRV_ED25519",
    "CRV_P256",
    "CRV_X25519",
    "KTY_EC2",
    "KTY_OKP",
    "KTY_SYMMETRIC",
    "MALFORMED",
    "NO_EXPIRY",
    "OTHER_KEY",
    "UNSUPPORTED",
    "UNVERIFIED",
    "COSEError",
    "Key",
    "Message",
    "parse",
)
