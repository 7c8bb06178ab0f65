"""lan.json: what nodes say on UDP, read and made again by aiocoap and cbor2."""

import hashlib
import io

import aiocoap
import cbor2
import pytest

from interop.vectors import files
from interop.vectors.cose_checks import check_mac
from interop.vectors.files import name_of, unhex

LAN = files.load("lan")
SITE = files.load("keys")["site"]
NO_RESPONSE, NOBODY = 258, b"\x1a"  # RFC 7967: of class 2, 4 and 5


def _encoded(items):
    return cbor2.dumps(items, canonical=True)


def _sequence(data):
    stream, items = io.BytesIO(data), []
    while stream.tell() < len(data):
        items.append(cbor2.CBORDecoder(stream).decode())
    return items


@pytest.mark.parametrize("vector", LAN["hints"], ids=name_of)
def test_a_hint_is_one_small_datagram(vector):
    raw = unhex(vector["datagram"])
    sought = unhex(vector["sought_tag"]) if "sought_tag" in vector else None
    assert len(raw) <= (40 if sought is None else 47)
    message = aiocoap.Message.decode(raw)
    assert message.mtype == aiocoap.NON and message.code == aiocoap.POST
    assert message.mid == vector["message_id"] and message.token == b""
    assert message.opt.uri_path == ("hint",) and message.opt.content_format == 60
    (wanted,) = [one for one in message.opt.option_list() if one.number == NO_RESPONSE]
    assert wanted.encode() == NOBODY
    tag = hashlib.sha256(vector["node"].encode()).digest()[:6]
    assert tag.hex() == vector["node_tag"]
    said = [1, vector["number"], unhex(vector["head"]), tag, vector["to_all"]]
    assert message.payload == _encoded(said if sought is None else [*said, sought])


def test_what_is_no_hint_is_cbor_all_the_same():
    """So each is refused for what it says."""
    found = [cbor2.loads(unhex(one["payload"])) for one in LAN["broken_hints"]]
    assert len(found) == 6 and all(isinstance(one, list) for one in found)


def test_news_leads_from_changeset_to_changeset():
    """Each names the hash of the one before; the last is the head."""
    news = LAN["news"]
    number, head, snapshot, changesets = cbor2.loads(unhex(news["payload"]))
    assert (number, head.hex(), snapshot) == (news["number"], news["head"], None)
    assert [raw.hex() for raw in changesets] == news["changesets"]
    assert hashlib.sha256(changesets[-1]).digest() == head
    said = [cbor2.loads(cbor2.loads(raw).value[2]) for raw in changesets]
    assert [one[3] for one in said] == [2, 3]
    assert said[1][4] == hashlib.sha256(changesets[0]).digest()


def test_a_batch_and_what_a_collector_says_of_it():
    uplink = LAN["uplink"]
    about, *records = _sequence(unhex(uplink["request"]["payload"]))
    assert len(unhex(uplink["request"]["payload"])) <= 1088
    assert len(records) == uplink["records"] and about[2] == files.token("certificate-suite-0")
    assert records[-1][-16:].hex() == uplink["last_code"]
    last = {1: uplink["last_number"], 2: unhex(uplink["last_code"])}
    word = unhex(uplink["acknowledgement"]["bytes"])
    for answer, said in zip(uplink["answers"], ({}, last, {**last, 3: word}), strict=True):
        assert unhex(answer["payload"]) == _encoded(said)
    key = unhex(uplink["acknowledgement"]["key"])
    assert check_mac(uplink["acknowledgement"], key)[1:] == list(last.values())


def test_a_carrier_says_one_thing_after_another():
    carry = LAN["carry"]
    said = [cbor2.loads(unhex(one["payload"])) for one in carry["said"]]
    assert [one[2] for one in said] == list(range(1, len(said) + 1))
    assert {one[1] for one in said} == {unhex(carry["instance"])}
    assert {one[0] for one in said} == set(range(6))
    for one, kept in zip(said, carry["said"], strict=True):
        assert _encoded(one) == unhex(kept["payload"])
    for one in carry["answers"]:
        shown, ms, *link = cbor2.loads(unhex(one["payload"]))
        assert carry["shown"][shown] and 0 <= ms <= 3_600_000 and len(link) in (0, 1, 5)


def test_the_keys_of_the_status():
    """Named, each in the answer, in order."""
    keys = dict(LAN["status"]["keys"])
    said = cbor2.loads(unhex(LAN["status"]["payload"]))
    assert list(said) == sorted(keys) and _encoded(said) == unhex(LAN["status"]["payload"])
    assert said[1] == SITE["door"] and keys[7] == "policy" and len(said[7][1]) == 32
