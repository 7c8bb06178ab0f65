"""RFC 9529: both traces, in both roles and line by line, and its fifteen invalid messages."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import crypto
from edhoc import (
    MALFORMED,
    METHOD_SIGN_SIGN,
    UNVERIFIED,
    WRONG_SUITE,
    EDHOCError,
    IdCred,
    Identity,
    Initiator,
    Responder,
    from_kccs,
    key_schedule,
    message,
    offer_suites,
    parse_error,
)
from edhoc.suite import find
from edhoc_sides import Handshake, ephemeral, identity, phone, reader
from harness import raises, unhex, vectors

_TRACES = "edhoc/rfc9529-traces.json"
_X5T = 34


class _Trace:
    """One RFC 9529 trace; ``trace[name]`` is the value in the form in which it is used."""

    def __init__(self, name):
        self._values = {}
        self.refused = {}
        for entry in vectors(_TRACES)[name]:
            # Trace 2 begins with a message_1 that is refused; what follows replaces it.
            key = entry["name"], entry["kind"]
            if key in self._values:
                self.refused[entry["name"]] = self._values[key]
            self._values[key] = unhex(entry["hex"])

    def __getitem__(self, name):
        for kind in ("Raw Value", "CBOR Sequence", "CBOR Data Item", None):
            if (name, kind) in self._values:
                return self._values[name, kind]
        raise KeyError(name)

    def item(self, name):
        """The CBOR data item of a value that is also given raw."""
        return self._values[name, "CBOR Data Item"]


def _check_schedule(trace, suite, c_r, mac_length, g_rx, g_iy):
    """Every line of a trace that follows from its shared secrets."""
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
    steps = key_schedule.keystream_2_steps(suite, prk_2e, th_2, len(plaintext_2))
    assert crypto.finish(steps) == trace["KEYSTREAM_2"]
    steps = key_schedule.crypt_2_steps(suite, prk_2e, th_2, plaintext_2)
    ciphertext_2 = crypto.finish(steps)
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


def _play(trace, identity_i, identity_r, suites, c_i, c_r):
    """Both roles, each with the messages of the trace and never with the other's."""
    method = identity_i.methods[0]
    x, g_x, y, g_y = trace["X"], trace["G_X"], trace["Y"], trace["G_Y"]
    keys = trace["OSCORE Master Secret"], trace["OSCORE Master Salt"]
    context = trace["context for KeyUpdate"]
    updated = (
        trace["OSCORE Master Secret after KeyUpdate"],
        trace["OSCORE Master Salt after KeyUpdate"],
    )

    waiting, message_1 = Initiator(identity_i, suites, method).prepare_message_1(x, g_x, c_i)
    assert message_1 == trace["message_1"]
    received = waiting.parse_message_2(trace["message_2"])
    assert received.c_r == c_r
    assert received.id_cred_r.encoded == trace.item("ID_CRED_R")
    completed, message_3 = received.verify(identity_r.credential).prepare_message_3()
    assert message_3 == trace["message_3"]
    assert completed.process_message_4(trace["message_4"]) == []
    assert completed.oscore() == keys + (c_r, c_i)
    assert completed.key_update(context).oscore()[:2] == updated

    received = Responder([identity_r]).process_message_1(trace["message_1"])
    assert (received.method, received.suite, received.c_i) == (method, suites[-1], c_i)
    waiting, message_2 = received.prepare_message_2(y, g_y, c_r)
    assert message_2 == trace["message_2"]
    received = waiting.parse_message_3(trace["message_3"])
    assert received.id_cred_i.encoded == trace.item("ID_CRED_I")
    completed = received.verify(identity_i.credential)
    assert completed.prepare_message_4() == trace["message_4"]
    assert completed.oscore() == keys + (c_i, c_r)
    assert completed.key_update(context).oscore()[:2] == updated


def _certified(trace, side):
    """Trace 1's identity of one side. X.509 is not for here, so it is a stand-in: a credential
    of ours with the certificate, its name and its key in place of what it was made with.
    """
    key = {1: 1, -1: 6, -2: trace["PK_" + side]}
    credential = from_kccs(cbor.encode({8: {1: key}}), True)
    credential.raw = trace.item("CRED_" + side)
    credential.id_cred = credential.id_cred_on_wire = trace.item("ID_CRED_" + side)
    return Identity(0, trace["SK_" + side], credential, (METHOD_SIGN_SIGN,))


class _ReadingX5t:
    """While it lasts, ID_CRED_x may be x5t, the hash of a certificate."""

    def __enter__(self):
        self._own, message.read_id_cred = message.read_id_cred, self._read

    def __exit__(self, *exception):
        message.read_id_cred = self._own

    @staticmethod
    def _read(reader):
        start = reader.offset
        reader.item()
        return IdCred(_X5T, reader.data[start : reader.offset])


