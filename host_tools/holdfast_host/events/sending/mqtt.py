"""Events to a broker of MQTT: a message each, with QoS 1, so that the broker has said of each that
it has it. A subscriber knows a repeat by the ``id``.

The topic is ``holdfast/SITE/NODE/events``, or what the URL names: mqtts://host/doors/events.
"""

import asyncio
import json
import ssl
from collections.abc import Sequence
from urllib.parse import SplitResult, unquote

import aiomqtt

from ...errors import UsageProblem
from .target import Told, unproven

_TIMEOUT_S = 30.0
_AT_ONCE = 20  # messages that wait for the broker's word
_NOT_IN_A_TOPIC = str.maketrans("/+#\0", "____")


class MqttTarget:
    """The broker in ``parts``, for events of the ``site``; mqtts is MQTT over TLS."""

    def __init__(self, parts: SplitResult, site: str):
        self._host = parts.hostname or ""
        self._site = site.translate(_NOT_IN_A_TOPIC)
        self._topic = parts.path.strip("/")
        is_tls = parts.scheme == "mqtts"
        self._runner = asyncio.Runner()
        self._is_connected = False
        self._client = self._run(self._connected(parts, is_tls))
        self._is_connected = True

    def put(self, events: Sequence[Told]) -> None:
        """Return when the broker has acknowledged each."""
        self._run(self._publish(events))

    def last(self, log: str) -> int | None:
        """Nobody asks: what is there already is known by its id."""

    def close(self) -> None:
        """Say goodbye to the broker."""
        if self._is_connected:
            self._is_connected = False
            try:
                self._run(self._client.__aexit__(None, None, None))
            finally:
                self._runner.close()

    async def _connected(self, parts: SplitResult, is_tls: bool) -> aiomqtt.Client:
        # Made here: it wants the loop that it will run in.
        client = aiomqtt.Client(
            self._host,
            parts.port or (8883 if is_tls else 1883),
            username=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            tls_context=ssl.create_default_context() if is_tls else None,
            timeout=_TIMEOUT_S,
            max_inflight_messages=_AT_ONCE,
        )
        return await client.__aenter__()

    async def _publish(self, events: Sequence[Told]) -> None:
        for first in range(0, len(events), _AT_ONCE):
            async with asyncio.TaskGroup() as group:
                for one in events[first : first + _AT_ONCE]:
                    payload = json.dumps(dict(one), allow_nan=False).encode()
                    group.create_task(self._client.publish(self._of(one), payload, qos=1))

    def _of(self, one: Told) -> str:
        if self._topic:
            return self._topic
        node = str(one["node"]).translate(_NOT_IN_A_TOPIC)
        return f"holdfast/{self._site}/{node}/events"

    def _run(self, doing):
        try:
            return self._runner.run(doing)
        except (aiomqtt.MqttError, OSError, ExceptionGroup) as error:
            inner: BaseException = error
            while isinstance(inner, ExceptionGroup):
                inner = inner.exceptions[0]
            for one in (inner, inner.__cause__, inner.__context__):
                if isinstance(one, ssl.SSLCertVerificationError):
                    raise unproven(f"the broker at {self._host}", one.verify_message) from error
            raise UsageProblem(
                f"the broker at {self._host} does not take events: {inner}",
                "check its address, user and password, and what it allows; then run it again,"
                " which goes on where this ended",
            ) from error
