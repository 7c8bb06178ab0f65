"""Texts where byte strings belong, byte strings where texts belong, and all other types, in every
place of every document that a reader takes: refused, or read, and the interpreter prints nothing.

MicroPython compares a byte string with a text only with a warning on the serial line, which blocks
on a board: one message of 766 bytes was worth 1.2 MB. tests/conftest.py fails a test in which the
interpreter printed one, so here it is enough to read the documents.
"""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import cose
import crypto
import policy_site
import small_site as site
import toy_crypto
from carrier import ADMINISTER, CARRY_EVENTS, UNLOCK, carriers
from cose import Key, cwt, mac0, sign1
from crypto import backend
from edhoc import parse_error
from edhoc_sides import Handshake, phone, reader, verified_2, verified_3
from holdfast.access import Trust
from holdfast.access.events import batch
from holdfast.access.policy import changeset, draft, snapshot
from holdfast.access.policy import operations as ops
from holdfast.access.policy.rules import SiteRules
from holdfast.access.trust import Refused
from holdfast.storage import settings
from untrusted import InvalidInput

_OTHERS = (b"", "", b"\x01" * 8, "a", 0, -1, True, None, 1.5, [], {}, [b"", ""], {1: ""})


def _variants(value):
    """``value`` with one thing in it of another type, each in turn."""
    for other in _OTHERS:
        if type(other) is not type(value):
            yield other
    if isinstance(value, bytes):
        yield "x" * len(value)
    elif isinstance(value, str):
        yield value.encode()
    elif isinstance(value, (list, tuple)):
        value = list(value)
        for index, inner in enumerate(value):
            for other in _variants(inner):
                yield value[:index] + [other] + value[index + 1 :]
    elif isinstance(value, dict):
        for label in value:
            for other in _variants(value[label]):
                yield _with(value, label, other)
            # Never both in one dict, and so one of them for each label of the genuine document.
            rest = _without(value, label)
            for other in ("name", b"name"):
                if not any(type(key) not in (int, type(other)) for key in rest):
                    yield _with(rest, other, value[label])
    elif isinstance(value, cbor.Tag):
        for other in _variants(value.value):
            yield cbor.Tag(value.number, other)


def _with(entries, label, value):
    entries = dict(entries)
    entries[label] = value
    return entries


def _without(entries, label):
    return {key: entries[key] for key in entries if key != label}


def _encoded(value, depth=16):
    """The variants of an encoded document, and those with both kinds of keys in one map."""
    for variant in _variants(cbor.decode(value, max_depth=depth)):
        yield cbor.encode(variant)


def _all_refused(parse, documents, family=InvalidInput):
    count = 0
    for document in documents:
        count += 1
        try:
            parse(document)
        except family:
            continue
    assert count > 10, count


class _Toy:
    """Signatures that cost nothing: there are thousands."""

    def __enter__(self):
        self._genuine = backend.chosen
        backend.chosen = toy_crypto

    def __exit__(self, *_):
        backend.chosen = self._genuine


def test_settings():
    """A host's file, or a damaged one."""
    good = cbor.encode(site.settings_map())
    _all_refused(settings.decode, _encoded(good))


def test_keys():
    """Of a token, a certificate, a credential of EDHOC."""
    for key in site.authority(), Key.symmetric(b"k" * 32, 5, b"kid", b"base iv"):
        good = key.to_secret_map()
        _all_refused(Key.decode, (cbor.encode(variant) for variant in _variants(good)))
        good[4] = [1, 2]
        _all_refused(Key.decode, (cbor.encode(variant) for variant in _variants(good)))


def test_headers_of_cose():
    """Both headers of the three objects, and what is around them."""
    for tag, rest in ((18, [b"", bytes(64)]), (17, [b"", bytes(32)]), (16, [b""])):
        for header in ({1: -8, 2: [1], 4: b"kid"}, {1: 10, 5: bytes(13), 3: "text/plain"}):
            for variant in _variants(header):
                for crit in (None, "crit", b"crit", [b""], ["", 1]):
                    if crit is not None and isinstance(variant, dict):
                        variant = _with(variant, 2, crit)
                    protected = cbor.encode(header)
                    for body in [cbor.encode(variant), {}], [b"", variant], [protected, variant]:
                        _refuse(cose.parse, cbor.encode(cbor.Tag(tag, body + rest)))
    good = cbor.encode(cbor.Tag(18, [b"\xa1\x01\x27", {}, b"content", bytes(64)]))
    _all_refused(cose.parse, _encoded(good))
    signed = sign1.sign(b"content", site.authority())
    _all_refused(lambda raw: sign1.verify(raw, site.authority()), _encoded(signed))


