"""What a phone sends, judged step by step: message_1, message_3, the protected request, the wish.

Each check names the value that is wrong, as docs/vectors does.
"""

import cbor
import coap
import crypto
import edhoc
import oscore
from coap import code, option
from edhoc import message as messages
from untrusted import InvalidInput

from ..credentials import tokens
from ..errors import UsageProblem
from . import mistakes
from .schedule import Schedule
from .wrong import Wrong

_CID_EDHOC = 65
_CBOR = 60
_TRUE = b"\xf5"
_METHOD = 3
_MAC = 8
_KCWT = b"\xa1\x0d"  # {13: ...}


def edhoc_message(message: coap.Message) -> bytes:
    """message_1 of the request that brings it."""
    step = "message_1"
    if message.code != code.POST:
        raise Wrong(step, "code", "it is no POST", "0.02", code.text(message.code))
    path = "/".join(message.uri_path())
    if path != ".well-known/edhoc":
        raise Wrong(step, "Uri-Path", "it is another resource", ".well-known/edhoc", path)
    form = message.uint_option(option.CONTENT_FORMAT)
    if form != _CID_EDHOC:
        raise Wrong(step, "Content-Format", "it is another", str(_CID_EDHOC), str(form))
    if message.payload[:1] != _TRUE:
        raise Wrong(
            step,
            "payload",
            "it does not begin with CBOR true",
            _TRUE.hex(),
            message.payload[:1].hex(),
        )
    return message.payload[1:]


def message_1(data: bytes, suites: tuple[int, ...]) -> tuple[int, bytes, bytes]:
    """(suite, G_X, C_I) of message_1, for a reader with these ``suites``."""
    step = "message_1"
    try:
        method, suites_i, g_x, c_i, items = messages.decode_message_1(data)
    except edhoc.EDHOCError as error:
        raise Wrong(step, "message_1", f"it cannot be read: {error}", came=data.hex()) from error
    if method != _METHOD:
        raise Wrong(step, "METHOD", "it is another", str(_METHOD), str(method))
    suite = suites_i[-1]
    if suite not in (0, 2):
        raise Wrong(step, "SUITES_I", "what it selects is no suite of Holdfast's", came=str(suite))
    if len(g_x) != 32:
        raise Wrong(step, "g_x", "its length is not 32; of P-256 it is x alone", came=g_x.hex())
    if any(is_critical for _, is_critical, _ in items):
        raise Wrong(step, "EAD_1", "it has a critical item, which no reader knows")
    return suite, g_x, c_i


def protected(message: coap.Message, step: str) -> tuple[bytes, bytes]:
    """(Partial IV, kid) of a protected request."""
    header = message.option(option.OSCORE)
    if header is None:
        raise Wrong(step, "OSCORE", "the option is not there, so the request is not protected")
    if message.code != code.POST:
        raise Wrong(step, "code", "the outer code is no POST", "0.02", code.text(message.code))
    try:
        piv, _, kid = oscore.option.decode(header)
    except oscore.OSCOREError as error:
        raise Wrong(step, "OSCORE", f"the option: {error}", came=header.hex()) from error
    if piv is None:
        raise Wrong(step, "piv", "the OSCORE option has no Partial IV", came=header.hex())
    if kid is None:
        raise Wrong(step, "kid", "the OSCORE option has no kid", came=header.hex())
    shown = {number for number, _ in message.options}
    if shown & {option.URI_PATH, option.CONTENT_FORMAT}:
        raise Wrong(step, "options", "Uri-Path or Content-Format is outside, for all to read")
    return piv, kid


def message_3(message: coap.Message, values: Schedule) -> coap.Message:
    """Take message_3 out of a request, judge it, and note what it says in ``values``; the
    protected request that is left.
    """
    step = "message_3"
    if not message.options_of(option.EDHOC):
        raise Wrong(step, "EDHOC", "option 21 is not there: message_3 goes with the first request")
    try:
        raw, rest = oscore.split(message)
        ciphertext = cbor.decode(raw)
    except coap.CoAPError as error:
        raise Wrong(step, "payload", f"message_3 and the ciphertext: {error}") from error
    _open_message_3(ciphertext, values)
    return rest


