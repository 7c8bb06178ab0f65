"""What takes events, and how it is called."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from ...errors import UsageProblem

Told = Mapping[str, object]


class Target(Protocol):
    """Takes events. Each has an ``id``, by which what comes twice is known to be the same."""

    def put(self, events: Sequence[Told]) -> None:
        """Return when the other side has all of ``events``. Raises UsageProblem."""

    def last(self, log: str) -> int | None:
        """The number of the last event of that log that is there; None if nobody can say."""

    def close(self) -> None:
        """Nothing more comes."""


def shown(url: str) -> str:
    """The URL for a person and for what is kept: without user and password."""
    parts = urlsplit(url)
    if not parts.netloc or "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def unproven(who: str, why: str) -> UsageProblem:
    """What to say of ``who`` answers by TLS with a certificate that does not count: ``why``."""
    return UsageProblem(
        f"{who} does not take events: its certificate does not count: {why}",
        "name it as its certificate does; is that of an authority of your own, SSL_CERT_FILE names"
        " the file with that one's",
    )
