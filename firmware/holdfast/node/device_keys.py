"""Which keys this device has, and whether its certificates are for them."""

import crypto
from cose import cwt
from untrusted import InvalidInput

from ..access import Refused, Trust, reason
from ..access.credential import ROLE_CARRIER, ROLE_CONTROLLER, ROLE_READER
from ..storage.settings import SettingsError


class RenewalRefused(InvalidInput):
    """A certificate that this device does not go on with; the text says why."""


class DeviceKeys:
    """``entries`` are (cipher suite, private key of 32 bytes, certificate), X25519 first, always.

    ``issued_at`` is when the last of the certificates was issued, ``expires`` when the first ends,
    in seconds since 1970.
    """

    def __init__(self):
        self.entries = []
        self._devices = {}

    @property
    def issued_at(self):
        """None if no certificate says."""
        times = [device.issued_at for device in self._devices.values()]
        return max([time for time in times if time is not None], default=None)

    @property
    def expires(self) -> int:
        return min([device.expires for device in self._devices.values()])

    @property
    def suites(self) -> list:
        """Of its keys, in order."""
        return [suite for suite, _, _ in self.entries]

    def device(self, suite: int):
        """The access.Device that the certificate in force says it is, None without such a key."""
        return self._devices.get(suite)

    def certificate(self, suite: int) -> bytes:
        """The one in force."""
        return self.entries[self.suites.index(suite)][2]

    def put(self, device, private_key: bytes, certificate: bytes):
        """Let ``certificate`` be in force, which was checked and says ``device``."""
        entry = device.suite, private_key, certificate
        if device.suite in self._devices:
            self.entries[self.suites.index(device.suite)] = entry
        else:
            self.entries.append(entry)
        self._devices[device.suite] = device

    def put_renewed(self, device, certificate: bytes):
        """Let the ``certificate`` be in force that ``renewed`` said is ``device``'s."""
        self.put(device, self.entries[self.suites.index(device.suite)][1], certificate)

    def renewed(self, raw: bytes, settings, rules):
        """The Device that ``raw`` says, a later certificate for one of these keys; None if it is
        the one in force.

        ``rules`` are the SiteRules in force, one of whose anchors must have signed it. Raises
        RenewalRefused.
        """
        if raw in [certificate for _, _, certificate in self.entries]:
            return None
        try:
            # What costs nothing comes first: anybody who is believed may bring one.
            key = cwt.parse(raw).claims.cnf
        except InvalidInput as error:
            raise RenewalRefused("no certificate: " + str(error))
        mine = [one for one in self._devices.values() if _is_same(one.key, key)]
        if not mine:
            raise RenewalRefused("the certificate is for another device's key")
        device = _checked(settings, rules.anchors, (mine[0].role,), raw, RenewalRefused)
        before = mine[0].issued_at
        if device.issued_at is None or before is not None and device.issued_at <= before:
            raise RenewalRefused("the certificate is not later than the one in force")
        if rules.revocations.is_revoked(device.cti):
            raise RenewalRefused("the certificate was revoked")
        return device


def check(settings, role, private_key: bytes, p256_private_key=None) -> DeviceKeys:
    """The DeviceKeys that ``settings`` have certificates for: the X25519 one, and the P-256 one if
    there is one. They must be of the ``role`` that it is to have; None for that of a node that
    decides, or one that carries, as the settings say.

    A board with a certificate that no phone will believe must not look ready: SettingsError.
    """
    keys = DeviceKeys()
    public = crypto.x25519_public_key(private_key)
    roles = (role,)
    if role is None:
        roles = (ROLE_CARRIER,) if settings.carries else (ROLE_READER, ROLE_CONTROLLER)
    device = _put(keys, settings, roles, settings.certificate, private_key, public)
    if settings.p256_certificate is not None:
        if p256_private_key is None:
            raise SettingsError("settings: a certificate for a P-256 key, which is not there")
        public = crypto.p256_public_key(p256_private_key)
        # Two keys of one device do not differ in what it is.
        roles = (device.role,)
        _put(keys, settings, roles, settings.p256_certificate, p256_private_key, public)
    return keys


def _put(keys, settings, roles, certificate, private_key, public_key):
    device = _checked(settings, settings.authority_keys, roles, certificate, SettingsError)
    # Of a point strangers' libraries want y too, whole.
    shown = device.key.x
    if isinstance(device.key.y, bytes):
        shown += device.key.y
    if shown != public_key:
        raise SettingsError("settings: certificate is for another board's key")
    keys.put(device, private_key, certificate)
    return device


def _checked(settings, anchors, roles, certificate, problem):
    try:
        device = Trust(settings.site, anchors).authenticate_device(certificate)
    except Refused as refused:
        raise problem("certificate refused: " + reason.name(refused.reason))
    if device.name != settings.node or device.role not in roles:
        raise problem("certificate is not for this node, " + settings.node)
    for door, _ in settings.doors:
        if door not in device.doors:
            raise problem("certificate does not speak for door " + door)
    return device


def _is_same(key, other):
    return other is not None and (key.kty, key.crv, key.x, key.y) == (
        other.kty,
        other.crv,
        other.x,
        other.y,
    )
