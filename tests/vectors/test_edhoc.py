"""Published EDHOC vectors: generated handshakes, traces and invalid messages of RFC 9529."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import crypto
from edhoc import (
    EDHOCError,
    Identity,
    Initiator,
    MalformedError,
    Responder,
    VerificationError,
    WrongSuiteError,
    from_kccs,
    key_schedule,
    message,
    parse_error,
)
from edhoc.suite import find
from edhoc_sides import Handshake, ephemeral, phone, reader
from harness import raises, unhex, vectors

_GENERATED = "edhoc/generated-m03-s02-ccs.json"
_TRACES = "edhoc/rfc9529-traces.json"
_EAD_LABEL = 1001


def _cases():
    """The handshakes with method 3 and suite 0, every value as bytes."""
    cases = []
    for vector in vectors(_GENERATED)["vectors"]:
        if (vector["method"], vector["suite"]) == (3, 0):
            case = {"by_value": vector["cred_i_by_value"]}
            for name, value in vector.items():
                if isinstance(value, str):
                    case[name] = unhex(value)
            cases.append(case)
    assert len(cases) == 4
    return cases


def _pair(private):
    return private, crypto.x25519_public_key(private)


def test_both_roles_make_and_read_the_generated_messages():
    """Messages 1 to 4 and the OSCORE keys, byte for byte, each role against the vector alone."""
    for case in _cases():
        cred_i = from_kccs(case["CRED_I"], case["by_value"])
        cred_r = from_kccs(case["CRED_R"], False)
        # One critical item: a label of three bytes and the head of its value.
        ead_3 = [(_EAD_LABEL, True, case["EAD_3"][5:])] if case["EAD_3"] else []
        oscore = case["OSCORE_Master_Secret"], case["OSCORE_Master_Salt"]

        initiator = Initiator(Identity(0, case["SK_I"], cred_i), (0,))
        waiting, message_1 = initiator.prepare_message_1(*_pair(case["X"]), case["C_I"])
        assert message_1 == case["message_1"]
        received = waiting.parse_message_2(case["message_2"])
        assert received.c_r == case["C_R"]
        assert received.id_cred_r.kid == b"\x32"
        completed, message_3 = received.verify(cred_r).prepare_message_3(ead_3)
        assert message_3 == case["message_3"]
        assert completed.process_message_4(case["message_4"]) == []
        assert completed.oscore() == oscore + (case["C_R"], case["C_I"])

        responder = Responder([Identity(0, case["SK_R"], cred_r)], ead_labels=(_EAD_LABEL,))
        received = responder.process_message_1(case["message_1"])
        assert received.c_i == case["C_I"]
        waiting, message_2 = received.prepare_message_2(*_pair(case["Y"]), case["C_R"])
        assert message_2 == case["message_2"]
        received = waiting.parse_message_3(case["message_3"])
        assert received.ead_3 == ead_3
        assert received.id_cred_i.raw == (case["CRED_I"] if case["by_value"] else None)
        completed = received.verify(cred_i)
        assert completed.prepare_message_4() == case["message_4"]
        assert completed.oscore() == oscore + (case["C_I"], case["C_R"])


def test_the_key_schedule_gives_every_generated_intermediate():
    """One wrong label or length is found at its own step, not only in the end."""
    suite = find(0)
    for case in _cases():
        x, y, sk_i, sk_r = (case[name] for name in ("X", "Y", "SK_I", "SK_R"))
        g_x, g_y = crypto.x25519_public_key(x), crypto.x25519_public_key(y)
        cred_i, cred_r = case["CRED_I"], case["CRED_R"]
        found = {"TH_2": key_schedule.th_2(suite, g_y, suite.hash(case["message_1"]))}
        th_2 = found["TH_2"]
        found["PRK_2e"] = key_schedule.prk_2e(suite, th_2, crypto.x25519(y, g_x))
        found["PRK_3e2m"] = key_schedule.prk_3e2m(
            suite, found["PRK_2e"], th_2, crypto.x25519(sk_r, g_x)
        )
        aad_2 = key_schedule.external_aad(th_2, cred_r, b"")
        found["MAC_2"] = key_schedule.mac_2(
            suite, found["PRK_3e2m"], case["C_R"], unhex("a1044132"), aad_2, 8
        )
        found["PLAINTEXT_2"] = message.encode_plaintext_2(
            case["C_R"], b"\x32", found["MAC_2"], b""
        )
        th_3 = key_schedule.th_3(suite, th_2, found["PLAINTEXT_2"], cred_r)
        found["TH_3"] = th_3
        found["PRK_4e3m"] = key_schedule.prk_4e3m(
            suite, found["PRK_3e2m"], th_3, crypto.x25519(sk_i, g_y)
        )
        id_cred_i = b"\xa1\x0e" + cred_i if case["by_value"] else unhex("a104412b")
        aad_3 = key_schedule.external_aad(th_3, cred_i, case["EAD_3"])
        found["MAC_3"] = key_schedule.mac_3(suite, found["PRK_4e3m"], id_cred_i, aad_3, 8)
        found["PLAINTEXT_3"] = message.encode_plaintext_3(
            id_cred_i if case["by_value"] else b"\x2b", found["MAC_3"], case["EAD_3"]
        )
        found["TH_4"] = key_schedule.th_4(suite, th_3, found["PLAINTEXT_3"], cred_i)
        found["PRK_out"] = key_schedule.prk_out(suite, found["PRK_4e3m"], found["TH_4"])
        found["PRK_exporter"] = key_schedule.prk_exporter(suite, found["PRK_out"])
        for name, value in found.items():
            assert value == case[name], name


class _Trace:
    """One RFC 9529 trace; ``trace[name]`` is the value in the form in which it is used."""

    def __init__(self, name):
        self._values = {}
        for entry in vectors(_TRACES)[name]:
            # Trace 2 begins with a message_1 that is refused; what follows replaces it.
            self._values[entry["name"], entry["kind"]] = unhex(entry["hex"])

    def __getitem__(self, name):
        for kind in ("Raw Value", "CBOR Sequence", "CBOR Data Item", None):
            if (name, kind) in self._values:
                return self._values[name, kind]
        raise KeyError(name)

    def item(self, name):
        """The CBOR data item of a value that is also given raw."""
        return self._values[name, "CBOR Data Item"]


def _check_trace(trace, c_r, mac_length, g_rx, g_iy):
    """Everything of a trace that follows from its shared secrets; any suite with SHA-256 and
    AES-CCM-16-64-128 has this key schedule."""
    suite = find(0)
    id_cred_r, cred_r = trace.item("ID_CRED_R"), trace.item("CRED_R")
    id_cred_i, cred_i = trace.item("ID_CRED_I"), trace.item("CRED_I")
    g_xy = trace["G_XY  (ECDH shared secret)"]

    h_message_1 = suite.hash(trace["message_1"])
    th_2 = key_schedule.th_2(suite, trace["G_Y"], h_message_1)
    assert (h_message_1, th_2) == (trace["H(message_1)"], trace["TH_2"])
    prk_2e = key_schedule.prk_2e(suite, th_2, g_xy)
    prk_3e2m = key_schedule.prk_3e2m(suite, prk_2e, th_2, g_rx)
    assert (prk_2e, prk_3e2m) == (trace["PRK_2e"], trace["PRK_3e2m"])
    aad_2 = key_schedule.external_aad(th_2, cred_r, trace["EAD_2"])
    mac_2 = key_schedule.mac_2(suite, prk_3e2m, c_r, id_cred_r, aad_2, mac_length)
    assert mac_2 == trace["MAC_2"]
    plaintext_2 = trace["PLAINTEXT_2"]
    keystream_2 = key_schedule.keystream_2(suite, prk_2e, th_2, len(plaintext_2))
    assert keystream_2 == trace["KEYSTREAM_2"]
    ciphertext_2 = key_schedule.crypt_2(suite, prk_2e, th_2, plaintext_2)
    assert ciphertext_2 == trace["CIPHERTEXT_2"]
    assert message.encode_message_2(trace["G_Y"], ciphertext_2) == trace["message_2"]
    assert message.decode_message_2(trace["message_2"], 32) == (trace["G_Y"], ciphertext_2)

    th_3 = key_schedule.th_3(suite, th_2, plaintext_2, cred_r)
    prk_4e3m = key_schedule.prk_4e3m(suite, prk_3e2m, th_3, g_iy)
    assert (th_3, prk_4e3m) == (trace["TH_3"], trace["PRK_4e3m"])
    aad_3 = key_schedule.external_aad(th_3, cred_i, trace["EAD_3"])
    mac_3 = key_schedule.mac_3(suite, prk_4e3m, id_cred_i, aad_3, mac_length)
    assert mac_3 == trace["MAC_3"]
    k_3, iv_3 = key_schedule.k_3(suite, prk_3e2m, th_3), key_schedule.iv_3(suite, prk_3e2m, th_3)
    assert (k_3, iv_3) == (trace["K_3"], trace["IV_3"])
    plaintext_3, message_3 = trace["PLAINTEXT_3"], trace["message_3"]
    assert message.seal(suite, k_3, iv_3, th_3, plaintext_3) == message_3
    assert message.unseal(suite, k_3, iv_3, th_3, message_3, "message_3") == plaintext_3

    th_4 = key_schedule.th_4(suite, th_3, plaintext_3, cred_i)
    k_4, iv_4 = key_schedule.k_4(suite, prk_4e3m, th_4), key_schedule.iv_4(suite, prk_4e3m, th_4)
    assert (th_4, k_4, iv_4) == (trace["TH_4"], trace["K_4"], trace["IV_4"])
    assert message.seal(suite, k_4, iv_4, th_4, b"") == trace["message_4"]

    prk_out = key_schedule.prk_out(suite, prk_4e3m, th_4)
    assert prk_out == trace["PRK_out"]
    _check_exporter(suite, trace, prk_out, "")
    updated = key_schedule.key_update(suite, prk_out, trace["context for KeyUpdate"])
    assert updated == trace["PRK_out after KeyUpdate"]
    _check_exporter(suite, trace, updated, " after KeyUpdate")


def _check_exporter(suite, trace, prk_out, when):
    prk_exporter = key_schedule.prk_exporter(suite, prk_out)
    assert prk_exporter == trace["PRK_exporter" + when]
    for label, length, name in ((0, 16, "OSCORE Master Secret"), (1, 8, "OSCORE Master Salt")):
        assert key_schedule.kdf(suite, prk_exporter, label, b"", length) == trace[name + when]


def test_rfc_9529_trace_1():
    """Method 0, suite 0: certificates and signatures; the MACs are a hash long, and there is no
    static Diffie-Hellman. The X25519 secret is recomputed too."""
    trace = _Trace("trace_1_method0_suite0_x5t")
    g_xy = trace["G_XY  (ECDH shared secret)"]
    assert crypto.x25519(trace["X"], trace["G_Y"]) == g_xy
    assert crypto.x25519(trace["Y"], trace["G_X"]) == g_xy
    _check_trace(trace, trace["C_R"], 32, None, None)
    error = raises(EDHOCError, reader().process_message_1, trace["message_1"])
    assert error.message() == cbor.encode_sequence(1, "method not supported")


def test_rfc_9529_trace_2():
    """Method 3, suite 2: what differs from suite 0 is the curve, so the secrets are taken as
    given. The wrong suite is negotiated as in the trace, from the other side."""
    trace = _Trace("trace_2_method3_suite2_kid_ccs")
    g_rx, g_iy = trace["G_RX  (ECDH shared secret)"], trace["G_IY  (ECDH shared secret)"]
    suite = find(0)
    salt_3e2m = key_schedule.salt_3e2m(suite, trace["PRK_2e"], trace["TH_2"])
    assert salt_3e2m == trace["SALT_3e2m"]
    salt_4e3m = key_schedule.salt_4e3m(suite, trace["PRK_3e2m"], trace["TH_3"])
    assert salt_4e3m == trace["SALT_4e3m"]
    _check_trace(trace, trace["C_R (raw value)"], 8, g_rx, g_iy)

    told = parse_error(trace["error"])
    assert (told.err_code, told.err_info) == (2, (2,))
    method, suites_i, g_x, c_i, ead_1 = message.decode_message_1(trace["message_1"])
    assert (method, suites_i, g_x, c_i, ead_1) == (3, (6, 2), trace["G_X"], trace["C_I"], [])
    assert message.encode_message_1(method, suites_i, g_x, c_i, b"") == trace["message_1"]
    error = raises(WrongSuiteError, reader().process_message_1, trace["message_1"])
    assert error.message() == b"\x02\x00"


# What each invalid message of RFC 9529 section 4 is refused for. Suite 2 is not supported, so a
# message_1 that is wrong only in its P-256 key is refused for its suite, before the key is read.
_REFUSED_FOR = {
    "Surplus array encoding of message": "message_1: METHOD is no integer",
    "Surplus bstr encoding of connection identifier": (
        "message_1: C_I is a byte string where an integer must be"
    ),
    "Surplus array encoding of ciphersuite": (
        "message_1: SUITES_I is no suite and no array of 2 to 16"
    ),
    "Text string encoding of ephemeral key": "message_1: G_X is no byte string",
    "Wrong number of CBOR sequence elements": "message_2: too many elements",
    "Surplus map encoding of ID_CRED field": (
        "PLAINTEXT_2: ID_CRED is a map where a kid alone must be"
    ),
    "Surplus bstr encoding of ID_CRED field": (
        "PLAINTEXT_2: ID_CRED is a byte string where an integer must be"
    ),
    "Error in length of ephemeral key": "cipher suite not supported",
    "Error in elliptic curve representation": "cipher suite not supported",
    "Error in elliptic curve point": "cipher suite not supported",
    "Curve point of low order": "public key refused",
    "Error in length of MAC": "PLAINTEXT_2: Signature_or_MAC has the wrong length",
    "Error in elliptic curve encoding": "cipher suite not supported",
    "Unnecessary long encoding": "message_1: no deterministic CBOR",
    "Indefinite-length array encoding": "message_1: no deterministic CBOR",
}


def _refusal(kind, data):
    if kind == "message_1":
        # The low-order point is the only one that is well formed; it gives no secret.
        try:
            received = reader().process_message_1(data)
        except EDHOCError as error:
            return error
        return raises(VerificationError, received.prepare_message_2, *ephemeral("y"), b"\x00")
    done = Handshake(phone(), reader())
    if kind == "PLAINTEXT_2":
        data = done.forged_message_2(data)
    return raises(MalformedError, done.wait_2.parse_message_2, data)


def test_rfc_9529_invalid_messages_are_refused_for_what_is_wrong_with_them():
    """All fifteen. An encoding error is found before the suite is looked at."""
    invalid = vectors(_TRACES)["invalid"]
    assert len(invalid) == len(_REFUSED_FOR) == 15
    for vector in invalid:
        error = _refusal(vector["message"], unhex(vector["hex"]))
        assert str(error) == _REFUSED_FOR[vector["title"]], (vector["title"], str(error))
        assert error.err_code == (2 if isinstance(error, WrongSuiteError) else 1)


def test_rfc_9529_key_without_its_leading_zero_is_refused_in_our_suite_too():
    """The vector says suite 2 and is refused for that; here it says suite 0."""
    (wrong,) = [
        unhex(vector["hex"])
        for vector in vectors(_TRACES)["invalid"]
        if vector["title"] == "Error in elliptic curve encoding"
    ]
    assert wrong[:4] == b"\x03\x02\x58\x1f"
    ours = b"\x03\x00" + wrong[2:]
    error = raises(MalformedError, reader().process_message_1, ours)
    assert str(error) == "G_X has the wrong length"
