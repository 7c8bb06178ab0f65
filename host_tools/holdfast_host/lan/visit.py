"""A visit to one node: under the context that is kept, or after a handshake.

What must never happen is a sequence number used twice. So numbers are taken in blocks: the end of
a block is on disk before its first number is used, and a crash, or another command at the same
time, wastes some and repeats none.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import UsageProblem
from ..phone.carrier import Carrier
from ..phone.client import Node, Rejected, introduce
from ..phone.clock import Shown
from ..phone.contexts import ContextStore, Partner, Session
from ..phone.unlock import Link
from ..phone.wallet import Identity, Wallet
from ..site import devices

_FOLDER = "lan"  # in the phone's
_BLOCK = 32  # sequence numbers


@dataclasses.dataclass(frozen=True)
class Met:
    """The node ``name`` that has proven itself, whom ``carrier`` asks; ``partner`` is what its
    certificate said, ``clock`` what its clock showed at ``asked_at`` by this computer's, give or
    take ``half_way_s``. ``has_handshake`` tells a new context from one that was kept.
    """

    name: str
    partner: Partner
    carrier: Carrier
    clock: Shown
    asked_at: float
    half_way_s: float
    has_handshake: bool


class Visitor:
    """Visits nodes with the credentials of a phone, each a holder's of ``identities``, with
    contexts kept in ``store``. ``now()`` is in seconds since 1970.
    """

    def __init__(
        self,
        identities: Sequence[Identity],
        store: ContextStore,
        now: Callable[[], float] = time.time,
    ):
        self._identities = identities
        self._store = store
        self._now = now

    @classmethod
    def of(cls, wallet: Wallet, site: str | None = None, folder: Path | None = None) -> "Visitor":
        """For the phone ``wallet``, which must be of ``site``; nodes that the register in the
        site's ``folder`` has revoked are met by nobody.
        """
        identities = wallet.identities()
        if site is not None and identities[0].site != site:
            raise UsageProblem(
                f"{wallet.folder} has a credential of site {identities[0].site!r}, not {site!r}",
                "give a phone that is enrolled at this site: --as PHONE_DIR",
            )
        if folder is not None:
            revoked = {c for one in devices.load(folder) if one.revoked for c in one.ctis}
            identities = [
                dataclasses.replace(one, revoked=one.revoked | revoked) for one in identities
            ]
        return cls(identities, ContextStore(wallet.folder / _FOLDER))

    def meet(self, link: Link, name: str = "") -> Met:
        """Whoever is at the other end of ``link``. If it is expected to be ``name``, it is asked
        under that one's context, if there is one.

        Raises LinkClosed, Rejected, Impostor.
        """
        if name:
            for identity in self._identities:
                met = self._again(link, name, identity)
                if met is not None:
                    return met
        now = int(self._now())
        checked = introduce(link.request, self._identities, Node(), now, carrying=True)
        token, node = checked.identity.token, checked.device.name
        # It is a small request that message_3 goes with, and afterwards both know each other.
        shown = self._asked_time(Carrier(link, checked.session, checked.message_3))
        # A number was used for it; a second one perhaps for an Echo.
        session = dataclasses.replace(checked.session, sequence_number=_BLOCK)
        self._store.keep(node, token, session)
        numbers = _Numbers(self._store, node, token, session)
        carrier = Carrier(link, session, number=numbers.take)
        return Met(node, session.partner, carrier, *shown, True)

    def _again(self, link: Link, name: str, identity: Identity) -> Met | None:
        def is_believed(partner: Partner) -> bool:
            return partner.cti not in identity.revoked

        session = self._store.reserve(name, identity.token, _BLOCK, is_believed)
        if session is None:
            return None
        numbers = _Numbers(self._store, name, identity.token, session, _BLOCK)
        carrier = Carrier(link, session, number=numbers.take)
        try:
            return Met(name, session.partner, carrier, *self._asked_time(carrier), False)
        except Rejected:
            # Perhaps somebody else's word: it costs a handshake.
            return None

    def _asked_time(self, carrier: Carrier) -> tuple[Shown, float, float]:
        begin = self._now()
        shown = carrier.time()
        half = (self._now() - begin) / 2
        return shown, begin + half, max(0.0, half)


class _Numbers:
    """The sequence numbers of ``session``, of which the first ``count`` are reserved."""

    def __init__(
        self, store: ContextStore, name: str, token: bytes, session: Session, count: int = 0
    ):
        self._store = store
        self._name = name
        self._token = token
        self._secret = session.master_secret
        self._next = session.sequence_number
        self._end = self._next + count

    def take(self) -> int:
        """One that nobody else has."""
        if self._next >= self._end:
            session = self._store.reserve(self._name, self._token, _BLOCK, self._is_ours)
            if session is None or session.master_secret != self._secret:
                raise UsageProblem(
                    f"another command has introduced itself to {self._name} meanwhile",
                    "run this one again",
                )
            self._next = session.sequence_number
            self._end = self._next + _BLOCK
        number = self._next
        self._next += 1
        return number

    def _is_ours(self, partner: Partner) -> bool:
        return True
