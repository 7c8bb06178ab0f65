"""keys.json: every key of the vectors, the tokens and files made of them, and what was signed."""

import cbor
import cose
import crypto
import small_site as site
from cose import Key, message
from doc_vectors import show
from holdfast.access import Trust, revoked_devices
from holdfast.access.credential import Credential

PHONE_PRIVATE = b"\x22" * 32
OTHER_SEED = b"\x77" * 32


async def make():
    """Private keys, public ones, files, tokens."""
    authority = site.authority_public()
    phone = {suite: _cose_key(suite, PHONE_PRIVATE) for suite in (0, 2)}
    other = Key.okp(authority.crv, crypto.ed25519_public_key(OTHER_SEED))
    return {
        "comment": "One small site. Its private keys are here, so they open nothing.",
        "site": {
            "door": site.DOOR,
            "name": site.SITE,
            "node": site.NODE,
            "root": site.root().hex(),
            "time": site.NOW,
            "zone": site.ZONE,
        },
        "keys": {
            "audit": _pair(site.AUDIT_PRIVATE, crypto.x25519_public_key),
            "authority": _pair(site.AUTHORITY_SEED, crypto.ed25519_public_key),
            "lookup": {"secret": site.LOOKUP_KEY.hex()},
            "phone_p256": _pair(PHONE_PRIVATE, crypto.p256_public_key),
            "phone_x25519": _pair(PHONE_PRIVATE, crypto.x25519_public_key),
            "reader_p256": _pair(site.READER_P256_PRIVATE, crypto.p256_public_key),
            "reader_x25519": _pair(site.READER_PRIVATE, crypto.x25519_public_key),
            "zone_1": {"secret": site.ZONE_SECRET.hex()},
        },
        "files": [
            _file("authority.pub", "A COSE_Key, nothing around it.", authority.to_map()),
            _file(
                "authority.pub while the key is replaced",
                "A COSE_KeySet: the key that signs now is the first. Believe both.",
                [authority.to_map(), other.to_map()],
            ),
            _file("phone.pub", "A COSE_Key of X25519.", phone[0].to_map()),
            _file("phone-p256.pub", "A COSE_Key of P-256, the whole point.", phone[2].to_map()),
        ],
        "tokens": [
            _token("credential-suite-0", "A holder's.", site.holder_token()),
            _token(
                "credential-suite-2",
                "A holder's, for a P-256 key whose y is its sign.",
                site.holder_token(changes={8: site.confirmation(PHONE_PRIVATE, 2)}),
            ),
            _token(
                "guest",
                "A guest token: COSE_Mac0 under the zone's key.",
                site.guest_token(),
            ),
            _device("certificate-suite-0", "The reader's, of its X25519 key.", 0),
            _device("certificate-suite-2", "The reader's, of its P-256 key.", 2),
        ],
        "revoked_devices": _revoked_devices(),
    }


def _pair(private, public_key):
    return {"private": private.hex(), "public": public_key(private).hex()}


def _cose_key(suite, private):
    return Key.from_map(site.confirmation(private, suite, True)[1])


def _file(name, comment, content):
    encoded = cbor.encode(content)
    return {
        "bytes": encoded.hex(),
        "comment": comment,
        "diagnostic": show.said(encoded),
        "name": name,
    }


def _token(name, comment, raw):
    token = Trust(site.SITE, [site.authority_public()], site.zone_keys)
    if not isinstance(token.authenticate(raw), Credential):
        raise ValueError("the firmware does not believe " + name)
    return signed(raw, {"comment": comment, "name": name})


def _device(name, comment, suite):
    raw = site.p256_certificate() if suite else site.device_certificate()
    Trust(site.SITE, [site.authority_public()]).authenticate_device(raw)
    return signed(raw, {"comment": comment, "name": name})


def _revoked_devices():
    ctis = [b"\x20\x21\x22\x23\x24\x25\x26\x27", b"\x10\x11\x12\x13\x14\x15\x16\x17"]
    raw = revoked_devices.make(site.authority(), site.SITE, site.NOW, ctis)
    comment = "The list of revoked devices: one of them is the reader of these vectors."
    return signed(raw, {"comment": comment}, b"holdfast revoked devices")


def signed(raw, entries=None, external_aad=b""):
    """What stands in COSE bytes of tag 18 or 17, and what the signature or MAC is over."""
    parsed = cose.parse(raw)
    context = "MAC0" if raw[0] == 0xD1 else "Signature1"
    over = message.structure(context, parsed.protected_raw, external_aad, parsed.payload)
    entries = dict(entries or {})
    entries.update(
        {
            "bytes": raw.hex(),
            "payload": parsed.payload.hex(),
            "payload_diagnostic": show.said(parsed.payload),
            "protected": parsed.protected_raw.hex(),
            "tag": raw[0] & 0x1F,
        }
    )
    is_mac = context == "MAC0"
    entries["mac_structure" if is_mac else "sig_structure"] = over.hex()
    entries["mac" if is_mac else "signature"] = raw[-32 if is_mac else -64 :].hex()
    if external_aad:
        entries["external_aad"] = external_aad.hex()
        entries["external_aad_text"] = external_aad.decode()
    return entries
