"""A reader that is on no LAN pays nothing for one: none of its modules is loaded."""

import sys

from memory_phone import make_reader

INTERPRETERS = ("micropython",)

_LAN = ("holdfast.lan", "holdfast.sync", "coap.endpoint", "coap.blockwise", "coap.bodies")
_NODE = ("holdfast.node.neighbours", "holdfast.node.errands", "holdfast.node.controller")
# Of introductions nothing: joined they are one unit with the Initiator, which the test's phone is.
_ASKING = ("holdfast.link.partner",)


def _loaded():
    """Of those that are loaded, also as units of a joined image."""
    found = []
    for name in sys.modules:
        for unwanted in _LAN + _NODE + _ASKING:
            unit = "hf_" + unwanted.replace(".", "_")
            if name in (unwanted, unit) or name.startswith(unwanted + "."):
                found.append(name)
    return found


async def test_none_of_it_is_loaded():
    """Nor is it when the settings say where there would be a controller."""
    make_reader()
    assert _loaded() == []
    make_reader(changes={16: "controller", 17: [["10.0.0.1", 62435]]})
    assert _loaded() == []


async def test_the_names_are_those_of_the_modules():
    """Or the test above would see nothing of them, whatever they are called."""
    import holdfast.link.partner
    import holdfast.node.neighbours

    assert holdfast.node.neighbours and holdfast.link.partner
    assert len(_loaded()) >= 2
