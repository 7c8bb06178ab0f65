"""Who gets events that are sent elsewhere: a webhook, and a subscriber of a broker of MQTT."""

import asyncio
import contextlib
import http.server
import json
import threading

import aiomqtt

import mqtt_broker


class Hook(http.server.BaseHTTPRequestHandler):
    """A webhook that says to each request what ``answers`` has next; 204 after that."""

    protocol_version = "HTTP/1.1"
    answers: list = []
    got: list = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.answers.pop(0) if self.answers else 204
        type(self).got.append((status, self.headers["Idempotency-Key"], json.loads(body)))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *arguments):
        """Nothing."""


@contextlib.contextmanager
def webhook(tls=None):
    """The port of a Hook that runs, over TLS if there is an SSLContext for it."""
    Hook.answers, Hook.got = [], []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Got:
    """What a subscriber got so far."""

    def __init__(self):
        self.messages = []
        self._there = threading.Condition()

    def put(self, topic, payload):
        with self._there:
            self.messages.append((topic, json.loads(payload)))
            self._there.notify_all()

    def wait_for(self, count):
        with self._there:
            assert self._there.wait_for(lambda: len(self.messages) >= count, mqtt_broker.WAIT)


@contextlib.contextmanager
def listening(port):
    """What a subscriber of the broker there gets from now on, a Got."""
    got, ready = Got(), threading.Event()
    loop = asyncio.new_event_loop()

    async def listen():
        async with aiomqtt.Client("127.0.0.1", port) as client:
            await client.subscribe("holdfast/#", qos=1)
            ready.set()
            async for message in client.messages:
                got.put(str(message.topic), message.payload)

    task = loop.create_task(listen())
    thread = threading.Thread(target=lambda: loop.run_until_complete(_ended(task)), daemon=True)
    thread.start()
    assert ready.wait(mqtt_broker.WAIT)
    try:
        yield got
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()


async def _ended(task):
    with contextlib.suppress(asyncio.CancelledError):
        await task
