"""Sixteen generated handshakes: both suites, both methods, an Initiator's credential by name and
by value, with and without a token in EAD_3. Another implementation made them (README there).

ECDSA signatures of others are random. Where one is due, the published one takes the place of ours
once it is shown to be a signature of exactly what we were about to sign, so that all that follows
can be compared byte for byte.
"""

INTERPRETERS = ("micropython", "cpython")

import cbor
import crypto
from edhoc import (
    METHOD_SIGN_SIGN,
    Identity,
    Initiator,
    Responder,
    from_kccs,
    key_schedule,
    message,
)
from edhoc.suite import find
from harness import unhex, vectors

_EAD_LABEL = 1001
_KID_R = b"\x32"


class _Case:
    """One handshake: ``case["message_1"]`` is that value in bytes."""

    def __init__(self, vector):
        self.suite, self.method = vector["suite"], vector["method"]
        self.by_value = vector["cred_i_by_value"]
        self._values = {name: unhex(text) for name, text in vector.items() if type(text) is str}
        self.cred_i = from_kccs(self["CRED_I"], self.by_value)
        self.cred_r = from_kccs(self["CRED_R"], False)
        # One critical item: a label of three bytes and the head of its value.
        self.ead_3 = [(_EAD_LABEL, True, self["EAD_3"][5:])] if self["EAD_3"] else []
        self.oscore = self["OSCORE_Master_Secret"], self["OSCORE_Master_Salt"]
        # Signature_or_MAC in its place: after C_R and the kid, and after the kid or credential.
        self.proof_2 = cbor.decode_sequence(self["PLAINTEXT_2"])[2]
        self.proof_3 = cbor.decode_sequence(self["PLAINTEXT_3"])[1]

    def __getitem__(self, name):
        return self._values[name]

    def identity(self, private, credential):
        return Identity(self.suite, self[private], credential, (self.method,))

    def pair(self, private):
        private = self[private]
        if self.suite == 2:
            return private, crypto.p256_public_key(private)[:32]
        return private, crypto.x25519_public_key(private)

    def agree(self, private, ephemeral):
        """A shared secret, or None for what this method does not have."""
        if private not in ("X", "Y") and self.method == METHOD_SIGN_SIGN:
            return None
        agree = crypto.p256_ecdh if self.suite == 2 else crypto.x25519
        return agree(self[private], self.pair(ephemeral)[1])


def _cases():
    cases = [_Case(vector) for vector in vectors("edhoc/generated-m03-s02-ccs.json")["vectors"]]
    profiles = [(case.suite, case.method) for case in cases]
    assert len(cases) == 16
    assert [profiles.count(one) for one in ((0, 0), (0, 3), (2, 0), (2, 3))] == [4, 4, 4, 4]
    return cases


class _Published:
    """While it lasts, ES256 signs with ``signature``, if that is one of what is to be signed."""

    def __init__(self, signature):
        self.signature = signature
        self.used = 0

    def __enter__(self):
        self._own, crypto.es256_sign_steps = crypto.es256_sign_steps, self._steps
        return self

    def __exit__(self, *exception):
        crypto.es256_sign_steps = self._own

    def _steps(self, private, data):
        assert crypto.es256_verify(crypto.p256_public_key(private), data, self.signature)
        own = yield from self._own(private, data)
        assert crypto.es256_verify(crypto.p256_public_key(private), data, own)
        self.used += 1
        return self.signature


def test_the_initiator_makes_and_reads_the_generated_messages():
    """Messages 1 to 4 and the OSCORE keys, byte for byte, against the vector alone."""
    for case in _cases():
        initiator = Initiator(case.identity("SK_I", case.cred_i), (case.suite,), case.method)
        waiting, message_1 = initiator.prepare_message_1(*case.pair("X"), case["C_I"])
        assert message_1 == case["message_1"]
        received = waiting.parse_message_2(case["message_2"])
        assert received.c_r == case["C_R"]
        assert received.id_cred_r.kid == _KID_R
        verified = received.verify(case.cred_r)
        with _Published(case.proof_3) as signing:
            completed, message_3 = verified.prepare_message_3(case.ead_3)
        assert signing.used == ((case.suite, case.method) == (2, 0))
        assert message_3 == case["message_3"]
        assert completed.process_message_4(case["message_4"]) == []
        assert completed.oscore() == case.oscore + (case["C_R"], case["C_I"])


