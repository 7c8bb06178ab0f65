"""How much of the reader one central, or all of them, may use."""


class Limits:
    """Bounds on connections. Times in milliseconds, sizes in bytes.

    A central that has sent neither a valid message_1 nor a valid protected request within
    ``first_ms`` is dropped; after message_1 it has ``handshake_ms`` to finish; once it has been
    heard it may be silent for ``idle_ms``; ``lifetime_ms`` ends any connection.
    """

    def __init__(
        self,
        connections: int = 4,
        contexts: int = 16,
        message_size: int = 1152,
        requests: int = 256,
        first_ms: int = 5000,
        handshake_ms: int = 5000,
        idle_ms: int = 30000,
        lifetime_ms: int = 300000,
    ):
        self.connections = connections
        self.contexts = contexts
        self.message_size = message_size
        self.requests = requests
        self.first_ms = first_ms
        self.handshake_ms = handshake_ms
        self.idle_ms = idle_ms
        self.lifetime_ms = lifetime_ms
