"""The controller: a node with none to eight doors, to which the others bring their events.

It is no other node's master: a reader decides without it, and whatever it says of policy or time
is worth what the authority has signed, or what most of its neighbours say.
"""

from ..access.credential import ROLE_CONTROLLER
from ..access.policy.view import DoorView
from ..node.collecting import Collecting
from ..resources import collected
from ..resources.find import for_holders
from ..storage.collected.shelves import NODES
from ..storage.policy.parts import ROOM
from .doors import Doors


class Controller(Doors):
    """``hardware.of_doors`` is what hal built for each door, by its name (DoorUnit).

    ``ask_time``, if it is given, is awaited now and then for ``(seconds since 1970, by how many it
    may be off)``, or None: a hint from somebody who can prove nothing, such as an NTP server.
    """

    ROLE = ROLE_CONTROLLER
    DEVICES = NODES + Doors.DEVICES  # with whoever brings events, and a few that carry or ask

    def __init__(self, *identity, ask_time=None, **more):
        Doors.__init__(self, *identity, **more)
        self._ask_time = ask_time
        self.stores.snapshot_room = ROOM
        self._collecting = Collecting(self, self.stores.collected)

    def hardware_of(self, door):
        """That of the door of this name."""
        return self.hardware.of_doors[door]

    def start(self):
        """Secure the doors, then start as every node does."""
        Doors.start(self)
        if self._ask_time is not None:
            from ..node.time_hint import TimeHint

            self.supervisor.add("time hint", TimeHint(self, self._ask_time).run)

    def _resource(self, path):
        found = collected.find(self, self._collecting, path)
        return Doors._resource(self, path) if found is None else for_holders(found)

    def _views(self):
        if self.doors:
            return Doors._views(self)
        # Without a door it goes by rights at a place that is called as it is itself.
        rules = self.stores.rules
        view = DoorView(rules, self.settings.node)
        view.fault, view.is_locked_down = rules.fault, False
        return [view]
