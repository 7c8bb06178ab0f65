"""What every node that decides does at its start, whatever its platform: what was brought."""

from untrusted import InvalidInput

from ..access.credential import ROLE, ROLE_CONTROLLER
from ..access.trust import Trust
from ..node.stores import Stores
from ..storage import let_go
from ..storage.policy import file as policy_file
from .identity import NotReady as NotReady
from .identity import load
from .identity import refused as refused


def identity(home: str, state: str, random_bytes, hardware, mount) -> tuple:
    """As of ``roles.identity``, for a node that decides: ``state`` is the directory of what the
    device remembers, which ``mount()`` has be there. A reset to the factory is done here if
    somebody has asked for it; what came of it is told to ``hardware.console``.

    Raises NotReady.
    """
    try:
        is_mounted = _reset(home, state, hardware.console, mount)
    except OSError as error:
        raise NotReady({"event": "storage_refused", "reason": str(error)})

    def anchors(held, private_key):
        return Stores(state, held, private_key, random_bytes, _ignore).rules.anchors

    def check(settings):
        if settings.carries:
            raise InvalidInput("settings: of a reader that carries, and this one decides")

    return load(home, random_bytes, hardware, None if is_mounted else mount, anchors, check)


def is_controller(settings) -> bool:
    """Whether the device's certificate says that it is a controller.

    Of settings that are in force, so it was verified; whoever makes a Node verifies it again.
    """
    token = Trust(settings.site, settings.authority_keys).read(settings.certificate)
    return token.claims.other.get(ROLE) == ROLE_CONTROLLER


def _reset(home, state, console, mount) -> bool:
    """Back to the factory, if somebody has asked for it. Says whether it has mounted."""
    from ..storage import factory_reset

    try:
        if factory_reset.standing(home) == factory_reset.NONE:
            return False
        mount()
        done, events = factory_reset.carry_out(home, state)
        if done:
            console.line({"event": "reset", "events_given_up": events})
        else:
            told = {"event": "reset_refused", "events": events}
            told["reason"] = "%d events are not acknowledged" % events
            console.line(told)
        return True
    finally:
        let_go(factory_reset)


def follow_policy(reader, path: str):
    """Bring ``reader`` to what is in the policy.cbor at ``path``, if there is one.

    A file that is no good changes nothing: the reader goes on with the policy that it has.
    """
    try:
        policy_file.apply(path, reader.stores.policies(), reader.apply)
    except (InvalidInput, OSError) as error:
        fields = {"event": "policy_file_refused", "reason": str(error)}
        reader.hardware.console.line(fields)
    reader.keep_up()  # a snapshot goes past follow


def add_state(reader, description: dict):
    """Add to what a reader says once it serves by which policy and clock it goes."""
    rules = reader.stores.rules
    description["policy"] = [rules.number, rules.head.hex()]
    clock = reader.timekeeper.read()
    description["time"], description["clock"] = clock.now, clock.source


def _ignore(piece, error):
    pass  # whoever is to hear of it opens the same again
