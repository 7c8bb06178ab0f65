"""What a site's passphrase opens."""

import dataclasses
from collections.abc import Callable

from ..credentials.authority import Authority
from ..credentials.secret import Secret


@dataclasses.dataclass(frozen=True)
class Keys:
    """The ``authority`` signs; of the ``secret`` come the keys of cards, zones and events.
    ``older`` reads the authority's key that is being replaced, if both are in force (else None).
    """

    authority: Authority = dataclasses.field(repr=False)
    secret: Secret = dataclasses.field(repr=False)
    older: Callable[[], Authority | None] = dataclasses.field(repr=False, default=lambda: None)

    def believed_by_all(self) -> Authority:
        """The key that signs for readers which have not heard that it is being replaced, too."""
        return self.older() or self.authority
