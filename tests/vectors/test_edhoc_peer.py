"""The independent EDHOC peer is an oracle only as far as it agrees with published handshakes."""

INTERPRETERS = ("cpython",)

from harness import unhex, vectors
from interop import edhoc_peer as peers


def test_the_peer_makes_and_reads_the_generated_messages():
    """Both of its roles, byte for byte, where what it is compared with had no part in it."""
    compared = 0
    for vector in vectors("edhoc/generated-m03-s02-ccs.json")["vectors"]:
        if (vector["method"], vector["suite"]) != (peers.METHOD, peers.SUITE):
            continue
        case = {name: unhex(value) for name, value in vector.items() if isinstance(value, str)}
        cred_i = peers.Credential(
            case["CRED_I"], peers.KCCS if vector["cred_i_by_value"] else peers.KID
        )
        cred_r = peers.Credential(case["CRED_R"], peers.KID)
        phone = peers.Initiator(case["SK_I"], cred_i, [cred_r.raw], case["X"], case["C_I"])
        reader = peers.Responder(case["SK_R"], cred_r, [cred_i.raw], case["Y"], case["C_R"])
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
    assert compared == 4
