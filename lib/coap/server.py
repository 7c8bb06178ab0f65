"""Finds the resource a request names, and turns every refusal into a response (RFC 7252)."""

from untrusted import InvalidInput

from . import code as _code
from . import option as _option
from .error import CoAPError
from .message import Message, error_response

_METHODS = ("get", "post", "put", "delete", "fetch", "patch", "ipatch")  # codes 0.01 to 0.07

# Critical options that mean nothing more to a resource, or that the server itself has handled.
_COMMON = (
    _option.URI_HOST,
    _option.URI_PORT,
    _option.URI_PATH,
    _option.URI_QUERY,
    _option.ACCEPT,
)


class Server:
    """Resources by path.

    A resource is any object with async methods ``get``, ``post``, ``put``, ``delete``, ``fetch``,
    ``patch`` or ``ipatch``, called as ``method(request, peer)`` and returning the response
    Message. Two attributes are optional: ``understood``, a tuple of further critical options it
    heeds, such as If-Match or Block1, and ``content_formats``, a tuple of all it can answer in.
    ``peer`` is whatever the caller of handle knows about the sender.

    ``late(path)`` gives the resource at a path (a tuple of bytes) where none was added, or None;
    what it gives is served from then on. So a resource is loaded when somebody asks for it.
    """

    def __init__(self, late=None):
        self._resources = {}
        self._patterns = []
        self._late = late

    def add(self, path: tuple, resource) -> None:
        """Serve ``resource`` at ``path``, a tuple of text segments; None matches any one segment.

        A path without None goes before one with it, and among those the first added wins.
        """
        segments = tuple([None if segment is None else segment.encode() for segment in path])
        if None in segments:
            self._patterns.append((segments, resource))
        else:
            self._resources[segments] = resource

    async def handle(self, request: Message, peer) -> Message:
        """The response to ``request``, with its token.

        An InvalidInput that a resource raises becomes a response with the error's code (4.00
        without one); any other exception is a bug in the resource and passes through.
        """
        try:
            response = await self.respond(request, peer)
        except CoAPError as error:
            response = error_response(error)
        response.token = request.token
        return response

    async def respond(self, request: Message, peer) -> Message:
        """What handle does, for a caller that wants to know of refusals: they raise CoAPError.

        The token is left to the caller, and so is error_response.
        """
        for number in (_option.PROXY_URI, _option.PROXY_SCHEME):
            if request.option(number) is not None:
                raise CoAPError("not a proxy", _code.PROXYING_NOT_SUPPORTED)
        resource = self._find(tuple(request.options_of(_option.URI_PATH)))
        if resource is None:
            raise CoAPError("no such resource", _code.NOT_FOUND)
        method = None
        if 0 < request.code <= len(_METHODS):
            method = getattr(resource, _METHODS[request.code - 1], None)
        if method is None:
            raise CoAPError("no such method here", _code.METHOD_NOT_ALLOWED)
        understood = _COMMON + getattr(resource, "understood", ())
        options = _option.recognised(request.options, understood)
        accept = request.uint_option(_option.ACCEPT)
        if accept is not None and accept not in getattr(resource, "content_formats", (accept,)):
            raise CoAPError("not in that Content-Format", _code.NOT_ACCEPTABLE)
        heeded = Message(request.code, options, request.payload, request.token)
        try:
            return await method(heeded, peer)
        except CoAPError:
            raise
        except InvalidInput as error:
            raise CoAPError(str(error))

    def _find(self, path: tuple):
        found = self._resources.get(path)
        if found is not None:
            return found
        for pattern, resource in self._patterns:
            if len(pattern) == len(path) and all(
                [wanted in (None, segment) for wanted, segment in zip(pattern, path)]
            ):
                return resource
        if self._late is not None:
            found = self._late(path)
            if found is not None:
                self._resources[path] = found
        return found
