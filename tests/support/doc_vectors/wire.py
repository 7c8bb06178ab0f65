"""A connection between a phone and a reader of which every byte is kept, and what it means."""

import coap
import oscore
import small_site as site
from carrier import StillHardware
from coap import option, stream
from doc_vectors import show
from doc_vectors.tap import Tap
from memory_phone import Call, make_reader

# After a start, so that the bytes do not hang on how often storage asked for random ones. The
# first start's are those of docs/protocol.md.
_COUNTER = 1


def start(two_keys=True, hardware=None, counter=_COUNTER, **more):
    """(reader, hardware): the small site's, with clocks that stand still."""
    hardware = hardware or StillHardware()
    reader = make_reader(hardware, two_keys=two_keys, **more)
    hardware.random_counter = counter
    return reader, hardware


class Conversation:
    """One connection of ``phone``; ``steps`` are what passes, as it stands in the files.

    ``tap`` listens: it may be shared by several.
    """

    def __init__(self, reader, phone, tap):
        self.steps = []
        self._call = Call(reader)
        self._phone = phone
        self._tap = tap
        self._hello = phone.hello()
        self._comment = None

    @property
    def is_over(self):
        """Whether the reader has ended it."""
        return self._call.dropped

    def say(self, comment):
        """Words for the next step."""
        self._comment = comment

    async def begin(self, message_1):
        """POST message_1; the reader's coap.Message."""
        frame = self._phone.post(b"\xf5" + message_1)
        return await self.pass_on(frame, {"message_1": message_1}, "message_2")

    async def ask(self, plain, message_3=None):
        """A protected request, with message_3 in front if there is one; the plain answer, or the
        one in the clear.
        """
        before = len(self._tap.calls)
        protected, exchange = oscore.protect_request(self._phone.context, plain)
        more = {"inner": show.message(plain), "oscore": self._protection(before, exchange)}
        if message_3 is not None:
            protected = oscore.combine(message_3, protected)
            more["message_3"] = message_3
        return await self.pass_on(stream.encode(protected), more, None, exchange)

    async def pass_on(self, frame, more=None, answer_name=None, exchange=None):
        """Send a frame, in front of it the CSM if it is the first; the answer, None if none came.

        ``more`` says what it is.
        """
        sent = self._hello + frame
        self._hello = b""
        step = {"from": "phone", "frame": sent}
        asked = _request_in(sent)
        if asked is not None:
            step["message"] = show.message(asked)
        step.update(more or {})
        _leave_out(step)
        self._add(step)
        before = len(self._tap.calls)
        await self._call.send(sent)
        answered = bytes(self._call.link.from_reader)
        messages = await self._call.answers()
        if not messages:
            if answered:
                self._add({"from": "reader", "frame": answered})
            return None
        (message,) = messages
        step = {"from": "reader", "frame": answered, "message": show.message(message)}
        if answer_name and message.code == coap.code.CHANGED:
            step[answer_name] = message.payload
        if message.option(option.OSCORE) is not None:
            message = oscore.unprotect_response(self._phone.context, message, exchange)
            step["inner"] = show.message(message)
            step["oscore"] = self._protection(before, exchange)
        _leave_out(step)
        self._add(step)
        return message

    async def hang_up(self):
        """Leave."""
        await self._call.hang_up()

    def _add(self, step):
        if self._comment:
            step["comment"] = self._comment
            self._comment = None
        self.steps.append(show.hexed(step))

    def _protection(self, before, exchange):
        """How the one message was protected that passed since ``before``."""
        context = self._phone.context
        keys = context.sender_key, context.recipient_key
        for name, arguments, result in self._tap.calls[before:]:
            if name == "aes_ccm_encrypt" and arguments[0] in keys:
                key, nonce, plaintext, aad = arguments[:4]
                return show.hexed(
                    {
                        "aad": aad,
                        "ciphertext": result,
                        "key": "phone_sender_key" if key == keys[0] else "phone_recipient_key",
                        "nonce": nonce,
                        "plaintext": plaintext,
                        "request_kid": exchange.request_kid,
                        "request_piv": exchange.request_piv,
                    }
                )
        raise ValueError("nothing was protected")


def _leave_out(step):
    # What is protected is shown in its pieces: message_3, if there is one, and the ciphertext.
    if "oscore" in step:
        del step["message"]["payload"]


def _request_in(sent):
    """The last message of what is sent, None if that is no CoAP."""
    try:
        return stream.Decoder(4096).feed(sent)[-1]
    except coap.CoAPError:
        return None


def wish(door=site.DOOR, payload=b"\xa2\x01\x01\x02\xf5"):
    """The plain request to open a door."""
    return request(coap.code.PUT, "doors/" + door, payload, option.CF_CBOR)


def request(method, path, payload=b"", content_format=None, query=None):
    """A plain request."""
    options = [(option.URI_PATH, segment.encode()) for segment in path.split("/")]
    if content_format is not None:
        options.append((option.CONTENT_FORMAT, option.encode_uint(content_format)))
    if query is not None:
        options.append((option.URI_QUERY, query))
    return coap.Message(method, options, payload)


async def handshake(conversation, phone):
    """Messages 1 and 2; message_3, which is to go with a request."""
    waiting, message_1 = phone.message_1()
    response = await conversation.begin(message_1)
    return phone.finish(waiting, response.payload)


async def cold(reader, phone, plain=None, tap=None):
    """A whole cold unlock, or another ``plain`` request: (Conversation, the plain answer)."""
    with Listening(tap) as open_tap:
        conversation = Conversation(reader, phone, open_tap)
        message_3 = await handshake(conversation, phone)
        answer = await conversation.ask(plain or wish(phone.door), message_3)
        await conversation.hang_up()
    return conversation, answer


async def warm(reader, phone, *plains):
    """Protected requests on a new connection: (Conversation, the last plain answer)."""
    with Tap() as tap:
        conversation = Conversation(reader, phone, tap)
        answer = None
        for plain in plains or (wish(phone.door),):
            answer = await conversation.ask(plain)
        await conversation.hang_up()
    return conversation, answer


class Listening:
    """A tap of one's own, or one that is open already."""

    def __init__(self, tap):
        self._own = None if tap else Tap()
        self._tap = tap or self._own

    def __enter__(self):
        if self._own:
            self._own.__enter__()
        return self._tap

    def __exit__(self, *error):
        if self._own:
            self._own.__exit__(*error)


def context_of(phone):
    """What both sides keep of a handshake, from the phone's side."""
    context = phone.context
    return show.hexed(
        {
            "common_iv": context.common_iv,
            "master_salt": phone.master_salt,
            "master_secret": phone.master_secret,
            "phone_recipient_id": context.recipient_id,
            "phone_recipient_key": context.recipient_key,
            "phone_sender_id": context.sender_id,
            "phone_sender_key": context.sender_key,
        }
    )
