"""One node over datagrams as a Carrier's link: a request goes out, its response comes back."""

from collections.abc import Callable
from typing import Self

import coap
import oscore
from coap import option

from ..errors import LinkClosed
from . import asking

_STEP = "check that it has power and is on this network, and that nothing between blocks UDP"


class Silent(LinkClosed):
    """Nothing came back: it is off, elsewhere, or a firewall is between."""


class NobodyListens(LinkClosed):
    """There is a machine, and no node on that port."""


class NoCoap(LinkClosed):
    """Something answers there that does not speak CoAP."""


class LanLink:
    """The node at ``where`` (text for people).

    ``exchange(request)`` gives ``(response, failure)`` as of Asking.ask.
    """

    def __init__(
        self,
        where: str,
        exchange: Callable[[coap.Message], tuple[coap.Message | None, int]],
        close: Callable[[], None] = lambda: None,
    ):
        self.where = where
        self.round_trips = self.bytes_out = self.bytes_in = 0
        self._exchange = exchange
        self._close = close

    def request(self, message: coap.Message) -> coap.Message:
        """Send a request, wait for its response. A request in the clear is said again with the
        Echo that is asked for, once (RFC 9175). Raises LinkClosed.
        """
        response = self._asked(message)
        if message.option(option.OSCORE) is None:
            repeated = oscore.repeat_with_echo(message, response)
            if repeated is not None:
                response = self._asked(repeated)
        return response

    def _asked(self, message: coap.Message) -> coap.Message:
        try:
            response, failure = self._exchange(message)
        except coap.CoAPError as error:
            raise LinkClosed(f"{self.where} cannot be asked: {error}", "try again") from error
        if response is None:
            raise _failed(self.where, failure)
        self.round_trips += 1
        return response

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception) -> None:
        self._close()


def _failed(where: str, failure: int) -> LinkClosed:
    if failure == asking.REFUSED:
        return NobodyListens(
            f"nobody listens at {where}",
            "check the address and the port; start the node there, or give it its LAN",
        )
    if failure == asking.NO_COAP:
        return NoCoap(f"what answers at {where} is no node", "check the address and the port")
    return Silent(f"nothing answers at {where}", _STEP)
