"""A reader that is on no LAN pays nothing for one: none of its modules is loaded."""

import sys

from memory_phone import make_reader

INTERPRETERS = ("micropython",)

_LAN = ("holdfast.lan", "holdfast.sync", "coap.endpoint", "coap.blockwise", "coap.bodies")
_NODE = ("holdfast.node.neighbours", "holdfast.node.errands", "holdfast.node.controller")
_ASKING = ("holdfast.link.partner", "holdfast.link.introduction")


def _loaded():
    found = []
    for name in sys.modules:
        for unwanted in _LAN + _NODE + _ASKING:
            if name == unwanted or name.startswith(unwanted + "."):
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
    import holdfast.link.introduction
    import holdfast.node.neighbours

    assert holdfast.node.neighbours and holdfast.link.introduction
    found = _loaded()
    for name in ("holdfast.lan.endpoint", "holdfast.sync.dissemination", "coap.endpoint"):
        assert name in found
