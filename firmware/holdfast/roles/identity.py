"""Who a device is, of whatever role and platform: its keys and settings. Nothing here decides."""

import crypto
from untrusted import InvalidInput

from ..node.device_keys import check as check_keys
from ..storage.keys import KeyStore
from ..storage.settings import SettingsStore


class NotReady(Exception):
    """It cannot be a node yet; ``fields`` is what the console says of it."""

    def __init__(self, fields: dict):
        self.fields = fields


def load(home: str, random_bytes, hardware, mount, anchors, suits) -> tuple:
    """``(Settings, X25519 key, P-256 key or None)`` of what lies in the directory ``home``; the
    keys are made at the first start.

    ``mount()`` has the directory of what the device remembers be there, None if it is; it may
    raise OSError. ``anchors(held, private_key)`` gives the authority's keys that are in force
    (cose.Key), ``suits(settings)`` raises InvalidInput for what this role cannot go by.

    Raises NotReady where there are no settings yet (``unprovisioned``), where keys or settings
    cannot be gone by (``settings_refused``), or where nothing can be mounted
    (``storage_refused``). Settings that were brought and are not taken are told to
    ``hardware.console``.
    """

    def p256_key(settings):
        return None if settings.p256_certificate is None else keys.p256_private_key()

    def check(settings):
        suits(settings)
        check_keys(settings, None, private_key, p256_key(settings))

    try:
        keys = KeyStore(home, random_bytes)
        private_key = keys.private_key()
        store = SettingsStore(home, private_key, random_bytes)
        settings = store.load() or store.take(check=check)
        if settings is None:
            fields = {
                "event": "unprovisioned",
                "public_key": crypto.x25519_public_key(private_key).hex(),
                "p256_public_key": crypto.p256_public_key(keys.p256_private_key()).hex(),
                "time": hardware.clock.seconds(),
                "next": "put settings.cbor with a certificate for each key beside device.key",
            }
            raise NotReady(fields)
        suits(settings)
        try:
            if mount is not None:
                mount()
        except OSError as error:
            raise NotReady({"event": "storage_refused", "reason": str(error)})
        settings = store.take(settings, lambda held: anchors(held, private_key), check) or settings
        if settings.refused:
            told = {"event": "settings_refused", "reason": settings.refused}
            told["in_force"] = settings.number
            hardware.console.line(told)
        return settings, private_key, p256_key(settings)
    except (InvalidInput, OSError) as error:
        raise refused(error)


def refused(error) -> NotReady:
    """That keys or settings cannot be gone by, for the reason that ``error`` says."""
    return NotReady({"event": "settings_refused", "reason": str(error)})
