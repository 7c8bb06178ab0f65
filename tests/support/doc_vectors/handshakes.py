"""handshakes.json: every intermediate value of EDHOC handshakes (RFC 9528 section 4 and 5)."""

import cbor
import crypto
import edhoc
import small_site as site
from carrier import StillHardware
from coap import code
from doc_vectors import show, wire
from doc_vectors.tap import Tap
from memory_phone import Phone
from oscore import SecurityContext

_CWT_TAG = b"\xd8\x3d"

# Name of an output, the function that gave it.
_DERIVED = (
    "iv_3",
    "iv_4",
    "k_3",
    "k_4",
    "mac_2",
    "mac_3",
    "prk_exporter",
    "prk_out",
    "salt_3e2m",
    "salt_4e3m",
)


async def make():
    """At a reader's door, and two of the library alone."""
    return {
        "comment": "EDHOC method 3, byte for byte. Names are those of RFC 9528, in lower case.",
        "vectors": [
            await at_the_door("suite-0", "A holder's credential, by value.", Phone()),
            await at_the_door("suite-2", "The same with P-256 keys.", Phone(suite=2)),
            await at_the_door(
                "guest",
                "A guest token (COSE_Mac0), by value: CRED_I is a token of tag 17.",
                Phone(site.guest_token(), b"\x22" * 32),
            ),
            await at_the_door(
                "cwt-tag",
                "ID_CRED_I has the CWT tag 61 in front of the token, CRED_I has not.",
                _tagged(Phone()),
            ),
            await alone(),
            library("library-kid-suite-0", 0, False),
            library("library-kccs-suite-2", 2, True),
        ],
    }


async def at_the_door(name, comment, phone):
    """A cold unlock, and what was computed for it on both sides."""
    reader, _ = wire.start(two_keys=phone.suite == 2)
    with Tap() as tap:
        conversation, _ = await wire.cold(reader, phone, tap=tap)
    made = _messages(conversation.steps)
    r = site.READER_P256_PRIVATE if phone.suite == 2 else site.READER_PRIVATE
    return _vector(name, comment, tap, made, phone, r)


async def alone():
    """message_3 by itself, which message_4 answers."""
    phone = Phone()
    reader, _ = wire.start(two_keys=False)
    with Tap() as tap:
        conversation = wire.Conversation(reader, phone, tap)
        message_3 = await wire.handshake(conversation, phone)
        payload = edhoc.encode_identifier(phone.context.sender_id) + message_3
        answer = await conversation.pass_on(phone.post(payload))
        if answer.code != code.CHANGED:
            raise ValueError("message_3 was refused")
        await conversation.hang_up()
    made = _messages(conversation.steps)
    made.update({"message_3": message_3, "message_4": answer.payload})
    comment = "message_3 by itself: its frame is C_R and message_3, and message_4 confirms."
    vector = _vector("message-4", comment, tap, made, phone, site.READER_PRIVATE)
    vector["frames"] = [step["frame"] for step in conversation.steps]
    return vector


def library(name, suite, by_value):
    """The library with CCSs, by kid or by value: a reader's door takes neither."""
    sides = []
    for number, subject in ((0, "initiator"), (1, "responder")):
        private = crypto.sha256(b"vectors %d" % number)
        cnf = site.confirmation(private, suite, True)[1]
        cnf[2] = bytes((0x2B + number,)) if by_value else (b"\x05", b"\xca\xfe")[number]
        raw = cbor.encode({2: subject, 8: {1: cnf}})
        own = edhoc.Identity(suite, private, edhoc.from_kccs(raw, by_value))
        sides.append((private, raw, own))
    (i, cred_i, initiator), (r, cred_r, responder) = sides
    x, y = crypto.sha256(b"vectors x"), crypto.sha256(b"vectors y")
    with Tap() as tap:
        begun = edhoc.Initiator(initiator, (suite,))
        waiting, message_1 = begun.prepare_message_1(x, _public(suite, x), b"\x2d")
        received = edhoc.Responder([responder]).process_message_1(message_1)
        waits, message_2 = received.prepare_message_2(y, _public(suite, y), b"\x18\x19")
        verified = waiting.parse_message_2(message_2).verify(edhoc.from_kccs(cred_r, by_value))
        completed, message_3 = verified.prepare_message_3()
        done = waits.parse_message_3(message_3).verify(edhoc.from_kccs(cred_i, by_value))
        if done.oscore()[:2] != completed.oscore()[:2]:
            raise ValueError("the two sides differ")
        message_4 = done.prepare_message_4()
        completed.process_message_4(message_4)
    made = {
        "message_1": message_1,
        "message_2": message_2,
        "message_3": message_3,
        "message_4": message_4,
    }
    comment = (
        "Credentials are CCSs, by value (kccs)."
        if by_value
        else "Credentials are CCSs, each named by a kid: an integer by the one, a byte string by"
        " the other."
    ) + " The library alone: a reader answers error 3."
    secret = {"x": x, "y": y, "i": i, "r": r, "suite": suite}
    return _filled(name, comment, tap, made, secret)


