"""What every reader does at its start, whatever its platform: who it is, and what was brought."""

import crypto
from untrusted import InvalidInput

from ..access.credential import ROLE, ROLE_CONTROLLER
from ..access.trust import Trust
from ..node.device_keys import check as check_keys
from ..node.stores import Stores
from ..storage import let_go
from ..storage.keys import KeyStore
from ..storage.policy import file as policy_file
from ..storage.settings import SettingsStore


class NotReady(Exception):
    """It cannot be a reader yet; ``fields`` is what the console says of it."""

    def __init__(self, fields: dict):
        self.fields = fields


def identity(home: str, state: str, random_bytes, hardware, mount) -> tuple:
    """``(Settings, X25519 key, P-256 key or None)`` of what lies in the directory ``home``; the
    keys are made at the first start, and after a reset to the factory, which is done here if
    somebody has asked for it. ``mount()`` has the directory ``state``, of what the device
    remembers, be there; it may raise OSError.

    Raises NotReady where there are no settings yet (``unprovisioned``), where keys or settings
    cannot be gone by (``settings_refused``), or where there is no ``state`` (``storage_refused``).
    What came of a reset, and settings that were brought and are not taken, are told to
    ``hardware.console``.
    """
    try:
        is_mounted = _reset(home, state, hardware.console, mount)
    except OSError as error:
        raise NotReady({"event": "storage_refused", "reason": str(error)})

    def p256_key(settings):
        return None if settings.p256_certificate is None else keys.p256_private_key()

    def check(settings):
        check_keys(settings, private_key, p256_key(settings))

    def anchors(held):
        return Stores(state, held, private_key, random_bytes, _ignore).rules.anchors

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
        try:
            if not is_mounted:
                mount()
        except OSError as error:
            raise NotReady({"event": "storage_refused", "reason": str(error)})
        settings = store.take(settings, anchors, check) or settings
        if settings.refused:
            told = {"event": "settings_refused", "reason": settings.refused}
            told["in_force"] = settings.number
            hardware.console.line(told)
        return settings, private_key, p256_key(settings)
    except (InvalidInput, OSError) as error:
        raise refused(error)


def is_controller(settings) -> bool:
    """Whether the device's certificate says that it is a controller.

    Of settings that are in force, so it was verified; whoever makes a Node verifies it again.
    """
    token = Trust(settings.site, settings.authority_keys).read(settings.certificate)
    return token.claims.other.get(ROLE) == ROLE_CONTROLLER


def _reset(home, state, console, mount) -> bool:
    """Back to the factory, if somebody has asked for it. Says whether it has mounted."""
    from ..storage import factory_reset

    try:
        if factory_reset.standing(home) == factory_reset.NONE:
            return False
        mount()
        done, events = factory_reset.carry_out(home, state)
        if done:
            console.line({"event": "reset", "events_given_up": events})
        else:
            told = {"event": "reset_refused", "events": events}
            told["reason"] = "%d events are not acknowledged" % events
            console.line(told)
        return True
    finally:
        let_go(factory_reset)


def refused(error) -> NotReady:
    """That keys or settings cannot be gone by, for the reason that ``error`` says."""
    return NotReady({"event": "settings_refused", "reason": str(error)})


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


def _ignore(piece, error):
    pass  # whoever is to hear of it opens the same again