def _open_message_3(ciphertext: bytes, values: Schedule) -> None:
    step = "message_3"
    plain = mistakes.opens(values, ciphertext)
    if plain is None:
        found = mistakes.fits(
            values, mistakes.SEALING, lambda v: mistakes.opens(v, ciphertext) is not None
        )
        if found is not None:
            name, cause, formula = found
            came = values.mistaken(name, formula)[name].hex()
            raise Wrong(step, name, cause, values[name].hex(), came)
        if _opens_with_long_tag(values, ciphertext):
            raise Wrong(step, "message_3", "its tag has 16 bytes", "8 bytes", "16 bytes")
        raise Wrong(
            step,
            "th_3",
            "message_3 does not open with the reader's values: one of th_3, k_3, iv_3 and aad_3"
            " is another; compare yours with what was written down",
            values["th_3"].hex(),
        )
    id_cred_i, mac_3, ead_3 = _parts(plain)
    if id_cred_i[:2] != _KCWT:
        raise Wrong(step, "id_cred_i", "it is not {13: the credential}", came=id_cred_i.hex())
    expected = values.known.get("id_cred_i")
    if expected is not None and id_cred_i != expected:
        raise Wrong(
            step,
            "id_cred_i",
            "it is not the credential that was issued, byte for byte",
            expected.hex(),
            id_cred_i.hex(),
        )
    raw = id_cred_i[2:]
    try:
        shown = tokens.read(raw, "what the phone shows")
        credential = edhoc.from_kcwt(raw, True)
    except (UsageProblem, edhoc.EDHOCError) as error:
        raise Wrong(step, "cred_i", str(error), came=raw.hex()) from error
    values.known.update(
        id_cred_i=id_cred_i,
        cred_i=credential.raw,
        g_i=values.algorithms.agreement_key(shown.key)[:32],
        ead_3=ead_3,
    )
    if values["mac_3"] != mac_3:
        found = mistakes.fits(values, mistakes.PROVING, lambda v: v["mac_3"] == mac_3)
        if found is not None:
            name, cause, formula = found
            came = values.mistaken(name, formula)[name].hex()
            raise Wrong(step, name, cause, values[name].hex(), came)
        raise Wrong(
            step,
            "mac_3",
            "it does not prove the credential's key: one of g_iy, salt_4e3m, prk_4e3m and"
            " context_3 is another, or the private key is not that of phone.pub",
            values["mac_3"].hex(),
            mac_3.hex(),
        )
    values.known.update(plaintext_3=plain, message_3=cbor.encode(ciphertext))


def opened(message: coap.Message, values: Schedule, step: str) -> None:
    """Judge the protection of a request; raises Wrong with the value that is another."""
    piv, kid = protected(message, step)
    values.known["piv"] = piv
    if kid != values["c_r"]:
        said = "it is C_I: that is the reader's" if kid == values["c_i"] else "it is not C_R"
        raise Wrong(step, "kid", said, values["c_r"].hex(), kid.hex())
    fresh = Schedule(values.suite, values.known)
    if mistakes.unprotects(fresh, message.payload) is not None:
        return
    found = mistakes.fits(
        fresh,
        mistakes.PROTECTING,
        lambda v: mistakes.unprotects(v, message.payload) is not None,
    )
    if found is not None:
        name, cause, formula = found
        raise Wrong(
            step, name, cause, fresh[name].hex(), fresh.mistaken(name, formula)[name].hex()
        )
    raise Wrong(
        step,
        "master_secret",
        "the request does not open with the reader's values: one from th_4 to aad is another;"
        " compare yours with what was written down",
        fresh["master_secret"].hex(),
    )


def wish(plain: coap.Message, door: str, step: str) -> None:
    """What is asked for inside: PUT /doors/{door}, a map with the person's intent."""
    if plain.code != code.PUT:
        raise Wrong(step, "code", "the inner code is no PUT", "0.03", code.text(plain.code))
    path = "/".join(plain.uri_path())
    if path != f"doors/{door}":
        raise Wrong(step, "Uri-Path", "it is another resource", f"doors/{door}", path)
    form = plain.uint_option(option.CONTENT_FORMAT)
    if form != _CBOR:
        raise Wrong(step, "Content-Format", "it is another", str(_CBOR), str(form))
    try:
        said = cbor.decode(plain.payload)
    except InvalidInput as error:
        raise Wrong(
            step, "wish", f"it is no deterministic CBOR: {error}", came=plain.payload.hex()
        ) from error
    if not isinstance(said, dict) or said.get(1) != 1:
        raise Wrong(step, "wish", "1: 1 is not in it: it is no unlock", came=plain.payload.hex())
    if said.get(2) is not True:
        raise Wrong(
            step, "wish", "2: true is not in it: nobody made a gesture", came=plain.payload.hex()
        )


def _parts(plain: bytes) -> tuple[bytes, bytes, bytes]:
    try:
        id_cred, proof, _, ead_3 = messages.decode_plaintext_3(plain, _MAC)
    except edhoc.EDHOCError as error:
        raise Wrong(
            "message_3", "plaintext_3", f"it cannot be read: {error}", came=plain.hex()
        ) from error
    return id_cred.encoded, proof, ead_3


def _opens_with_long_tag(values: Schedule, ciphertext: bytes) -> bool:
    try:
        crypto.aes_ccm_decrypt(values["k_3"], values["iv_3"], ciphertext, values["aad_3"], 16)
    except (crypto.AuthenticationError, ValueError):
        return False
    return True
