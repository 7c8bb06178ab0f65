"""Where events are sent to: by the URL, one of the kinds beside this."""

from urllib.parse import SplitResult, urlsplit

from ...errors import UsageProblem
from .target import Target, shown

KINDS = "postgresql+psycopg://, mqtt://, mqtts://, https://, http:// or a file: out.jsonl"


def opened(url: str, site: str) -> Target:
    """The target at ``url`` for events of that ``site``; each kind loads its own library."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a number, or ValueError
    except ValueError as error:
        raise UsageProblem(f"{shown(url)!r} is no URL: {error}", f"give {KINDS}") from error
    if parts.scheme == "postgresql+psycopg":
        from .postgres import PostgresTarget

        return PostgresTarget(url)
    if parts.scheme in ("mqtt", "mqtts"):
        from .mqtt import MqttTarget

        return MqttTarget(_with_host(parts, url), site)
    if parts.scheme in ("http", "https"):
        from .webhook import WebhookTarget

        return WebhookTarget(_with_host(parts, url))
    if parts.scheme in ("", "file"):
        from .lines import LinesTarget

        return LinesTarget(parts.path if parts.scheme else url)
    raise UsageProblem(f"nothing is known that is called {parts.scheme}://", f"give {KINDS}")


def _with_host(parts: SplitResult, url: str) -> SplitResult:
    if not parts.hostname:
        raise UsageProblem(f"{shown(url)!r} names no host", f"give {KINDS}")
    return parts
