"""What every reader does at its start, whatever its platform: who it is, and what was brought."""

import crypto
from untrusted import InvalidInput

from ..storage import settings as stored_settings
from ..storage.keys import KeyStore
from ..storage.policy import file as policy_file


class NotReady(Exception):
    """It cannot be a reader yet; ``fields`` is what the console says of it."""

    def __init__(self, fields: dict):
        self.fields = fields


def identity(home: str, random_bytes, now) -> tuple:
    """``(Settings, X25519 key, P-256 key or None)`` of what lies in the directory ``home``; the
    keys are made at the first start. ``now`` is what the board's own clock says.

    Raises NotReady where there are no settings yet (``unprovisioned``), or where keys or settings
    cannot be gone by (``settings_refused``).
    """
    try:
        keys = KeyStore(home, random_bytes)
        private_key = keys.private_key()
        settings = stored_settings.load(home)
        if settings is None:
            fields = {
                "event": "unprovisioned",
                "public_key": crypto.x25519_public_key(private_key).hex(),
                "p256_public_key": crypto.p256_public_key(keys.p256_private_key()).hex(),
                "time": now,
                "next": "put settings.cbor with a certificate for each key beside device.key",
            }
            raise NotReady(fields)
        p256_private_key = None
        if settings.p256_certificate is not None:
            p256_private_key = keys.p256_private_key()
    except (InvalidInput, OSError) as error:
        raise NotReady({"event": "settings_refused", "reason": str(error)})
    return settings, private_key, p256_private_key


def follow_policy(reader, path: str):
    """Bring ``reader`` to what is in the policy.cbor at ``path``, if there is one.

    A file that is no good changes nothing: the reader goes on with the policy that it has.
    """
    try:
        policy_file.apply(path, reader.stores.policies(), reader.apply)
    except (InvalidInput, OSError) as error:
        fields = {"event": "policy_file_refused", "reason": str(error)}
        reader.hardware.console.line(fields)
    reader.keep_up()  # a snapshot goes past follow


def add_state(reader, description: dict):
    """Add to what a reader says once it serves by which policy and clock it goes."""
    rules = reader.stores.rules
    description["policy"] = [rules.number, rules.head.hex()]
    clock = reader.timekeeper.read()
    description["time"], description["clock"] = clock.now, clock.source
