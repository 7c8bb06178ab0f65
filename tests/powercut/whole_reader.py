"""A whole reader on a flash that fails: its site, its visitors, and what they may hold it to.

Holders: alice, whom the second changeset revokes; carl, who carries events and administers. Cards:
``stays``, ``goes`` (until the second changeset) and ``comes`` (from then on).

What happened to them is kept in a list of tuples, which stands for the people's memory:
``("opened", who)``, ``("policy", number)``, ``("collected", batch)``, ``("acknowledged", number)``
and ``("piv", phone, partial IV)``.
"""

import asyncio
import os

import carrier
import coap
import crypto
import memory_phone
import oscore
import small_log
import small_site as site
from coap import stream
from holdfast.access.events import batch as event_batch
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.request import CARD
from holdfast.access.tag import card_key
from restarts import echo_of

CARDS = {"stays": b"\x04stays", "goes": b"\x04goes", "comes": b"\x04comes"}
ALICE_CTI = b"alice..."
CARL_CTI = b"carl...."

_CODES = (coap.code.GET, coap.code.POST, coap.code.PUT)


def remember_curves():
    """Compute each public-key operation once: keys and randomness are the same in every run, and
    in MicroPython one takes as long as several power cuts.
    """
    small_log.remember_agreements()
    genuine = crypto.ed25519_verify
    known = {}

    def verify(public, message, signature):
        asked = (bytes(public), bytes(message), bytes(signature))
        if asked not in known:
            known[asked] = genuine(*asked)
        return known[asked]

    crypto.ed25519_verify = verify


def key(name):
    """What the policy has in the place of a card's number."""
    return card_key(site.LOOKUP_KEY, CARD, CARDS[name])


def first_changeset():
    """The zone, a group that may unlock, the first two cards."""
    rights = [[[1, site.DOOR], 1, None]]
    return site.changeset(
        [
            [1, 0, None],
            [12, 0, site.DOOR],
            [2, site.ZONE, b"\x01"],
            [5, 1, rights],
            [6, key("stays"), 1, None],
            [6, key("goes"), 1, None],
        ]
    )


def second_changeset():
    """Alice is revoked, one card is taken back, another given out."""
    return site.changeset(
        [
            [6, key("goes"), False],
            [6, key("comes"), 1, None],
            [7, ALICE_CTI, site.NOW + 40 * site.DAY, None],
        ],
        2,
        crypto.sha256(first_changeset()),
        site.NOW - 3600,
    )


