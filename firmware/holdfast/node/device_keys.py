"""Which keys this device has, and whether its certificates are for them."""

import crypto

from ..access import Refused, Trust, reason
from ..access.credential import ROLE_READER
from ..storage.settings import SettingsError


def check(settings, private_key: bytes, p256_private_key=None) -> tuple:
    """([(cipher suite, private key, certificate), ...], the Device that it is).

    The X25519 key comes first, always; the P-256 one if ``settings`` has a certificate for it. A
    board with a certificate that no phone will believe must not look ready: SettingsError.
    """
    public = crypto.x25519_public_key(private_key)
    device = _device(settings, settings.certificate, public)
    keys = [(device.suite, private_key, settings.certificate)]
    if settings.p256_certificate is not None:
        if p256_private_key is None:
            raise SettingsError("settings: a certificate for a P-256 key, which is not there")
        public = crypto.p256_public_key(p256_private_key)
        second = _device(settings, settings.p256_certificate, public)
        keys.append((second.suite, p256_private_key, settings.p256_certificate))
    return keys, device


def _device(settings, certificate, public_key):
    trust = Trust(settings.site, settings.authority_keys)
    try:
        device = trust.authenticate_device(certificate)
    except Refused as refused:
        raise SettingsError("settings: certificate refused: " + reason.name(refused.reason))
    if device.name != settings.node or device.role != ROLE_READER:
        raise SettingsError("settings: certificate is not for the reader " + settings.node)
    for door, _ in settings.doors:
        if door not in device.doors:
            raise SettingsError("settings: certificate does not speak for door " + door)
    # Of a point strangers' libraries want y too, whole.
    shown = device.key.x
    if isinstance(device.key.y, bytes):
        shown += device.key.y
    if shown != public_key:
        raise SettingsError("settings: certificate is for another board's key")
    return device
