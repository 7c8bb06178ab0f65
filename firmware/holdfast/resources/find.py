"""What a reader serves besides its door. Loaded when somebody asks: who opens it asks for none."""

from coap import Message, code

from ..access import reason
from . import exchange


class _ForHolders:
    """``resource`` for whom the site's authority knows.

    The key of a guest's token lies in every node of its zone: whoever takes one off its wall makes
    such tokens. They are worth an unlock, and no other request: 4.03.
    """

    def __init__(self, resource):
        self._resource = resource

    def __getattr__(self, name):
        found = getattr(self._resource, name)
        if not callable(getattr(self._resource, name)):
            return found

        async def method(request, peer) -> Message:
            if peer.credential.guest:
                return exchange.forbidden(reason.ACTION_NOT_ALLOWED)
            return await found(request, peer)

        return method


class _NoCopies:
    """Whoever takes events home asks each node of whom it has copies, and only a collector has
    any: that is an answer, 4.04, and nobody was refused.
    """

    async def get(self, request, peer) -> Message:
        return Message(code.NOT_FOUND)


def find(reader, path: tuple):
    """The resource of the Reader at ``path``, a tuple of bytes, or None."""
    found = _find(reader, path)
    return None if found is None else for_holders(found)


def for_holders(resource):
    """``resource`` for everybody but guests."""
    return _ForHolders(resource)


def _find(reader, path):
    if path == (b"policy",):
        from .policy import PolicyResource

        return PolicyResource(reader.stores.policies, reader.may, reader.apply_in_steps)
    if path == (b"policy", b"snapshot"):
        from .snapshot import SnapshotResource

        return SnapshotResource(reader.stores.policies, reader.may)
    if path == (b"events",):
        from .events import EventsResource

        return EventsResource(
            reader.stores.events, reader.may, reader.recorder, reader.timekeeper.uptime
        )
    if path == (b"events", b"left"):
        from .events import EventsResource

        # Of the place that the board has left: of another start, so that all are late.
        return EventsResource(reader.stores.left_events, reader.may, reader.recorder, _no_uptime)
    if path == (b"events", b"of"):
        return _NoCopies()
    if path == (b"time",):
        from .time import TimeResource

        return TimeResource(reader)
    if path == (b"carry",):
        from .carry import CarryResource

        return CarryResource(reader.carriers, reader.may)
    if path == (b"certificate",):
        from .certificate import CertificateResource

        return CertificateResource(lambda: reader.keys.certificate(0), reader.renew)
    if path == (b"status",):
        from ..version import VERSION
        from .status import StatusResource

        doors = reader.settings.doors
        name = doors[0][0] if doors else reader.settings.node
        unit = reader.doors.get(name)
        return StatusResource(
            name,
            VERSION,
            reader.timekeeper.read,
            lambda: reader.stores.rules,
            reader.timekeeper.uptime,
            reader.may,
            lambda: reader.keys.expires,
            lambda: reader.stores.faults().all(),
            getattr(reader.hardware, "life", None),
            unit and unit.watched,
            reader.neighbours and reader.neighbours.status,
        )
    return None


def _no_uptime():
    return None
