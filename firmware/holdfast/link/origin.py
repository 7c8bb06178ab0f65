"""Where a request comes from: what its transport tells of it, and what it has cost."""


class Origin:
    """One connection, or one address where there are none. It is who sent nothing: a name at most.

    ``number`` names it on the console. ``is_ordered`` says whether the transport keeps the order
    and lets nothing come twice, ``takes_devices`` whether other nodes come this way.
    ``public_key_operations`` counts what was computed for it, ``proofs`` how many of its requests
    could be decrypted: nothing else that it sends shows who it is. ``refusal`` is the reason code
    once something came for which a connection ends, else None. ``observer`` hears in the place of
    the Exchanger's what comes of its requests, and goes with them to the resources: a Side, where
    a carrier brings it.
    """

    observer = None

    def __init__(self, number: int, is_ordered: bool = True, takes_devices: bool = False):
        self.number = number
        self.is_ordered = is_ordered
        self.takes_devices = takes_devices
        self.public_key_operations = 0
        self.charged = 0  # of them, up to its last proof
        self.proofs = 0
        self.refusal = None
        self.passing = None  # (C_R, Association) that ends with this origin