def test_the_responder_makes_and_reads_the_generated_messages():
    """The other way round; this Responder has a key for all four combinations at once."""
    cases = _cases()
    everything = {(c.suite, c.method): c.identity("SK_R", c.cred_r) for c in cases}
    responder = Responder(list(everything.values()), ead_labels=(_EAD_LABEL,))
    for case in cases:
        received = responder.process_message_1(case["message_1"])
        assert (received.suite, received.method) == (case.suite, case.method)
        assert received.c_i == case["C_I"]
        with _Published(case.proof_2) as signing:
            waiting, message_2 = received.prepare_message_2(*case.pair("Y"), case["C_R"])
        assert signing.used == ((case.suite, case.method) == (2, 0))
        assert message_2 == case["message_2"]
        received = waiting.parse_message_3(case["message_3"])
        assert received.ead_3 == case.ead_3
        assert received.id_cred_i.raw == (case["CRED_I"] if case.by_value else None)
        completed = received.verify(case.cred_i)
        assert completed.prepare_message_4() == case["message_4"]
        assert completed.oscore() == case.oscore + (case["C_I"], case["C_R"])


def test_the_key_schedule_gives_every_generated_intermediate():
    """One wrong label or length is found at its own step, not only in the end."""
    for case in _cases():
        suite = find(case.suite)
        mac_length = 32 if case.method == METHOD_SIGN_SIGN else 8
        cred_i, cred_r = case["CRED_I"], case["CRED_R"]
        g_y = case.pair("Y")[1]
        found = {"TH_2": key_schedule.th_2(suite, g_y, suite.hash(case["message_1"]))}
        th_2 = found["TH_2"]
        found["PRK_2e"] = key_schedule.prk_2e(suite, th_2, case.agree("Y", "X"))
        found["PRK_3e2m"] = key_schedule.prk_3e2m(
            suite, found["PRK_2e"], th_2, case.agree("SK_R", "X")
        )
        aad_2 = key_schedule.external_aad(th_2, cred_r, b"")
        found["MAC_2"] = key_schedule.mac_2(
            suite, found["PRK_3e2m"], case["C_R"], unhex("a1044132"), aad_2, mac_length
        )
        signs = case.method == METHOD_SIGN_SIGN
        found["PLAINTEXT_2"] = message.encode_plaintext_2(
            case["C_R"], _KID_R, case.proof_2 if signs else found["MAC_2"], b""
        )
        th_3 = key_schedule.th_3(suite, th_2, found["PLAINTEXT_2"], cred_r)
        found["TH_3"] = th_3
        found["PRK_4e3m"] = key_schedule.prk_4e3m(
            suite, found["PRK_3e2m"], th_3, case.agree("SK_I", "Y")
        )
        id_cred_i = b"\xa1\x0e" + cred_i if case.by_value else unhex("a104412b")
        aad_3 = key_schedule.external_aad(th_3, cred_i, case["EAD_3"])
        found["MAC_3"] = key_schedule.mac_3(
            suite, found["PRK_4e3m"], id_cred_i, aad_3, mac_length
        )
        found["PLAINTEXT_3"] = message.encode_plaintext_3(
            id_cred_i if case.by_value else b"\x2b",
            case.proof_3 if signs else found["MAC_3"],
            case["EAD_3"],
        )
        found["TH_4"] = key_schedule.th_4(suite, th_3, found["PLAINTEXT_3"], cred_i)
        found["PRK_out"] = key_schedule.prk_out(suite, found["PRK_4e3m"], found["TH_4"])
        found["PRK_exporter"] = key_schedule.prk_exporter(suite, found["PRK_out"])
        for name, value in found.items():
            assert value == case[name], name