def test_rfc_9529_trace_1():
    """Method 0, suite 0: X.509 certificates by their hash, and Ed25519 signatures."""
    trace = _Trace("trace_1_method0_suite0_x5t")
    for private, public in (("X", "G_Y"), ("Y", "G_X")):
        assert crypto.x25519(trace[private], trace[public]) == trace["G_XY  (ECDH shared secret)"]
    for side, number in (("I", "3"), ("R", "2")):
        signed = trace["Message to be signed " + number]
        signature = trace["Signature_or_MAC_" + number]
        assert crypto.ed25519_sign(trace["SK_" + side], signed) == signature
        assert crypto.ed25519_verify(trace["PK_" + side], signed, signature)
    _check_schedule(trace, find(0), trace["C_R"], 32, None, None)
    identity_i, identity_r = _certified(trace, "I"), _certified(trace, "R")
    arguments = trace, identity_i, identity_r, (0,), trace["C_I"], trace["C_R"]
    error = raises(EDHOCError, _play, *arguments)
    assert str(error) == "ID_CRED type not supported"
    with _ReadingX5t():
        _play(*arguments)


def test_rfc_9529_trace_2():
    """Method 3, suite 2: claims sets by kid and static Diffie-Hellman on P-256."""
    trace = _Trace("trace_2_method3_suite2_kid_ccs")
    g_rx, g_iy = trace["G_RX  (ECDH shared secret)"], trace["G_IY  (ECDH shared secret)"]
    cred_i, cred_r = (from_kccs(trace["CRED_" + side], False) for side in "IR")
    for private, public, secret in (
        ("X", trace["G_Y"], trace["G_XY  (ECDH shared secret)"]),
        ("Y", trace["G_X"], trace["G_XY  (ECDH shared secret)"]),
        ("SK_R", trace["G_X"], g_rx),
        ("X", cred_r.key.x + cred_r.key.y, g_rx),
        ("SK_I", trace["G_Y"], g_iy),
        ("Y", cred_i.key.x, g_iy),
    ):
        assert crypto.p256_ecdh(trace[private], public) == secret
    suite, c_r = find(2), trace["C_R (raw value)"]
    salt_3e2m = key_schedule.salt_3e2m(suite, trace["PRK_2e"], trace["TH_2"])
    assert salt_3e2m == trace["SALT_3e2m"]
    salt_4e3m = key_schedule.salt_4e3m(suite, trace["PRK_3e2m"], trace["TH_3"])
    assert salt_4e3m == trace["SALT_4e3m"]
    _check_schedule(trace, suite, c_r, 8, g_rx, g_iy)
    identity_i = Identity(2, trace["SK_I"], cred_i)
    identity_r = Identity(2, trace["SK_R"], cred_r)
    _play(trace, identity_i, identity_r, (6, 2), trace["C_I"], c_r)


def test_rfc_9529_trace_2_begins_with_a_suite_that_is_not_supported():
    """Suite 6 is refused with the published error, and what is then offered is the published
    SUITES_I. A Responder that has suite 0 alone says that.
    """
    trace = _Trace("trace_2_method3_suite2_kid_ccs")
    refused = trace.refused["message_1"]
    error = raises(WRONG_SUITE, reader(suite=2).process_message_1, refused)
    assert error.message() == trace["error"]
    err_code, suites_r = parse_error(trace["error"])
    assert (err_code, suites_r) == (2, (2,))
    suites_i = offer_suites((6, 2, 0), suites_r, (6,))
    assert suites_i == (6, 2)
    method, suites_i, g_x, c_i, ead_1 = message.decode_message_1(trace["message_1"])
    assert (method, suites_i, g_x, c_i, ead_1) == (3, (6, 2), trace["G_X"], trace["C_I"], [])
    assert message.encode_message_1(method, suites_i, g_x, c_i, b"") == trace["message_1"]
    error = raises(WRONG_SUITE, reader().process_message_1, trace["message_1"])
    assert error.message() == b"\x02\x00"


# What each invalid message of RFC 9529 section 4 is refused for.
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
    # Suite 24, which is not supported: with suite 2 the length is right.
    "Error in length of ephemeral key": "cipher suite not supported",
    "Error in elliptic curve representation": "public key refused",
    "Error in elliptic curve point": "public key refused",
    "Curve point of low order": "public key refused",
    "Error in length of MAC": "PLAINTEXT_2: Signature_or_MAC has the wrong length",
    "Error in elliptic curve encoding": "G_X has the wrong length",
    "Unnecessary long encoding": "message_1: no deterministic CBOR",
    "Indefinite-length array encoding": "message_1: no deterministic CBOR",
}


def _refusal(kind, data):
    both = Responder([identity("reader", "kid", suite) for suite in (0, 2)])
    if kind == "message_1":
        # A point that is none, or of low order, is well formed; it gives no secret.
        try:
            received = both.process_message_1(data)
        except EDHOCError as error:
            return error
        y, g_y = ephemeral("y", received.suite)
        return raises(UNVERIFIED, received.prepare_message_2, y, g_y, b"\x00")
    done = Handshake(phone(suites=(2,)), both)
    if kind == "PLAINTEXT_2":
        data = done.forged_message_2(data)
    return raises(MALFORMED, done.wait_2.parse_message_2, data)


def test_rfc_9529_invalid_messages_are_refused_for_what_is_wrong_with_them():
    """All fifteen, by a Responder that has both suites."""
    invalid = vectors(_TRACES)["invalid"]
    assert len(invalid) == len(_REFUSED_FOR) == 15
    for vector in invalid:
        error = _refusal(vector["message"], unhex(vector["hex"]))
        assert str(error) == _REFUSED_FOR[vector["title"]], (vector["title"], str(error))
        assert parse_error(error.message())[0] == (2 if error.why == WRONG_SUITE else 1)
