"""What a site's passphrase opens."""

import dataclasses

from ..credentials.authority import Authority
from ..credentials.secret import Secret


@dataclasses.dataclass(frozen=True)
class Keys:
    """The ``authority`` signs; of the ``secret`` come the keys of cards, zones and events."""

    authority: Authority = dataclasses.field(repr=False)
    secret: Secret = dataclasses.field(repr=False)
