"""What a reader serves besides its door. Loaded when somebody asks: who opens it asks for none."""


def find(reader, path: tuple):
    """The resource of the Reader at ``path``, a tuple of bytes, or None."""
    if path == (b"policy",):
        from .policy import PolicyResource

        return PolicyResource(reader.stores.policies, reader.may, reader.follow)
    if path == (b"events",):
        from .events import EventsResource

        return EventsResource(
            reader.stores.events, reader.may, reader.recorder, reader.timekeeper.uptime
        )
    if path == (b"events", b"left"):
        from .events import EventsResource

        # Of the place that the board has left: of another start, so that all are late.
        return EventsResource(reader.stores.left_events, reader.may, reader.recorder, _no_uptime)
    if path == (b"time",):
        from .time import TimeResource

        return TimeResource(reader.timekeeper.read, reader.told_time, reader.may)
    if path == (b"certificate",):
        from .certificate import CertificateResource

        return CertificateResource(lambda: reader.keys.certificate(0), reader.renew)
    if path == (b"status",):
        from ..version import VERSION
        from .status import StatusResource

        return StatusResource(
            reader.settings.doors[0][0],
            VERSION,
            reader.timekeeper.read,
            lambda: reader.stores.rules,
            reader.timekeeper.uptime,
            reader.may,
            lambda: reader.keys.expires,
        )
    return None


def _no_uptime():
    return None
