"""A board as whoever makes it one of a site sees it: the port that each way to reach one fills.

``local.py`` is a process on this machine, ``cabled.py`` a board over USB.
"""

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol

from cose import CRV_X25519, Key
from untrusted import InvalidInput

from ..credentials import keys
from ..errors import UsageProblem
from ..policy.history import History
from ..site.keys import Keys
from . import clock


@dataclasses.dataclass(frozen=True)
class Enrolled:
    """A board with its public ``keys`` and, once it is one of a site, their ``certificates``, by
    cipher suite, and what was found of its ``clock``.
    """

    keys: dict[int, Key]
    clock: clock.Found
    certificates: dict[int, bytes] = dataclasses.field(default_factory=dict)


class Running(Protocol):
    """A board that has started and serves."""

    @property
    def events(self) -> Sequence[dict]:
        """What it has said since it started; one of them is ``ready``."""
        ...

    def failure(self, since: int) -> UsageProblem:
        """Why it does not do what it should, from what it said from place ``since`` on."""
        ...

    def tell_time(self, door: str, opened: Keys, history: History, authority_key: Key) -> None:
        """Have the site's authority tell it the time, as a phone at this ``door`` brings it.

        Raises UsageProblem.
        """
        ...


class Board(Protocol):
    """A board whose files have names and are written whole or not at all. Everything raises
    UsageProblem.
    """

    def introduce(self) -> Enrolled:
        """Its public keys, which it makes at its first start, and its time; no settings are in
        force meanwhile.
        """
        ...

    def read(self, name: str) -> bytes | None:
        """One of its files; None if it is not there."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Put one of its files there, in the place of the one that is."""
        ...

    def remove(self, name: str) -> None:
        """Take one of its files away; harmless to repeat."""
        ...

    def rehearse(
        self, changed: Mapping[str, bytes]
    ) -> contextlib.AbstractContextManager[Running] | None:
        """The board as it would be with the files ``changed``, beside itself; None where it cannot
        be tried.
        """
        ...

    def start(self) -> contextlib.AbstractContextManager[Running]:
        """The board, started anew until it serves."""
        ...


def introduced(said: Mapping[str, object], begun: float, heard: float) -> Enrolled:
    """What a board ``said`` that has no settings, between two times by this machine's clock.

    Raises KeyError, TypeError, ValueError and InvalidInput for what is no such word.
    """
    key, second = said["public_key"], said.get("p256_public_key")
    if not isinstance(key, str) or not isinstance(second, str | None):
        raise TypeError("a key that is no text")
    found = {0: Key.okp(CRV_X25519, bytes.fromhex(key))}
    # Firmware from before there were two keys names one.
    if second is not None:
        found[2] = keys.p256_key(bytes.fromhex(second))
    # Firmware from before boards said it does not say it.
    told = clock.compare(said["time"], begun, heard) if "time" in said else clock.unsaid()
    return Enrolled(found, told)


NO_WORD = (KeyError, TypeError, ValueError, InvalidInput)  # what ``introduced`` raises
