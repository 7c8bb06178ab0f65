"""What a carrier sends first: message_3 goes with it, and one message must have room for both."""

import pytest

from coap import stream
from cose import cwt
from holdfast.access.policy import changeset
from holdfast_host.errors import LinkClosed
from holdfast_host.phone.carrier import Carrier
from holdfast_host.phone.contexts import Partner, Session

LARGEST = 1152  # bytes of a frame


class _Recorder:
    """A link that takes one request and closes."""

    round_trips = bytes_out = bytes_in = 0

    def __init__(self):
        self.sent = []

    def request(self, message):
        self.sent.append(stream.encode(message))
        raise LinkClosed("over", "again")


@pytest.mark.parametrize("size", [1, 256, 257, changeset.MAX_BYTES])
def test_the_largest_changeset_does_not_go_with_the_largest_message_3(size):
    link = _Recorder()
    session = Session(bytes(16), bytes(8), b"\1", b"\2", 0, Partner(bytes(8), 0, ()))
    message_3 = bytes(cwt.MAX_BYTES + 24)
    with pytest.raises(LinkClosed):
        Carrier(link, session, message_3).post_policy(bytes(size))
    (first,) = link.sent
    assert len(message_3) < len(first) <= LARGEST
