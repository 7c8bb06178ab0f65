"""handshakes.json, computed anew from the private keys by an Initiator that shares no code with
the firmware: whoever builds a phone from these values must not be led astray by one of them.
"""

import pytest

from interop.vectors import files
from interop.vectors.files import unhex
from interop.vectors.plain_edhoc import (
    Credential,
    Initiator,
    agree,
    from_wire,
    public_key,
    sequence,
)
from interop.vectors.plain_oscore import Context

VECTORS = files.vectors("handshakes")
# What says something about the vector, or is checked by itself.
_BESIDE = {"comment", "frames", "kdf", "method", "name", "oscore", "suite"}
_SECRET = {"x", "y", "i", "r"}
_MESSAGES = {"message_1", "message_2", "message_3", "message_4"}


def _played(vector):
    """The Initiator after the handshake, and message_3."""
    suite = vector["suite"]
    if vector["id_cred_i"].startswith("a104"):
        own = Credential(unhex(vector["cred_i"]), _kid(vector["id_cred_i"]))
    else:
        own = Credential(unhex(vector["id_cred_i"])[2:])
    phone = Initiator(suite, unhex(vector["i"]), own, unhex(vector["x"]), unhex(vector["c_i"]))
    phone.read(unhex(vector["message_2"]), lambda kid: Credential(unhex(vector["cred_r"]), kid))
    return phone, phone.message_3()


def _kid(id_cred):
    ((entry, _),) = sequence(unhex(id_cred))
    return entry[4]


@pytest.mark.parametrize("vector", VECTORS, ids=files.name_of)
def test_every_value_is_what_rfc_9528_makes_of_the_keys(vector):
    """Not one is left over that was not computed here."""
    phone, message_3 = _played(vector)
    assert phone.message_1.hex() == vector["message_1"]
    assert unhex(vector["message_1"])[0] == vector["method"] == 3
    assert message_3.hex() == vector["message_3"]
    if "message_4" in vector:
        phone.read_message_4(unhex(vector["message_4"]))
    secret, salt, sender_id, recipient_id = phone.oscore()
    values = phone.values
    values["g_i"] = public_key(vector["suite"], unhex(vector["i"]))
    values["g_r"] = public_key(vector["suite"], unhex(vector["r"]))
    for name, value in values.items():
        if name not in ("master_secret", "master_salt"):
            assert vector[name] == value.hex(), name
    computed = set(values) | _SECRET | _MESSAGES | {"c_i"} | _BESIDE
    assert set(vector) <= computed, set(vector) - computed
    assert vector["kdf"] == phone.kdf
    context = Context(secret, salt, sender_id, recipient_id)
    assert vector["oscore"] == {
        "common_iv": context.common_iv.hex(),
        "master_salt": salt.hex(),
        "master_secret": secret.hex(),
        "phone_recipient_id": recipient_id.hex(),
        "phone_recipient_key": context.recipient_key.hex(),
        "phone_sender_id": sender_id.hex(),
        "phone_sender_key": context.sender_key.hex(),
    }


@pytest.mark.parametrize("vector", VECTORS, ids=files.name_of)
def test_the_responders_keys_come_to_the_same_secrets(vector):
    """The other halves: y and r with what the Initiator shows."""
    suite = vector["suite"]
    y, r = unhex(vector["y"]), unhex(vector["r"])
    assert public_key(suite, y).hex() == vector["g_y"]
    assert agree(suite, y, unhex(vector["g_x"])).hex() == vector["g_xy"]
    assert agree(suite, r, unhex(vector["g_x"])).hex() == vector["g_rx"]
    assert agree(suite, y, unhex(vector["g_i"])).hex() == vector["g_iy"]


@pytest.mark.parametrize("vector", VECTORS, ids=files.name_of)
def test_the_key_schedule_is_written_down_as_the_rfc_has_it(vector):
    """Each info is the CBOR sequence label, context, length; the contexts are those shown."""
    for name, one in vector["kdf"].items():
        (label, _), (context, _), (length, _) = sequence(unhex(one["info"]))
        assert (label, length) == (one["label"], one["length"]), name
        if name in ("mac_2", "mac_3"):
            assert context.hex() == vector["context_" + name[4:]]


def test_what_is_hashed_of_a_credential_is_what_the_document_says():
    """By value the token or the CCS; without tag 61; by kid what the kid stands for."""
    by_name = {vector["name"]: vector for vector in VECTORS}
    for name in ("suite-0", "suite-2", "guest"):
        vector = by_name[name]
        assert vector["id_cred_i"] == "a10d" + vector["cred_i"]
        assert vector["id_cred_r"] == "a10d" + vector["cred_r"]
    assert by_name["guest"]["cred_i"].startswith("d1")
    tagged = by_name["cwt-tag"]
    assert tagged["id_cred_i"] == "a10dd83d" + tagged["cred_i"]
    kccs = by_name["library-kccs-suite-2"]
    assert kccs["id_cred_i"] == "a10e" + kccs["cred_i"]
    kid = by_name["library-kid-suite-0"]
    (item, _), (encoded, _), _ = sequence(unhex(kid["plaintext_2"]))
    assert from_wire(item).hex() == kid["c_r"]
    assert from_wire(encoded) == _kid(kid["id_cred_r"]) == b"\xca\xfe"
    assert kid["plaintext_3"].startswith("05") and kid["id_cred_i"] == "a1044105"


def test_credentials_and_certificates_are_those_of_the_keys_file():
    """One site in all files."""
    by_name = {vector["name"]: vector for vector in VECTORS}
    for suite in (0, 2):
        vector = by_name[f"suite-{suite}"]
        assert vector["cred_i"] == files.token(f"credential-suite-{suite}").hex()
        assert vector["cred_r"] == files.token(f"certificate-suite-{suite}").hex()
    assert by_name["guest"]["cred_i"] == files.token("guest").hex()
