"""Arbitrary documents at the entrances of cose: nothing but InvalidInput comes out."""

import cbor2
from hypothesis import given, settings
from hypothesis import strategies as st

import cbor
import cose
from cose import Key, cwt, encrypt0, mac0, sign1
from untrusted import InvalidInput

SHARED = Key.symmetric(bytes(32), cose.ALG_HMAC_256)
SIGNER = Key.okp(cose.CRV_ED25519, bytes(range(32)))

labels = st.integers(-9, 12) | st.sampled_from([33, -65538, "text"])
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=33),
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(labels, inner, max_size=4),
    max_leaves=12,
)
maps = st.dictionaries(labels, values, max_size=6)
encoded = maps.map(cbor2.dumps) | st.binary(max_size=8)
tags = st.sampled_from([16, 17, 18, 61, 98])
documents = st.tuples(tags, encoded, maps | leaves, encoded | leaves, leaves).map(
    lambda parts: cbor2.dumps(cbor2.CBORTag(parts[0], list(parts[1:])))
)


@settings(max_examples=1000, deadline=None)
@given(documents | st.binary(max_size=64))
def test_any_document_is_accepted_or_refused_and_nothing_else(raw):
    """A reader catches InvalidInput at each of these; any other exception would stop it."""
    for entrance in (
        cose.parse,
        cwt.parse,
        lambda raw: sign1.verify(raw, SIGNER),
        lambda raw: mac0.verify(raw, SHARED),
        lambda raw: encrypt0.decrypt(raw, SHARED),
        Key.decode,
    ):
        try:
            entrance(raw)
        except InvalidInput:
            pass


@settings(max_examples=1000, deadline=None)
@given(maps)
def test_any_claims_are_accepted_or_refused_and_nothing_else(claims):
    """Rightly MACed, so that whatever is in them is looked at; what is accepted has its types."""
    try:
        accepted = cwt.parse(mac0.create(cbor2.dumps(claims), SHARED)).verify(SHARED)
    except InvalidInput:
        return
    assert type(accepted.exp) is int
    for value, kind in ((accepted.iss, str), (accepted.cti, bytes), (accepted.nbf, int)):
        assert value is None or type(value) is kind


@settings(max_examples=500, deadline=None)
@given(maps)
def test_any_key_map_is_a_key_or_refused(labels):
    """What is a key comes back from its own map."""
    try:
        key = Key.from_map(labels)
    except InvalidInput:
        return
    again = Key.decode(cbor.encode(key.to_secret_map()))
    assert (again.kty, again.x, again.k) == (key.kty, key.x, key.k)
