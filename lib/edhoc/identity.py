"""Who this side is in a handshake: a key, the credential that vouches for it, and their use."""

from .authentication import METHOD_STAT_STAT, check_own
from .suite import find as find_suite


class Identity:
    """One key of this side for one cipher suite.

    ``suite`` is the suite's label; ``private_key`` (32 bytes) the authentication key, of the kind
    that ``methods`` ask for, whose public half ``credential`` (a Credential) shows. ``methods``
    are the ones the key is used in: METHOD_SIGN_SIGN or METHOD_STAT_STAT, not both, because a key
    for two algorithms has no proof of security (RFC 9528 section 9.2, RFC 9052 section 12). Raises
    ValueError, which EDHOCError for a credential that does not fit is one of.
    """

    def __init__(self, suite, private_key, credential, methods=(METHOD_STAT_STAT,)):
        self.suite = suite
        self.algorithms = find_suite(suite)
        self.private_key = private_key
        self.credential = credential
        self.methods = tuple(methods)
        check_own(self.algorithms, self.methods, private_key, credential)
