"""The auditor's word, made and read by PyPI's `pycose`: an auditor need not be this project's."""

import cbor2
import pytest
from pycose.headers import Algorithm
from pycose.keys import SymmetricKey
from pycose.messages import CoseMessage, Mac0Message

from holdfast.access.events import acknowledgement
from holdfast.access.events.record import EventError

KEY, ROOT, CODE = b"\x61" * 32, b"\x62" * 32, b"\x63" * 16
PURPOSE = b"holdfast acknowledgement"


def pycose_word(purpose: bytes = PURPOSE) -> bytes:
    made = Mac0Message(
        phdr={Algorithm: "HMAC_256"}, payload=cbor2.dumps([ROOT, 7, CODE]), external_aad=purpose
    )
    made.key = SymmetricKey(k=KEY)
    # pycose's decorator lets a checker see the base class, whose encode takes another argument.
    return made.encode()  # pyright: ignore[reportCallIssue]


def test_a_word_of_pycose_is_believed():
    """It has one form, and theirs is that."""
    raw = pycose_word()
    assert acknowledgement.verify(raw, KEY, ROOT) == (7, CODE)
    assert raw == acknowledgement.encode(KEY, ROOT, 7, CODE)
    with pytest.raises(EventError, match="not made"):
        acknowledgement.verify(pycose_word(b""), KEY, ROOT)


def test_ours_is_read_by_pycose():
    """With its tag, its one header and what is authenticated besides."""
    message = CoseMessage.decode(acknowledgement.encode(KEY, ROOT, 7, CODE))
    assert isinstance(message, Mac0Message)
    message.key = SymmetricKey(k=KEY)
    message.external_aad = PURPOSE
    assert message.verify_tag() and not message.uhdr
    assert cbor2.loads(message.payload) == [ROOT, 7, CODE]
