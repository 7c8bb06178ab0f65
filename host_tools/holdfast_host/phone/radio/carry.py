"""A visit by radio of who carries for the site: to the proven reader of the door."""

from ...errors import LinkClosed, UsageProblem
from ..carrier import Carrier
from ..client import Checked
from ..link import ANSWER_SECONDS, CHUNK
from ..wallet import Wallet
from .bluetooth import NoBluetooth
from .radio import Radio, RadioLink
from .readers import Reader

_SECONDS = 10.0  # that the reader is looked for


def introduced(
    radio: Radio, wallet: Wallet, door: str, now: int, address: str | None = None
) -> tuple[RadioLink, Carrier, Checked]:
    """A link to the reader of ``door``, a carrier over it, and what the handshake gave.

    Readers are tried as for an unlock, those that were lost a second time; the one at ``address``
    alone, if that is given. Raises NoBluetooth, or what was wrong with a reader.
    """
    left = radio.find(wallet.identity().site, door, _SECONDS, address)
    problems: list[UsageProblem] = []
    for answer_seconds in (5.0, ANSWER_SECONDS):
        lost: list[Reader] = []
        for reader in left:
            link = None
            try:
                link = radio.connect(reader, CHUNK)
                link.answer_seconds = answer_seconds
                carrier, checked = Carrier.introduced(link, wallet.identities(), door, now)
            except UsageProblem as problem:
                if link is not None:
                    link.close()
                if isinstance(problem, NoBluetooth):
                    raise
                problems.append(problem)
                if isinstance(problem, LinkClosed):
                    lost.append(reader)
                continue
            link.answer_seconds = ANSWER_SECONDS
            return link, carrier, checked
        left = lost
    raise next((one for one in problems if not isinstance(one, LinkClosed)), problems[-1])