def _messages(steps):
    """Messages 1 to 3 that passed."""
    made = {}
    for step in steps:
        for name in ("message_1", "message_2", "message_3"):
            if name in step:
                made[name] = bytes.fromhex(step[name])
    return made


def _tagged(phone):
    shown = phone._shown
    shown.id_cred = shown.id_cred_on_wire = b"\xa1\x0d" + _CWT_TAG + shown.raw
    return phone


def _vector(name, comment, tap, made, phone, r):
    (_, g_y, _), _ = tap.one("th_2")
    for number in range(1, 8):
        y = StillHardware.nth_random(number)
        if _public(phone.suite, y) == g_y:
            break
    else:
        raise ValueError("no ephemeral key of this reader")
    secret = {"x": phone.ephemeral, "y": y, "i": phone.private, "r": r, "suite": phone.suite}
    return _filled(name, comment, tap, made, secret)


def _filled(name, comment, tap, made, secret):
    suite = secret.pop("suite")
    values = dict(secret)
    values.update(made)
    (_, values["g_y"], values["h_message_1"]), values["th_2"] = tap.one("th_2")
    (_, _, values["g_xy"]), values["prk_2e"] = tap.one("prk_2e")
    (_, _, _, values["g_rx"]), values["prk_3e2m"] = tap.one("prk_3e2m")
    (_, _, _, values["g_iy"]), values["prk_4e3m"] = tap.one("prk_4e3m")
    (_, _, values["plaintext_2"], values["cred_r"]), values["th_3"] = tap.one("th_3")
    (_, _, values["plaintext_3"], values["cred_i"]), values["th_4"] = tap.one("th_4")
    (_, _, values["c_r"], values["id_cred_r"], _, _), _ = tap.one("mac_2")
    (_, _, values["id_cred_i"], _, _), _ = tap.one("mac_3")
    values["keystream_2"] = tap.one("keystream_2")[1]
    for letter in "xyir":
        values["g_" + letter] = _public(suite, values[letter])
    ciphertext_2 = zip(values["plaintext_2"], values["keystream_2"])
    values["ciphertext_2"] = bytes([a ^ b for a, b in ciphertext_2])
    derived, more = _key_schedule(tap, values)
    values.update(more)
    context = {}
    for arguments, result in tap.of("kdf"):
        if _is_key(arguments[1], values["prk_exporter"]):
            known = {0: "master_secret", 1: "master_salt"}[arguments[2]]
            context[known] = result
            derived[known] = _derivation("prk_exporter", arguments)
    vector = show.hexed(values)
    c_i = _c_i(made["message_1"])
    vector.update(
        {
            "c_i": c_i.hex(),
            "comment": comment,
            "kdf": derived,
            "method": 3,
            "name": name,
            "oscore": _oscore(context, c_i, values["c_r"]),
            "suite": suite,
        }
    )
    return vector


def _key_schedule(tap, values):
    """(what each key was derived from, the keys and contexts): RFC 9528 figure 6."""
    outputs = {}
    for name in _DERIVED:
        found = tap.of(name)
        if found:
            outputs[tap.one(name)[1]] = name
    more, derived = {}, {}
    for arguments, result in tap.of("kdf"):
        name = outputs.get(result)
        if name is None:
            continue
        prk = [
            known
            for named in (values, more)
            for known in named
            if known[:3] == "prk" and _is_key(arguments[1], named[known])
        ]
        more[name] = result
        derived[name] = _derivation(prk[0], arguments)
        if name in ("mac_2", "mac_3"):
            more["context_" + name[4:]] = _whole(arguments[3])
    length = len(values["plaintext_2"])
    info = cbor.encode_sequence(0, values["th_2"], length)
    derived["keystream_2"] = {
        "info": info.hex(),
        "label": 0,
        "length": length,
        "prk": "prk_2e",
    }
    for arguments, _ in tap.of("seal"):
        _, key, iv, th, _ = arguments
        aad = cbor.encode(["Encrypt0", b"", th])
        number = "3" if key == more["k_3"] else "4"
        more["aad_" + number] = aad
    return derived, more


def _is_key(used, key) -> bool:
    """Whether ``used``, as it is or prepared, is this key."""
    return used == key or used == crypto.hkdf_prepared(key)


def _whole(context) -> bytes:
    return b"".join(context) if isinstance(context, tuple) else context


def _derivation(prk, arguments):
    _, _, label, context, length = arguments
    info = cbor.encode_sequence(label, _whole(context), length)
    return {"info": info.hex(), "label": label, "length": length, "prk": prk}


def _oscore(context, c_i, c_r):
    made = SecurityContext(context["master_secret"], context["master_salt"], c_r, c_i)
    context.update(
        {
            "common_iv": made.common_iv,
            "phone_recipient_id": c_i,
            "phone_recipient_key": made.recipient_key,
            "phone_sender_id": c_r,
            "phone_sender_key": made.sender_key,
        }
    )
    return show.hexed(context)


def _c_i(message_1):
    identifier = cbor.decode_sequence(message_1)[3]
    return cbor.encode(identifier) if isinstance(identifier, int) else identifier


def _public(suite, private):
    if suite == 2:
        return crypto.p256_public_key(private)[:32]
    return crypto.x25519_public_key(private)
