"""The independent EDHOC peer is an oracle only as far as it agrees with published handshakes."""

INTERPRETERS = ("cpython",)

from harness import unhex, vectors
from interop import edhoc_peer as peers
from interop.edhoc_suites import SIGN_SIGN, Suite2


class _PublishedSignature:
    """Signs as the vector does, whose ECDSA is random, if that is a signature of the same."""

    public_key = staticmethod(Suite2.public_key)
    verify = staticmethod(Suite2.verify)
    agree = staticmethod(Suite2.agree)

    def __init__(self, plaintext):
        self.signature = [item for item, _ in peers.decode(plaintext) if _is_signature(item)][0]

    def sign(self, private, data):
        self.verify(Suite2.cose_key(private, SIGN_SIGN), self.signature, data)
        return self.signature


def _is_signature(item):
    return isinstance(item, bytes) and len(item) == 64


def test_the_peer_makes_and_reads_the_generated_messages():
    """Both of its roles, byte for byte, where what it is compared with had no part in it."""
    compared = 0
    for vector in vectors("edhoc/generated-m03-s02-ccs.json")["vectors"]:
        case = {name: unhex(value) for name, value in vector.items() if isinstance(value, str)}
        profile = vector["suite"], vector["method"]
        cred_i = peers.Credential(
            case["CRED_I"], peers.KCCS if vector["cred_i_by_value"] else peers.KID
        )
        cred_r = peers.Credential(case["CRED_R"], peers.KID)
        phone = peers.Initiator(
            case["SK_I"], cred_i, [cred_r.raw], case["X"], case["C_I"], *profile
        )
        reader = peers.Responder(
            case["SK_R"], cred_r, [cred_i.raw], case["Y"], case["C_R"], *profile
        )
        if profile == (2, SIGN_SIGN):
            phone.algorithms = _PublishedSignature(case["PLAINTEXT_3"])
            reader.algorithms = _PublishedSignature(case["PLAINTEXT_2"])
        assert phone.message_1() == case["message_1"]
        assert reader.message_2(case["message_1"]) == case["message_2"]
        assert phone.message_3(case["message_2"], case["EAD_3"]) == case["message_3"]
        reader.check(case["message_3"])
        assert reader.message_4() == case["message_4"]
        assert phone.confirm(case["message_4"]) == b""
        keys = case["OSCORE_Master_Secret"], case["OSCORE_Master_Salt"]
        assert phone.oscore() == (*keys, case["C_R"], case["C_I"])
        assert reader.oscore() == (*keys, case["C_I"], case["C_R"])
        compared += 1
    assert compared == 16
