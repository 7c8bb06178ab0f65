"""A reader's events as somebody collected them: its log, its certificate and the files."""

import os
import time

import crypto
import small_log as small
from cose import CRV_X25519, Key
from holdfast_host.credentials import issuing
from holdfast_host.events.files import encode

DEVICE = b"\x77" * 32


def certificate(authority, **changes):
    """A reader's, sound unless changed."""
    now = int(time.time())
    fields = {
        "site": "acme",
        "node": "front-reader",
        "doors": ["front"],
        "device_key": Key.okp(CRV_X25519, crypto.x25519_public_key(DEVICE)),
        "issued_at": now,
        "expires": now + 86400,
        "cti": bytes(8),
    }
    return issuing.device_certificate(authority.signing_key, **{**fields, **changes})


class Collector:
    """A reader's log, and what somebody saved of it."""

    def __init__(self, folder, authority, secret, device=DEVICE, door="front"):
        audit = crypto.x25519_public_key(secret.audit_key())
        self.folder = folder
        self.log = small.EventLog(str(folder / "log"), audit, device, os.urandom, 9000, 1000)
        key = Key.okp(CRV_X25519, crypto.x25519_public_key(device))
        self.certificate = certificate(
            authority, device_key=key, node=f"{door}-reader", doors=[door]
        )

    def save(self, name="a.events", after=-1):
        path = self.folder / name
        path.write_bytes(encode(self.certificate, self.log.batch(after, small.ALL, 10**6)))
        return path
