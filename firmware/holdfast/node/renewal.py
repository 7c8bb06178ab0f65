"""Later certificates for the keys that a node has: kept, and in force without a restart."""

from untrusted import InvalidInput

from ..access.events.event import CERTIFICATE_RENEWED


def renew(node, raw: bytes) -> bool:
    """Let ``node`` go on with the later certificate ``raw``; False if it is in force.

    Raises RenewalRefused, and OSError.
    """
    device = node.keys.renewed(raw, node.settings, node.stores.rules)
    if device is None:
        return False
    # On flash first: what is in force is so after a restart, too.
    try:
        node.stores.certificates().write(device.suite, raw)
    except OSError as error:
        node.stores.fault("certificates", error)
        raise
    node.stores.fault("certificates", None)
    node.keys.put_renewed(device, raw)
    node.handshakes.show(node.keys.entries)
    node.timekeeper.heard_signed(device.issued_at, "certificate")
    fields = {"issued": device.issued_at, "expires": device.expires}
    node.recorder.note(CERTIFICATE_RENEWED, fields)
    return True


def load(node, rules):
    """Let those be in force that ``node`` has kept, as far as they are sound by ``rules`` and
    later than those of its settings. Flash that fails is told as a fault.
    """
    is_renewed = False
    try:
        stored = node.stores.certificates()
        for suite in node.keys.suites:
            raw = stored.read(suite)
            device = None if raw is None else _sound(node, rules, raw)
            if device is not None and device.suite == suite:
                node.keys.put_renewed(device, raw)
                is_renewed = True
    except OSError as error:
        node.stores.fault("certificates", error)
    if is_renewed:
        node.handshakes.show(node.keys.entries)
        node.timekeeper.heard_signed(node.keys.issued_at or 0, "certificate")


def _sound(node, rules, raw):
    try:
        return node.keys.renewed(raw, node.settings, rules)
    except InvalidInput:
        return None  # of an authority that is no more, or older than the settings
