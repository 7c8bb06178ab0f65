"""Who this side is in a handshake: a key, the credential that vouches for it, and their use."""

from .authentication import METHOD_STAT_STAT, check_own
from .suite import find as find_suite


class Identity:
    """One key of this side for one cipher suite.

    ``suite`` is the suite's label; ``private_key`` (32 bytes) the authentication key, of the kind
    that ``methods`` ask for, whose public half ``credential`` (a Credential) shows. ``methods``
    are the ones the key is used in. Raises ValueError, or EDHOCError for a credential that does not fit.
    """

    def __init__(self, suite, private_key, credential, methods=(METHOD_STAT_STAT,)):
        self.suite = suite
        self.algorithms = find_suite(suite)
        self.private_key = private_key
        self.credential = credential
        self.methods = tuple(methods)
        check_own(self.algorithms, self.methods, private_key, credential)