class House:
    """The door and everybody who comes to it, over any number of starts and fates.

    Phones go on counting whatever is done to the flash; the reader gets randomness by the number
    of its start since ``begin_again``.
    """

    def __init__(self):
        self.first, self.second = first_changeset(), second_changeset()
        self.alice = _phone(b"\x22", ALICE_CTI, 1, 1)
        self.carl = _phone(b"\x23", CARL_CTI, 1 | 8 | 16, 5000)
        self.reader = self.hardware = None
        self.starts = 0

    def begin_again(self):
        """The next start is the second one in the life of this flash."""
        self.starts = 1

    def start(self, root, policy=False):
        """Power comes on."""
        asyncio.new_event_loop()
        self.starts += 1
        self.hardware = carrier.StillHardware()
        self.hardware.random_counter = 1000 * self.starts
        self.reader = memory_phone.make_reader(self.hardware, directory=root, policy=policy)

    def prepare(self, root):
        """The first start: the first changeset, both phones, a card."""
        self.starts = 0
        self.start(root)
        self.reader.apply(self.first)
        self.meet(self.alice)
        self.meet(self.carl)
        assert self.card("stays", [])

    def meet(self, phone):
        """A phone opens the door with a handshake."""
        asyncio.run(self._meet(phone))

    async def _meet(self, phone):
        call, code, _ = await memory_phone.cold(self.reader, phone)
        assert code == coap.code.CHANGED
        await call.hang_up()

    # What people do; each says whether the door opened for it

    def card(self, name, acked):
        """A card is held to the reader."""
        opened = self.hardware.opened
        memory_phone.show_card(self.reader, CARDS[name])
        return self._saw(opened, name, acked)

    def knock(self, acked):
        """Alice asks to be let in under the context that her phone kept."""
        opened = self.hardware.opened
        options = coap.path_options("doors", site.DOOR)
        asyncio.run(self._ask("alice", self.alice, coap.code.PUT, options, _WISH, acked))
        return self._saw(opened, "alice", acked)

    def bring(self, raw, number, acked):
        """A changeset is followed, or OSError."""
        self.reader.apply(raw)
        acked.append(("policy", number))

    def collect(self, acked):
        """Carl fetches the events and acknowledges them; whether that was all answered well."""
        return asyncio.run(self._collect(acked))

    async def _collect(self, acked):
        after = max([-1] + [number for what, number in _of(acked, "acknowledged")])
        while True:
            options = coap.path_options("events")
            if after >= 0:
                options.append((coap.option.URI_QUERY, b"after=%d" % after))
            answer = await self._ask("carl", self.carl, coap.code.GET, options, b"", acked)
            if answer is None or answer.code != coap.code.CONTENT:
                return False
            (batch,) = event_batch.decode(answer.payload)
            acked.append(("collected", batch))
            if not batch.records:
                break
            after = event_record.number_of(batch.records[-1])
            if after == batch.head[0]:
                break
        payload = small_log.word(batch.root[1], *batch.head)
        options = coap.path_options("events")
        answer = await self._ask("carl", self.carl, coap.code.POST, options, payload, acked)
        if answer is None or answer.code != coap.code.CHANGED:
            return False
        acked.append(("acknowledged", batch.head[0]))
        return True

    async def _ask(self, name, phone, method, options, payload, acked):
        """The plain answer to a request, a challenge passed if there is one; None if there is
        none, or one in the clear.
        """
        call = memory_phone.Call(self.reader)
        await call.send(phone.hello())
        answer = None
        for echo in (None, True):
            if echo:
                echo = echo_of(answer)
                if echo is None:
                    break
            extra = [] if echo is None else [(coap.option.ECHO, echo)]
            message = coap.Message(method, options + extra, payload)
            protected, exchange = oscore.protect_request(phone.context, message)
            response = await call.ask(stream.encode(protected))
            answer = None
            if response is not None and response.option(coap.option.OSCORE) is not None:
                piv = oscore.option.decode(response.option(coap.option.OSCORE))[0]
                if piv:
                    assert ("piv", name, piv) not in acked, (name, piv)
                    acked.append(("piv", name, piv))
                answer = oscore.unprotect_response(phone.context, response, exchange)
        await call.hang_up()
        return answer

    def _saw(self, opened, who, acked):
        if self.hardware.opened == opened:
            return False
        assert self.hardware.opened == opened + 1
        acked.append(("opened", who))
        return True

    # What must be true after any start

    def reason(self):
        """The exact reason of the last decision."""
        return self.hardware.reasons()[-1]

    def check_policy(self, root, acked):
        """It is the one of before or the one of after, in all its parts; its number.

        And who may come in does, who may not does not. OSError if the power goes meanwhile.
        """
        answers = []
        for name in ("stays", "goes", "comes"):
            answers.append((self.card(name, acked), self.reason()))
        came_back = self.knock(acked)
        policy = self.reader.stores.rules
        number = policy.number
        may_come = (True, number == 1, number == 2)
        for (came, why), may in zip(answers, may_come):
            assert may or not came, why
        assert not came_back or number == 1
        os.statvfs(root)  # what was refused for lack of power proves nothing
        least = max([1] + [number for what, number in _of(acked, "policy")])
        assert least <= number <= 2 and policy.fault == 0, (number, least, policy.fault)
        assert policy.revocations.is_revoked(ALICE_CTI) == (number == 2)
        assert tuple([came for came, _ in answers]) == may_come, answers
        return number

    def events(self, acked):
        """All events by number, each proven: those that were collected and those on flash."""
        log = self.reader.stores.events()
        found = {}
        for batch in [batch for _, batch in _of(acked, "collected")] + [small_log.batch(log)]:
            for one in _proven(batch):
                found[one.number] = one
        assert sorted(found) == list(range(log.head[0] + 1)), sorted(found)
        return found

    def check_events(self, acked, before=3):
        """Nobody came in unseen, and no cut made more than one event of what did not happen.

        ``before`` is how often the door opened in the first start.
        """
        events = self.events(acked)
        seen = []
        for number in sorted(events):
            one = events[number]
            if one.kind == event.ACCESS and not one.fields.get("reason_code"):
                seen.append(_who(one))
        seen = seen[before:]
        for _, who in _of(acked, "opened"):
            assert who in seen, (who, seen)
            seen.remove(who)
        assert len(seen) <= acked.cuts, (seen, acked.cuts)


def _phone(private, cti, bits, number):
    scope = site.scope((1, site.DOOR, bits))
    token = site.holder_token(private * 32, {7: cti, 9: scope, 2: cti.decode()})
    return memory_phone.Phone(token, private * 32, number=number)


_WISH = memory_phone.cbor.encode(memory_phone.WISH)


def _of(acked, kind):
    return [item for item in acked if item[0] == kind]


def _proven(batch):
    """The events of a batch, which may end before the head of its log."""
    if not batch.records:
        return []
    last = batch.records[-1]
    end = (event_record.number_of(last), event_record.split(last)[1])
    stretch = event_batch.Batch(batch.root, batch.before, end, batch.now, batch.records)
    return small_log.audit(stretch)


def _who(one):
    if "card" in one.fields:
        return [name for name in CARDS if key(name) == one.fields["card"]][0]
    return {ALICE_CTI: "alice", CARL_CTI: "carl"}[one.fields["cti"]]
