"""How much of a node one central, or all of them, may use."""


class Limits:
    """Bounds on connections. Times in milliseconds, sizes in bytes.

    A central has ``first_ms`` in all, whatever it sends, until a request of its can be decrypted;
    time in which the node computes is not counted. The last free connection is for who does that
    within ``last_ms`` of its first byte; whoever has not by then makes room for who comes anew.
    Each such request buys ``idle_ms``; ``lifetime_ms`` ends any connection. It has ``requests`` in
    all, ``unproven`` of them before the first that can be decrypted.
    """

    def __init__(
        self,
        connections: int = 4,
        contexts: int = 16,
        message_size: int = 1152,
        requests: int = 256,
        unproven: int = 8,
        first_ms: int = 5000,
        last_ms: int = 2000,
        idle_ms: int = 30000,
        lifetime_ms: int = 300000,
    ):
        self.connections = connections
        self.contexts = contexts
        self.message_size = message_size
        self.requests = requests
        self.unproven = unproven
        self.first_ms = first_ms
        self.last_ms = last_ms
        self.idle_ms = idle_ms
        self.lifetime_ms = lifetime_ms