def test_tokens_and_certificates():
    """Signed ones: even the authority's signature gets nothing in of a wrong type."""
    with _Toy():
        trust = Trust(site.SITE, [site.authority_public()], site.zone_keys)
        for claims, key in (
            (site.holder_claims(), site.authority()),
            (site.guest_claims(), site.zone_key()),
        ):
            claims = _with(claims, -65537, "office")
            tokens = (_issued(variant, key) for variant in _variants(claims))
            _all_refused(trust.authenticate, tokens, Refused)
        scopes = cbor.decode(site.scope((1, site.DOOR, 1), (2, "cellar", 3)))
        for variant in _variants(scopes):
            for issue in site.holder_token, site.guest_token, site.device_certificate:
                raw = issue(changes={9: cbor.encode(variant)})
                for read in trust.authenticate, trust.authenticate_device:
                    try:
                        read(raw)
                    except Refused:
                        pass
        certificate = cwt.parse(site.device_certificate()).claims.raw_payload
        claims = cbor.decode(certificate)
        tokens = (_issued(variant, site.authority()) for variant in _variants(claims))
        _all_refused(trust.authenticate_device, tokens, Refused)


def _issued(claims, key):
    issue = mac0.create if key.k else sign1.sign
    return issue(cbor.encode(claims), key)


def test_changesets_and_snapshots():
    """Each operation of each kind, signed by the authority."""
    with _Toy():
        rules = SiteRules(site.SITE, [site.authority_public()])
        for operation in policy_site.EVERY:
            for variant in _variants(list(operation)):
                _refuse(_follow, rules, [variant])
        payload = {1: 2, 2: site.SITE, 3: 1, 4: bytes(32), 5: site.NOW, 6: [[1, 0, None]]}
        for aad in b"holdfast changeset", b"holdfast snapshot":
            for variant in _variants(payload):
                raw = sign1.sign(cbor.encode(variant), site.authority(), external_aad=aad)
                for parse in changeset.parse, snapshot.parse:
                    try:
                        parse(raw).verify(rules.anchors)
                    except InvalidInput:
                        pass
        head, part = snapshot.make(
            site.authority(), site.SITE, 3, bytes(32), site.NOW, [policy_site.EVERY[14]]
        )
        for variant in _encoded(part):
            assembly = snapshot.Assembly(snapshot.parse(head), SiteRules(site.SITE))
            assembly.wanted = crypto.sha256(variant)
            _refuse(assembly.add, variant)


def _follow(rules, operations):
    ops.check(operations)
    draft.following(rules, operations, 1, bytes(32), site.NOW)


def test_handshakes():
    """Messages of EDHOC in the clear, and plaintexts of somebody who makes them."""
    with _Toy():
        done = Handshake(phone("kcwt"), reader("kcwt"))
        first = cbor.decode_sequence(done.message_1)
        for variant in _variants(first):
            if isinstance(variant, list):
                _refuse(done.responder.process_message_1, cbor.encode_sequence(*variant))
        mac = bytes(8)
        by_value = {13: cbor.decode(site.holder_token())}
        for id_cred in (b"kid", {4: b"kid"}, by_value, {14: {8: {1: {1: 1}}}}):
            for variant in _variants([id_cred, mac, 7, b"item"]):
                if isinstance(variant, list):
                    plain = cbor.encode_sequence(*variant)
                    _refuse(verified_3, done.wait_3, done.forged_message_3(plain))
                    forged = done.forged_message_2(b"\x27" + plain)
                    _refuse(verified_2, done.wait_2, forged)
        for error in ([1, "text"], [2, [0, 2]], [3, True]):
            for variant in _variants(error):
                if isinstance(variant, list):
                    _refuse(parse_error, cbor.encode_sequence(*variant))


def _refuse(parse, *arguments):
    try:
        parse(*arguments)
    except InvalidInput:
        pass


def test_batches_of_events():
    """As a reader sends them, and whoever carries them for it."""
    genuine = batch.Batch((0, bytes(32)), (4, bytes(16)), (5, bytes(16)), (7, site.NOW), (b"rec",))
    for variant in _variants(cbor.decode_sequence(genuine.encode())):
        if isinstance(variant, list):
            _refuse(batch.decode, cbor.encode_sequence(*variant))


async def test_what_is_put_and_posted():
    """By a believed holder, at every resource that takes a payload."""
    one_reader, _, one = await carriers(UNLOCK | CARRY_EVENTS | ADMINISTER)
    for method, path, payload in (
        (coap.code.PUT, "doors/" + site.DOOR, {1: 1, 2: True}),
        (coap.code.PUT, "time", {1: site.NOW, 2: 3}),
        (coap.code.POST, "events", {1: 4, 2: bytes(16)}),
        (coap.code.POST, "policy", [b"", []]),
        (coap.code.POST, "certificate", {1: b""}),
    ):
        for variant in _variants(payload):
            response = await one.ask(method, path, cbor.encode(variant))
            assert response is not None
    assert one_reader.stores.rules.number == 1
