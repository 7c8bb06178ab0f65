"""The authority's word for the time, brought over a link: asked for, signed, taken, looked at."""

import dataclasses
import time
from collections.abc import Collection

from cose import Key
from holdfast.access.clock import word

from ..errors import UsageProblem
from ..policy.history import History
from . import clock
from .carrier import Carrier
from .client import Checked

_ERROR_S = 2  # of the machine this runs on, which a time service keeps


@dataclasses.dataclass(frozen=True)
class PutRight:
    """The ``node`` whose clock was ``set_to`` a time (seconds since 1970); what it showed before,
    and shows now.
    """

    node: str
    set_to: int
    before: clock.Shown
    after: clock.Shown

    @property
    def facts(self) -> dict[str, object]:
        """It for a machine."""
        return dataclasses.asdict(self)


def put_right(
    carrier: Carrier,
    checked: Checked,
    signing_key: Key,
    history: History,
    revoked: Collection[str] = (),
) -> PutRight:
    """Have the reader that is ``checked`` ask, and the authority with this ``signing_key`` answer
    with this machine's time, if it is one of the site and goes by its policy ``history``.

    Raises UsageProblem: nothing is signed for it, it refuses, or shows another time afterwards.
    """
    before = carrier.time()
    question = carrier.ask_time()
    clock.require_ours(question, history, checked, revoked)
    now = int(time.time())
    made = (question.node, question.nonce, question.head, now)
    carrier.put_word(word.make(signing_key, history.site, *made))
    after = carrier.time()
    off = None if after.time is None else abs(after.time - int(time.time()))
    if off is None or off > after.uncertainty_s + _ERROR_S:
        raise UsageProblem(
            f"the reader took the authority's word, and shows: {after.text}",
            "look at its events, and report this reader",
        )
    return PutRight(question.node, now, before, after)
