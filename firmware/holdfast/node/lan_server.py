"""What comes to a node by the LAN, before and after its resources: who is let in at all, who is
told later, and what nobody at the door is shown.
"""

from coap import code, option

from ..access import reason


class LanServer:
    """A server that tells ``admit(peer)`` of each request before it is served, and ``refuse(reason
    code, credential)`` of what another node may not do; what is answered to one with Observe is as
    ``observe(request, peer, response)`` has it.
    """

    def __init__(self, server, admit, refuse, observe=None):
        self._server = server
        self._admit = admit
        self._refuse = refuse
        self._observe = observe

    async def respond(self, request, peer):
        self._admit(peer)
        response = await self._server.respond(request, peer)
        if peer.credential.role:
            # What no node has to be told that does what it should.
            if response.code == code.FORBIDDEN:
                self._refuse(reason.ACTION_NOT_ALLOWED, peer.credential)
            elif response.code == code.BAD_REQUEST:
                self._refuse(reason.MALFORMED_REQUEST, peer.credential)
        if self._observe is None or request.option(option.OBSERVE) is None:
            return response
        return self._observe(request, peer, response)


class LanObserver:
    """Of what comes by the LAN a door shows what its own resource does, and nothing else."""

    def __init__(self, node, refuse):
        self._node = node
        self._refuse = refuse

    def deciding(self):
        pass

    def challenged(self, connection):
        pass

    def refused(self, why, connection, credential, claimed):
        self._refuse(why, credential, claimed)

    def answered(self):
        self._node.answered()
