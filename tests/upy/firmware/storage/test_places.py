"""A board that is moved: it keeps one place it left, its events alone, until somebody has them."""

INTERPRETERS = ("micropython", "cpython")

import os

import cbor
import coap
import crypto
import small_log
import small_site as site
from carrier import CARRY_EVENTS, Carrier, StillHardware
from cose import CRV_ED25519, Key
from harness import new_folder, raises
from holdfast.access.events import batch as event_batch
from holdfast.access.events import event, record
from holdfast.storage import files
from memory_phone import Phone, cold, make_reader

OTHER_AUDITOR = crypto.x25519_public_key(b"\x34" * 32)


def _settings(node):
    """Changes to the settings: the same site, another node."""
    return {3: node, 6: site.device_certificate(changes={2: node})}


def _another_site(seed=b"\x77" * 32):
    """Changes to the settings: a site made anew under the same name, with another authority."""
    public = crypto.ed25519_public_key(seed)
    certificate = site.device_certificate(signer=site.authority(seed))
    key = Key.okp(CRV_ED25519, public).to_map()
    return {5: [key], 6: certificate, 7: public, 9: OTHER_AUDITOR}


def _reader(folder, changes=None, policy=True):
    hardware = StillHardware()
    hardware.random_counter = int.from_bytes(os.urandom(3), "big")
    return make_reader(hardware, changes, directory=folder, policy=policy)


def _places(folder):
    return {name: sorted(files.names(folder + "/" + name)) for name in files.names(folder)}


def _kinds(raws):
    return [record.decode(record.split(raw)[0]).kind for raw in raws]


async def test_one_place_is_kept_with_its_events_and_nothing_else():
    """The policy, cards, phones and keys of a place that was left are of no use to anybody here,
    and another's room.
    """
    folder = new_folder()
    reader = _reader(folder)
    await cold(reader, Phone())
    (first,) = _places(folder)
    assert len(_places(folder)[first]) > 3
    _reader(folder, _settings("second"))
    places = _places(folder)
    assert len(places) == 2 and places[first] == ["events"]
    _reader(folder, _settings("third"))
    places = _places(folder)
    second = [name for name in places if name != first and places[name] == ["events"]]
    assert len(places) == 2 and first not in places and len(second) == 1


async def test_what_was_recorded_there_is_served_until_it_is_acknowledged():
    """The collector comes to where the board is now. Acknowledged, the place goes."""
    folder = new_folder()
    reader = _reader(folder)
    await cold(reader, Phone())
    await cold(reader, Phone(site.holder_token(changes={2: "bob", 7: b"bobs-cti"}), number=9))
    recorded = small_log.batch(reader.stores.events())
    before = reader.stores.events().after(-1, 1 << 20)
    reader = _reader(folder, _settings("second"))
    carrier = await Carrier(reader, CARRY_EVENTS, number=50).meet()
    response = await carrier.get("events/left")
    assert response.code == coap.code.CONTENT, response.payload
    (batch,) = event_batch.decode(response.payload)
    assert batch.records == before and small_log.audit(recorded)
    assert _kinds(before).count(event.ACCESS) == 2
    last, code = record.number_of(before[-1]), record.split(before[-1])[1]
    log = reader.stores.events()
    # Copied is not acknowledged, and of one log not of the other.
    said = cbor.encode({1: last, 2: code})
    assert (await carrier.post("events/left", said)).code == coap.code.CHANGED
    for root, path in ((log.root[1], "events/left"), (batch.root[1], "events")):
        word = small_log.word(root, last, code)
        assert (await carrier.post(path, word)).code == coap.code.BAD_REQUEST
    reader = _reader(folder, _settings("second"))
    assert len(_places(folder)) == 2
    carrier = await Carrier(reader, CARRY_EVENTS, number=90).meet()
    word = small_log.word(batch.root[1], last, code)
    assert (await carrier.post("events/left", word)).code == coap.code.CHANGED
    # Who came for them, and with what, is told where the board is now.
    told = small_log.audit(small_log.batch(reader.stores.events()))
    for kind in (event.FETCHED, event.COPIED, event.ACKNOWLEDGED):
        (one,) = [happened for happened in told if happened.kind == kind]
        assert one.fields["by"] == "alice" and "left" in one.fields["detail"]
    _reader(folder, _settings("second"))
    assert len(_places(folder)) == 1


async def test_another_sites_events_are_not_shown():
    """Who may carry events here has nothing to do with who went where at the other site."""
    folder = new_folder()
    reader = _reader(folder)
    await cold(reader, Phone())
    reader = _reader(folder, _another_site(), policy=False)
    assert len(_places(folder)) == 2
    raises(OSError, reader.stores.left_events)


async def test_a_board_that_comes_back_goes_on_with_its_chain():
    """The numbers go on, and the collector sees one log."""
    folder = new_folder()
    reader = _reader(folder)
    await cold(reader, Phone())
    before = reader.stores.events().after(-1, 1 << 20)
    _reader(folder, _settings("second"))
    reader = _reader(folder)
    after = reader.stores.events().after(-1, 1 << 20)
    assert after[: len(before)] == before and len(after) > len(before)
    small_log.audit(small_log.batch(reader.stores.events()))


def test_whatever_else_lies_there_is_left_alone():
    """Only folders that are named as places are: a technician's file is not ours to remove."""
    folder = new_folder()
    files.write(folder + "/notes.txt", b"x")
    os.mkdir(folder + "/0123456789abcdeg")
    os.mkdir(folder + "/0123")
    os.mkdir(folder + "/0123456789abcdef")
    _reader(folder)
    names = files.names(folder)
    assert "notes.txt" in names and "0123" in names and "0123456789abcdeg" in names
    assert "0123456789abcdef" not in names
