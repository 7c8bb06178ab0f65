"""A guest's token unlocks and does nothing else, whatever bits it has, whatever it asks for.

Its key lies in every node of the zone. Whoever takes one off its wall makes such tokens: with any
bits, and for anything that a reader serves.
"""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import small_site as site
from carrier import Carrier, StillHardware
from harness import new_folder
from memory_phone import Phone, make_reader

METHODS = (coap.code.GET, coap.code.POST, coap.code.PUT)
PATHS = ("policy", "events", "events/left", "time", "certificate", "status")
FORBIDDEN, NOT_ALLOWED = coap.code.FORBIDDEN, coap.code.METHOD_NOT_ALLOWED


class Guest(Carrier):
    """A Carrier with a token that the zone's key made, of permission ``bits``."""

    def __init__(self, reader, bits, number):
        super().__init__(reader, bits, number=number)
        changes = {9: site.scope((2, site.ZONE, bits)), 7: b"%08d" % number}
        self.phone = Phone(site.guest_token(changes=changes), number=number)


async def test_any_bits_are_worth_an_unlock_only():
    """Each permission alone and all at once, at each resource, by each method, with what a holder
    may bring: nothing is read, taken, told or acknowledged.
    """
    for index, bits in enumerate((1, 2, 4, 8, 16, 32, 0x7FFF)):
        hardware = StillHardware()
        reader = make_reader(hardware, directory=new_folder())
        before = reader.stores.rules.number, reader.keys.certificate(0)
        guest = await Guest(reader, bits, 1000 * (index + 1)).meet()
        opened = hardware.opened
        later = site.device_certificate(changes={6: site.NOW - 10, 7: b"renewed."})
        bodies = {
            # Known already: a holder who brings it is answered 2.04.
            "policy": reader.stores.policies().after(0, 1)[0],
            "certificate": later,
            "time": cbor.encode({1: site.NOW + 399 * site.DAY, 2: 2}),
        }
        answered = set()
        for path in PATHS:
            for method in METHODS:
                answer = await guest.ask(method, path, bodies.get(path, b""))
                assert answer.code in (FORBIDDEN, NOT_ALLOWED), (bits, method, path)
                if answer.code == FORBIDDEN:
                    answered.add(path)
        assert len(answered) == len(PATHS) and hardware.opened == opened
        assert (reader.stores.rules.number, reader.keys.certificate(0)) == before
