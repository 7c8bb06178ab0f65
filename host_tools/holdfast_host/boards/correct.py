"""A reader that kept a time from before it was enrolled, and thinks that it is right.

What it is told of its clock is for the time from the enrolment on. What it has heard before, its
floor above all, nothing lowers but the authority's fresh word: so it is given that, at once.
"""

import os
import time
from collections.abc import Mapping

from cose import Key
from holdfast.access.place import DOOR

from ..credentials import issuing
from ..phone.carrier import Carrier
from ..phone.link import CHUNK, TcpLink
from ..phone.wallet import Identity, new_key
from ..phone.word import put_right
from ..policy.history import History
from ..site.keys import Keys
from . import clock

_TRUSTED = ("rtc", "peer", "authority")
_OFF_S = 60  # a reader that goes by the host's time is nearer to it, however slow the machine
_LASTS_S = 600


def is_needed(ready: Mapping[str, object], found: clock.Found, now: int) -> bool:
    """Whether a reader that says ``ready`` goes by another time than ``now``, this machine's,
    although its clock was ``found`` to be what it is. False if it does not say its time.
    """
    said = ready.get("time")
    if type(said) is not int:
        return False
    if ready.get("clock") in _TRUSTED:
        return abs(said - now) > _OFF_S
    # One that has only a floor, and no clock, waits for the time. It must not wait for years.
    return said > now + _OFF_S or found.standing in (clock.RIGHT, clock.SET)


def correct(port: int, door: str, opened: Keys, history: History, authority_key: Key) -> None:
    """Have the authority tell the time to the reader of ``door`` that listens on ``port``.

    With a phone made for it, which opens nothing afterwards. Raises UsageProblem.
    """
    now = int(time.time())
    secret = new_key(0)
    grant = issuing.Grant(
        site=history.site,
        holder="enrolment",
        holder_key=Key.from_map(secret.to_map()),
        places=[(DOOR, door)],
        issued_at=now,
        expires=now + _LASTS_S,
        cti=os.urandom(8),
    )
    token = issuing.holder_credential(opened.authority.signing_key, grant)
    phone = Identity(secret.d or b"", token, history.site, authority_key)
    with TcpLink.connect("127.0.0.1", port, chunk=CHUNK) as link:
        carrier, checked = Carrier.introduced(link, [phone], door, now)
        put_right(carrier, checked, opened.authority.signing_key, history)
