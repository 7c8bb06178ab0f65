"""Who issues tokens in the tests of cose, and what the tokens say. Runs on both interpreters."""

import cose
import crypto
from cose import Key, cwt

SEED = bytes(range(32))
SECRET = bytes(range(32, 64))
HOLDER = bytes(range(64, 96))
CLAIMS = {
    cwt.ISS: "site",
    cwt.SUB: "holder",
    cwt.AUD: "zone",
    cwt.EXP: 1800000000,
    cwt.IAT: 1700000000,
    cwt.CTI: bytes(8),
    cwt.CNF: {1: {1: 1, -1: 4, -2: HOLDER}},
    cwt.SCOPE: b"\x81\x82\x64door\x01",
}


def authority(kid=None):
    """The key pair that signs."""
    return Key.okp(cose.CRV_ED25519, crypto.ed25519_public_key(SEED), d=SEED, kid=kid)


def zone(kid=None):
    """The key that MACs."""
    return Key.symmetric(SECRET, cose.ALG_HMAC_256, kid=kid)
