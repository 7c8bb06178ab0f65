"""Events to a webhook: POST with a JSON array of them, and a key by which a repeat is known.

``Idempotency-Key`` is the same for the same events, and each event has its ``id`` besides. What
answers with 2xx has them; 408, 425, 429 and 5xx are tried again, and everything else is the end.
"""

import base64
import hashlib
import http.client
import json
import ssl
import time
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, unquote

from ...errors import UsageProblem
from .target import Told, unproven

_TIMEOUT_S = 30
_TRIES = 5
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_MOST_BODY = 1 << 16
_LONGEST_WAIT_S = 60


class WebhookTarget:
    """The URL in ``parts``; user and password there go as Basic authentication."""

    def __init__(self, parts: SplitResult, sleep: Callable[[float], object] = time.sleep):
        self._host, self._port = parts.hostname or "", parts.port
        self._is_tls = parts.scheme == "https"
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Content-Type": "application/json", "User-Agent": "holdfast"}
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        self._sleep = sleep
        self._connection: http.client.HTTPConnection | None = None

    def put(self, events: Sequence[Told]) -> None:
        """One request, repeated as long as it may help."""
        body = json.dumps([dict(one) for one in events], allow_nan=False).encode()
        ids = "\n".join(str(one["id"]) for one in events)
        key = hashlib.sha256(ids.encode()).hexdigest()
        headers = {**self._headers, "Idempotency-Key": key}
        why = ""
        for attempt in range(_TRIES):
            if attempt:
                self._sleep(min(2**attempt, _LONGEST_WAIT_S))
            try:
                status, why = self._post(body, headers)
            except ssl.SSLCertVerificationError as error:
                self.close()
                raise unproven(f"the webhook at {self._host}", error.verify_message) from error
            except (OSError, http.client.HTTPException) as error:
                self.close()
                why = str(error) or type(error).__name__
                continue
            if 200 <= status < 300:
                return
            if status not in _AGAIN:
                break
        raise UsageProblem(
            f"the webhook at {self._host} does not take events: {why}",
            "see what it says of that; then run it again, which goes on where this ended",
        )

    def last(self, log: str) -> int | None:
        """Nobody asks: what is there already is known by its id."""

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._is_tls else http.client.HTTPConnection
            self._connection = kind(self._host, self._port, timeout=_TIMEOUT_S)
        self._connection.request("POST", self._path, body, headers)
        answer = self._connection.getresponse()
        # Nobody says that much; the rest is not read.
        if len(answer.read(_MOST_BODY)) == _MOST_BODY:
            self.close()
        return answer.status, f"it answers {answer.status} {answer.reason}"
